"""Write dead letters: deliveries for the dead-letter queue, with reason and function."""

from ledger import Key
from worker.message_attributes import OF_DEAD_LETTERS, SettlementAttribute, cleaned
from worker.receive.trigger_event import Delivery
from worker.send.queue_message import Carrier, QueueMessage

LONGEST_DETAIL = 256


def dead_letter(
    delivery: Delivery,
    key: Key,
    *,
    attempt: int,
    redrive: int,
    reason: str,
    function: str,
    detail: str,
    carrier: Carrier,
) -> QueueMessage:
    """Write the delivery as a dead letter. `redrive` is the record's number. Raises TooLarge."""
    attribute = SettlementAttribute(
        key=key,
        origin=delivery.origin,
        attempt=attempt,
        copy=delivery.copy,
        redrive=redrive,
        first_seen=round(delivery.first_seen * 1000),
        sent_at=delivery.sent_at,
        dead=True,
    )
    told = dict(zip(OF_DEAD_LETTERS, (reason, function, cleaned(detail)[:LONGEST_DETAIL]), strict=True))
    return carrier.carry(delivery, attribute, told=told)
