"""Results: what was done, for whoever waits for it, as CloudEvents 1.0 JSON on the results queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ledger import Key, RecordKey
from ledger.agenda import text_of
from worker.message_attributes import sendable
from worker.receive.envelope import OUR_SOURCES
from worker.send.bucket import Bucket
from worker.send.document import Document
from worker.send.large_results import is_large, lightened, stored
from worker.send.queue import Queue
from worker.send.queue_message import QueueMessage


@dataclass(frozen=True, slots=True)
class Result:
    """One result. `id` is the same for the same outcome, however often it is sent; `at` is in epoch seconds.

    `record_key` is the hash of `key`. `bulky` names the fields of `data` that are left out, in
    this order, of an event that is too large and has no bucket to go to.
    """

    id: str
    record_key: RecordKey
    key: Key
    at: float
    data: Mapping[str, Any]
    bulky: tuple[str, ...] = ()
    traceparent: str | None = None
    causation_id: str | None = None


class Results:
    """The results queue of one function; with no URL nothing is sent, and all counts as sent.

    `kind` is the CloudEvents type; `subject` says whether an event names the key or its hash; `bucket` takes
    what is too large for a queue.
    """

    def __init__(
        self,
        queue: Queue,
        url: str,
        function: str,
        kind: str,
        subject: Literal["hash", "key"],
        bucket: Bucket | None,
    ) -> None:
        self._queue = queue
        self._url = url
        self._function = function
        self._kind = kind
        self._subject = subject
        self._bucket = bucket

    def send(self, results: Sequence[Result], *, insist: bool = False) -> list[bool]:
        """Send, and say of each whether the queue confirmed it. A large one is in the bucket before that."""
        if not self._url:
            return [True] * len(results)
        messages = {index: self._message(result) for index, result in enumerate(results)}
        ready = {index: message for index, message in messages.items() if message is not None}
        sent = dict(zip(ready, self._queue.send(self._url, list(ready.values()), insist=insist), strict=True))
        return [sent.get(index, False) for index in range(len(results))]

    def _message(self, result: Result) -> QueueMessage | None:
        """Return the event as a message, or None where it is too large and could not be stored."""
        event = self._event(result)
        document = _written(event)
        if is_large(document) and self._bucket is not None:
            reference = stored(self._bucket, f"results/{result.id.replace('#', '/')}.json", document)
            if reference is None:
                return None
            document = _written(
                event | {"data": reference, "dataref": f"s3://{reference['bucket']}/{reference['key']}"}
            )
        elif is_large(document):
            ascii_only = document.text.isascii()
            document = _written(
                event | {"data": lightened(result.data, result.bulky, len(document), ascii_only=ascii_only)}
            )
        return QueueMessage(
            document.whole(), {"traceparent": ("String", result.traceparent)} if result.traceparent else {}
        )

    def _event(self, result: Result) -> dict[str, Any]:
        extensions = {"causationid": result.causation_id, "traceparent": result.traceparent}
        return {
            "specversion": "1.0",
            "id": result.id,
            "source": f"{OUR_SOURCES}{self._function}",
            "type": self._kind,
            "subject": result.record_key if self._subject == "hash" else result.key,
            "time": text_of(result.at),
            "datacontenttype": "application/json",
            "data": result.data,
        } | {name: value for name, value in extensions.items() if value}


def _written(event: Mapping[str, Any]) -> Document:
    """Write it as JSON, with escapes only for what the queue refuses: in Cyrillic they take three times the room."""
    document = Document(event)
    return document if sendable(document.text) else Document(event, ascii_only=True)
