"""Looking through a queue: each message once, and what is left is visible again at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import MessageTypeDef

AT_ONCE = 10
HIDDEN = 120
"""Seconds for which a message that is looked at is hidden: so long it stays away where a command is killed."""
_EMPTY = 3
"""Empty answers in a row, each waited for, that mean that a queue has no more: one answer asks only a part of it."""
_WAIT = 2


class Look:
    """One look through a queue. What was received is held until it is deleted or given back."""

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs = sqs
        self._url = url
        self._seen: set[str] = set()
        self._held: dict[str, str] = {}
        counts = depth(sqs, url)
        self.expected = counts["visible"]
        self.hidden = counts["in_flight"]

    def batches(self) -> Iterator[list["MessageTypeDef"]]:
        """Give the messages, at most ten at a time, each once."""
        empty = 0
        while empty < _EMPTY:
            wait = _WAIT if len(self._seen) < self.expected and empty else 0
            found = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=AT_ONCE,
                WaitTimeSeconds=wait,
                VisibilityTimeout=HIDDEN,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            new = [each for each in found if each["MessageId"] not in self._seen]
            self._held |= {each["MessageId"]: each["ReceiptHandle"] for each in found}
            self._seen |= {each["MessageId"] for each in found}
            if new:
                empty = 0
                yield new
            elif found:
                self.hidden = max(self.hidden, 1)
                return  # the first ones are back: the look took longer than they were hidden
            else:
                empty += _EMPTY if len(self._seen) >= self.expected else 1

    def delete(self, messages: Sequence["MessageTypeDef"]) -> list[bool]:
        """Delete these, and say of each whether the queue confirmed it."""
        confirmed: set[str] = set()
        for part in _tens(list(messages)):
            entries: Any = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(part)]
            answer = self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
            confirmed |= {part[int(each["Id"])]["MessageId"] for each in answer.get("Successful", [])}
        for message_id in confirmed:
            self._held.pop(message_id, None)
        return [each["MessageId"] in confirmed for each in messages]

    def give_back(self) -> None:
        """Make what is held visible again; where that fails, it is once `HIDDEN` is over."""
        for part in _tens(list(self._held.values())):
            entries: Any = [
                {"Id": str(n), "ReceiptHandle": handle, "VisibilityTimeout": 0} for n, handle in enumerate(part)
            ]
            try:
                self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            except (BotoCoreError, ClientError):
                return
        self._held.clear()


@contextmanager
def looking(sqs: "SQSClient", url: str) -> Iterator[Look]:
    """Look through a queue; after the block all that was not deleted is visible again."""
    look = Look(sqs, url)
    try:
        yield look
    finally:
        look.give_back()


def depth(sqs: "SQSClient", url: str) -> dict[str, int]:
    """How many messages a queue has: visible, in_flight (received, not deleted), delayed."""
    told: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    beginning = "ApproximateNumberOfMessages"
    names = {"visible": beginning, "in_flight": f"{beginning}NotVisible", "delayed": f"{beginning}Delayed"}
    return {name: int(told.get(attribute, 0)) for name, attribute in names.items()}


def _tens(all_: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(all_), AT_ONCE):
        yield all_[start : start + AT_ONCE]
