"""Messages in the form that a queue takes, and how a delivery is written as the next message of its chain."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.message_attributes import NAME, SettlementAttribute, Signer, encoded, sendable
from worker.receive.trigger_event import Delivery

MAX_BYTES = 262_144
"""The largest body with its attributes (https://yandex.cloud/en/docs/message-queue/concepts/limits)."""

_log = logging.getLogger(__name__)


class TooLarge(Exception):
    """The message does not fit into a queue message together with its attributes."""


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message to send: its body, its attributes as (type, value), and its delay in seconds."""

    body: str
    attributes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    delay: int = 0

    @property
    def size(self) -> int:
        """What counts against the queue's limit, in bytes."""
        texts = (text for name, pair in self.attributes.items() for text in (name, *pair))
        return len(self.body.encode()) + sum(len(text.encode()) for text in texts)


@dataclass(frozen=True, slots=True)
class Carrier:
    """Writes the retry messages and dead letters of one function. Its queues take `max_bytes` in a message."""

    signer: Signer
    max_bytes: int = MAX_BYTES

    def carry(
        self, delivery: Delivery, attribute: SettlementAttribute, delay: int = 0, told: Mapping[str, str] | None = None
    ) -> QueueMessage:
        """Write the delivery's body and its producer's attributes, with this attribute and what `told` has texts for.

        Raises TooLarge.
        """
        takes = sendable(delivery.body)
        texts = {
            NAME: self.signer.write(attribute, delivery.body, "" if takes else "base64"),
            **({"traceparent": delivery.traceparent} if delivery.traceparent else {}),
            **{name: text for name, text in (told or {}).items() if text},
        }
        attributes = {**delivery.attributes, **{name: ("String", text) for name, text in texts.items()}}
        message = QueueMessage(delivery.body if takes else encoded(delivery.body), attributes, delay)
        if message.size > self.max_bytes:
            raise TooLarge(f"{message.size} bytes with attributes; the queue takes {self.max_bytes}")
        if delivery.dropped:
            _log.warning("%d message attributes do not travel along: over five, or of a name of ours", delivery.dropped)
        return message
