"""Copies: the messages that this project puts on queues, with the attributes that its other parts read."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from worker.receive.event import Delivery
from worker.settlement_attribute import cleaned, sendable

MAX_BYTES = 262_144
"""The queue's limit on a body with its attributes (https://yandex.cloud/en/docs/message-queue/concepts/limits)."""

MAX_DELAY = 900
"""Seconds: the queue's longest delay; a longer wait carries ``not_before`` and hops."""


class CannotCopy(Exception):
    """The message does not fit into a queue message together with its attributes."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A message to send: its body, its attributes as (type, value), and its delay in seconds."""

    body: str
    attributes: Mapping[str, tuple[str, str]]
    delay: int = 0

    @property
    def size(self) -> int:
        """What counts against the queue's limit, in bytes."""
        texts = (text for name, pair in self.attributes.items() for text in (name, *pair))
        return len(self.body.encode()) + sum(len(text.encode()) for text in texts)


def retry(delivery: Delivery, key: str, *, attempt: int, wait: float, now: float) -> Copy:
    """The delivery once more, after ``wait`` seconds, numbered one higher. Raises CannotCopy."""
    delay = max(0, min(MAX_DELAY, ceil(wait)))
    not_before = now + wait if wait > MAX_DELAY else 0
    return _copy(delivery, _numbers(delivery, key, attempt, delivery.seq + 1, delivery.redrive, not_before), delay)


def dead_letter(
    delivery: Delivery, key: str, *, attempt: int, redrive: int, reason: str, function: str, detail: str
) -> Copy:
    """The delivery for the dead-letter queue, with why and from where. Raises CannotCopy."""
    attributes = _numbers(delivery, key, attempt, delivery.seq, redrive, 0)
    attributes |= {"reason": ("String", reason), "function": ("String", function)}
    if detail:
        attributes["detail"] = ("String", cleaned(detail)[:256])
    return _copy(delivery, attributes, 0)


def _numbers(
    delivery: Delivery, key: str, attempt: int, seq: int, redrive: int, not_before: float
) -> dict[str, tuple[str, str]]:
    numbers = {"attempt": attempt, "seq": seq, "redrive": redrive, "first_seen": int(delivery.first_seen)}
    if not_before:
        numbers["not_before"] = ceil(round(not_before, 3))
    attributes = {name: ("Number", str(value)) for name, value in numbers.items()}
    attributes["key"] = ("String", key if sendable(key) else delivery.message_id)
    if delivery.traceparent:
        attributes["traceparent"] = ("String", delivery.traceparent)
    return attributes


def _copy(delivery: Delivery, attributes: dict[str, tuple[str, str]], delay: int) -> Copy:
    body = delivery.body
    if not sendable(body):
        # Ten attributes are the queue's limit: the encoding takes the trace's place.
        body = base64.b64encode(body.encode("utf-8", "surrogatepass")).decode()
        attributes.pop("traceparent", None)
        attributes["encoding"] = ("String", "base64")
    copy = Copy(body, attributes, delay)
    if copy.size > MAX_BYTES:
        raise CannotCopy(f"{copy.size} bytes with attributes; the queue takes {MAX_BYTES}")
    return copy
