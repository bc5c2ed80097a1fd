"""Sending to Message Queue: a message counts as sent only when the queue has confirmed that very one."""

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from worker.clock import Clock
from worker.send.queue_message import MAX_BYTES, QueueMessage

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

AT_ONCE = 10
_ROUNDS = 3
_PAUSE = 0.2
"""Seconds before the second round; the third waits twice as long."""
_AWAY = 2
"""Silences in a row: each has cost its timeouts, and what is left of the invocation is needed elsewhere."""

_log = logging.getLogger(__name__)


class Queue:
    """Sends messages, ten and at most 256 KB a request (https://yandex.cloud/en/docs/message-queue/concepts/limits)."""

    def __init__(self, client: "SQSClient", clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def send(self, url: str, messages: Sequence[QueueMessage]) -> list[bool]:
        """Send all and say of each, in order, whether the queue confirmed it.

        Failures are tried three times; after two silences in a row the queue is taken to be away.
        """
        confirmed = [False] * len(messages)
        silences = 0
        for attempt in range(_ROUNDS):
            left = [index for index, sent in enumerate(confirmed) if not sent]
            if not left:
                break
            if attempt:
                self._clock.sleep(_PAUSE * attempt)
            for batch in _batches(left, messages):
                sent = self._send(url, batch, messages)
                silences = silences + 1 if sent is None else 0
                if silences == _AWAY:
                    return confirmed
                for index in sent or []:
                    confirmed[index] = True
        return confirmed

    def _send(self, url: str, batch: list[int], messages: Sequence[QueueMessage]) -> list[int] | None:
        """Send one batch: the indexes that the queue confirmed, or None where it gave no answer in time."""
        entries: Any = [
            {
                "Id": str(index),
                "MessageBody": messages[index].body,
                "DelaySeconds": messages[index].delay,
                "MessageAttributes": {
                    name: {"DataType": kind, "StringValue": value}
                    for name, (kind, value) in messages[index].attributes.items()
                },
            }
            for index in batch
        ]
        try:
            answer = self._client.send_message_batch(QueueUrl=url, Entries=entries)
        except ClientError as error:
            _log.warning("sending to a queue failed: %s", error.response.get("Error", {}).get("Code"))
            return []
        except BotoCoreError as error:
            _log.warning("sending to a queue failed: %s", type(error).__name__)
            return None
        for failed in answer.get("Failed", []):
            _log.warning("a queue refused a message: %s", failed.get("Code"))
        return [int(sent["Id"]) for sent in answer.get("Successful", [])]


def _batches(left: list[int], messages: Sequence[QueueMessage]) -> Iterator[list[int]]:
    batch: list[int] = []
    size = 0
    for index in left:
        if batch and (len(batch) == AT_ONCE or size + messages[index].size > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(index)
        size += messages[index].size
    yield batch
