"""Results: what was done, for whoever waits for it, as CloudEvents 1.0 JSON on the results queue."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from worker.copies import Copy
from worker.queue import Queue


@dataclass(frozen=True, slots=True)
class Result:
    """One result. ``id`` is the same for the same outcome, however often it is sent; ``at`` in epoch seconds."""

    id: str
    subject: str
    at: float
    data: Mapping[str, Any]
    traceparent: str | None = None
    causation_id: str | None = None


class Results:
    """The results queue of one function; with no URL nothing is sent, and all counts as sent."""

    def __init__(self, queue: Queue, url: str, function: str, kind: str) -> None:
        self._queue = queue
        self._url = url
        self._function = function
        self._kind = kind

    def send(self, results: Sequence[Result]) -> list[bool]:
        """Send and say of each whether the queue confirmed it."""
        if not self._url:
            return [True] * len(results)
        return self._queue.send(self._url, [self._event(result) for result in results])

    def _event(self, result: Result) -> Copy:
        event = {
            "specversion": "1.0",
            "id": result.id,
            "source": f"/aistudio-functions/{self._function}",
            "type": self._kind,
            "subject": result.subject,
            "time": timestamp(result.at),
            "datacontenttype": "application/json",
            "data": result.data,
        }
        extensions = {"causationid": result.causation_id, "traceparent": result.traceparent}
        event |= {name: value for name, value in extensions.items() if value}
        attributes = {"traceparent": ("String", result.traceparent)} if result.traceparent else {}
        return Copy(json.dumps(event), attributes)


def timestamp(at: float) -> str:
    """Epoch seconds as RFC 3339 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
