"""Write dead letters: deliveries for the dead-letter queue, with reason and function."""

from dataclasses import replace

from ledger import Key
from worker.message_attributes import OF_DEAD_LETTERS, cleaned
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
    attribute = replace(delivery.attribute(key), attempt=attempt, redrive=redrive, dead=True)
    told = dict(zip(OF_DEAD_LETTERS, (reason, function, cleaned(detail)[:LONGEST_DETAIL]), strict=True))
    return carrier.carry(delivery, attribute, told=told)
