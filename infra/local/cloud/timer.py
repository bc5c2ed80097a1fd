"""What the platform's timer does: it calls a function again and again, whatever became of the call before."""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from infra.local.cloud.runtime import Reply, Runtime
from infra.local.cloud.trigger_event import CLOUD_ID, FOLDER_ID
from ledger.agenda import text_of


class Timer:
    """Calls one function every so many seconds, one call at a time, until it is stopped.

    `log` is told of each call that was no success.
    """

    def __init__(self, runtime: Runtime, every: float, log: Callable[[str], None] = lambda _line: None) -> None:
        self.runtime = runtime
        self._every = every
        self._log = log
        self._calling = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        """Begin to call."""
        self._thread.start()

    def stop(self) -> None:
        """Call no more, wait for a call that is under way, and end the function's process."""
        self._stopping.set()
        self._thread.join()
        self.runtime.stop()

    def tick(self, at: float | None = None) -> Reply:
        """Call the function once, as if the timer had fired at this time (epoch seconds; now by default)."""
        with self._calling:
            return self.runtime.invoke(timer_event(time.time() if at is None else at))

    def _serve(self) -> None:
        while not self._stopping.is_set():
            reply = self.tick()
            if not reply.ok:
                self._log(f"a tick {reply.ended}: {reply.error} {reply.message}".rstrip())
            self._stopping.wait(self._every)


def timer_event(at: float) -> dict[str, Any]:
    """The event of a timer that fired then (https://yandex.cloud/en/docs/functions/concepts/trigger/timer)."""
    metadata = {
        "event_id": str(uuid.uuid4()),
        "event_type": "yandex.cloud.events.serverless.triggers.TimerMessage",
        "created_at": text_of(at),
        "cloud_id": CLOUD_ID,
        "folder_id": FOLDER_ID,
    }
    return {
        "messages": [{"event_metadata": metadata, "details": {"trigger_id": "a1slocaltimer0000000", "payload": ""}}]
    }
