"""What the platform's queue trigger does: poll, batch, call, and delete on success or leave alone on failure."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.cloud.runtime import Reply, Runtime
from infra.local.cloud.trigger_event import trigger_event

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import DeleteMessageBatchRequestEntryTypeDef, MessageTypeDef

RECEIVE_LIMIT = 10
"""Messages that one ReceiveMessage or DeleteMessageBatch may carry."""
LONG_POLL = 1
"""Seconds of one long poll: how long a stop may take."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batching:
    """How a trigger reads its queue: messages a batch, seconds to wait for more, and how long they stay hidden.

    `visibility` (seconds) must exceed cutoff and function timeout together; shorter means duplicates. `returns`:
    seconds after which a failed batch is back; None as on the platform, when its visibility is over.
    """

    size: int = 10
    cutoff: float = 0.2
    visibility: int = 11
    returns: int | None = None


@dataclass(frozen=True)
class Invocation:
    """One call that a trigger made: the event, how it ended, and the pid of the process that served it."""

    event: dict[str, Any]
    reply: Reply

    @property
    def message_ids(self) -> list[str]:
        """The ids of the messages in the event."""
        return [message["details"]["message"]["message_id"] for message in self.event["messages"]]


class Trigger:
    """Feeds one queue to the instances of one function, each with a process of its own, until it is stopped.

    One instance at a time collects a batch, so that messages sent together arrive together. `seen` is told of every
    call, from the thread that made it, after the messages of a successful one are deleted.
    """

    def __init__(
        self,
        sqs: "SQSClient",
        queue_url: str,
        runtimes: Sequence[Runtime],
        batching: Batching,
        seen: Callable[[Invocation], None] = lambda _invocation: None,
    ) -> None:
        self.runtimes = list(runtimes)
        self._sqs = sqs
        self._queue_url = queue_url
        self._batching = batching
        self._seen = seen
        self._collecting = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._serve, args=[runtime], daemon=True) for runtime in runtimes]

    def start(self) -> None:
        """Begin to poll."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop polling, wait for calls that are under way, and end the functions' processes."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        for runtime in self.runtimes:
            runtime.stop()

    def kill(self) -> None:
        """Kill the functions' processes (SIGKILL), also in the middle of calls; polling goes on with new ones."""
        for runtime in self.runtimes:
            runtime.kill()

    def _serve(self, runtime: Runtime) -> None:
        while not self._stopping.is_set():
            try:
                with self._collecting:
                    messages = self._collect()
                if messages:
                    self._deliver(messages, runtime)
            except (BotoCoreError, ClientError) as error:  # the queue is away: keep trying, as the platform does
                _log.warning("trigger of %s: %s", self._queue_url, error)
                self._stopping.wait(LONG_POLL)

    def _collect(self) -> "list[MessageTypeDef]":
        messages = self._receive(self._batching.size, LONG_POLL)
        closing = time.monotonic() + self._batching.cutoff
        while messages and len(messages) < self._batching.size and not self._stopping.is_set():
            left = closing - time.monotonic()
            if left <= 0:
                break
            more = self._receive(self._batching.size - len(messages), min(int(left), LONG_POLL))
            messages += more
            if not more:
                self._stopping.wait(min(left, 0.05))
        return messages

    def _receive(self, most: int, seconds: int) -> "list[MessageTypeDef]":
        found = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=min(most, RECEIVE_LIMIT),
            WaitTimeSeconds=seconds,
            VisibilityTimeout=self._batching.visibility,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return found.get("Messages", [])

    def _deliver(self, messages: "list[MessageTypeDef]", runtime: Runtime) -> None:
        event = trigger_event(messages, self._queue_url.rpartition("/")[2])
        reply = runtime.invoke(event)
        if reply.ok:
            self._delete(messages)
        elif self._batching.returns is not None:
            self._hide(messages, self._batching.returns)
        self._seen(Invocation(event, reply))

    def _hide(self, messages: "list[MessageTypeDef]", seconds: int) -> None:
        for message in messages:
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
            )

    def _delete(self, messages: "list[MessageTypeDef]") -> None:
        for start in range(0, len(messages), RECEIVE_LIMIT):
            part = messages[start : start + RECEIVE_LIMIT]
            entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
                {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(part)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
