"""Send to Message Queue. A message counts as sent only when the queue has confirmed it."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from documents.client import MISSHAPEN
from documents.time_budget import Budget
from worker.clock import Clock
from worker.send.queue_message import MAX_BYTES, QueueMessage

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.literals import QueueAttributeNameType

AT_ONCE = 10
_ROUNDS = 3
_PAUSE = 0.2
"""Seconds before the second round; the third waits twice as long."""

_WAITING: "Sequence[QueueAttributeNameType]" = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
"""What waits in a queue. What is throttled is delayed: it has to be counted above all."""

_log = logging.getLogger(__name__)


class Queue:
    """Sends messages, at most ten and 256 KB in a request (https://yandex.cloud/en/docs/message-queue/concepts/limits).

    `budget` is the invocation's for this service.
    """

    def __init__(self, client: "SQSClient", clock: Clock, budget: Budget | None = None) -> None:
        self._client = client
        self._clock = clock
        self.budget = budget or Budget()

    def send(self, url: str, messages: Sequence[QueueMessage], *, insist: bool = False, then: int = 0) -> list[bool]:
        """Send all, and return for each, in order, whether the queue confirmed it.

        A request begins only where time is left for `then` further requests after it. Failures are tried three times.
        Where the service is silent twice in a row, or the time is over, nothing more is sent. With `insist` a silent
        service is asked too, while there is time. Requests go side by side.
        """
        confirmed = [False] * len(messages)
        for attempt in range(_ROUNDS):
            left = [index for index, sent in enumerate(confirmed) if not sent]
            if not left:
                break
            if attempt:
                self._clock.sleep(_PAUSE * attempt)
            batches = [{str(index): messages[index] for index in batch} for batch in _batches(left, messages)]
            allows = partial(self.budget.allows, 1 + then, insist=insist)
            ends = self.budget.side_by_side([partial(self._send, url, batch, allows) for batch in batches])
            for index in (index for sent in ends for index in sent or ()):
                confirmed[index] = True
            if None in ends:
                _log.warning("messages are not sent: the queue is silent, or the time is over")
                break
        return confirmed

    def waiting(self, url: str) -> int | None:
        """Count, about, the messages that wait in a queue, delayed ones too; None where it does not say."""
        try:
            said = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=_WAITING)["Attributes"]
            return sum(int(said[name]) for name in _WAITING)
        except (BotoCoreError, ClientError, *MISSHAPEN) as error:
            _log.warning("a queue does not say how much waits in it: %s", type(error).__name__)
            return None

    def _send(self, url: str, batch: Mapping[str, QueueMessage], allows: Callable[[], bool]) -> list[int] | None:
        """Send one batch by entry ids. Returns the indexes that the queue confirmed, or None where it may not begin."""
        if not allows():
            return None
        entries: Any = [
            {
                "Id": name,
                "MessageBody": message.body,
                "DelaySeconds": message.delay,
                "MessageAttributes": {
                    attribute: {"DataType": kind, "StringValue": value}
                    for attribute, (kind, value) in message.attributes.items()
                },
            }
            for name, message in batch.items()
        ]
        try:
            answer = self.budget.ask(partial(self._client.send_message_batch, QueueUrl=url, Entries=entries))
        except ClientError as error:
            _log.warning("sending to a queue failed: %s", error.response.get("Error", {}).get("Code"))
            return []
        except BotoCoreError as error:
            _log.warning("sending to a queue failed: %s", type(error).__name__)
            self.budget.silent()
            return []
        except MISSHAPEN as error:
            _log.warning("a queue's answer can't be read: %s", type(error).__name__)
            return []
        self.budget.answered()
        return [int(name) for name in _confirmed(answer, batch)]


def _confirmed(answer: Mapping[str, Any], batch: Mapping[str, QueueMessage]) -> list[str]:
    """Return the entries that the answer confirms: each once, unchanged, and not refused as well."""
    sent, failed = _entries(answer, "Successful"), _entries(answer, "Failed")
    for entry in failed:
        _log.warning("a queue refused a message: %s", entry.get("Code"))
    named = Counter(str(entry.get("Id")) for entry in (*sent, *failed))
    sure = [
        name
        for entry in sent
        if named[name := str(entry.get("Id"))] == 1 and name in batch and _whole(entry, batch[name])
    ]
    if len(sure) + len(failed) != len(batch):
        _log.warning("a queue's answer does not say of every message what became of it")
    return sure


def _whole(entry: Mapping[str, Any], message: QueueMessage) -> bool:
    """Return whether the queue has the body that was sent, by the digest that it returns."""
    digest = hashlib.md5(message.body.encode(), usedforsecurity=False).hexdigest()
    told = entry.get("MD5OfMessageBody")
    return told is None or str(told).lower() == digest


def _entries(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    given = answer.get(name)
    return [entry for entry in given if isinstance(entry, Mapping)] if isinstance(given, Sequence) else []


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
