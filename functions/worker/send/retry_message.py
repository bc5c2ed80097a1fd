"""Retry messages: a delivery once more on the function's own queue, and the redrive of a dead letter."""

from dataclasses import replace
from math import ceil

from ledger import Key
from worker.receive.trigger_event import Delivery
from worker.send.queue_message import Carrier, QueueMessage

MAX_DELAY = 900
"""Seconds: the queue's longest delay. A longer wait carries `not_before`, and is sent again until then."""


def retry(delivery: Delivery, key: Key, *, attempt: int, wait: float, now: float, carrier: Carrier) -> QueueMessage:
    """Write the delivery again, to come after `wait` seconds, with the next copy number. Raises TooLarge."""
    later = ceil(round((now + wait) * 1000, 3)) if wait > MAX_DELAY else 0
    attribute = replace(delivery.attribute(key), attempt=attempt, copy=delivery.copy + 1, not_before=later)
    return carrier.carry(delivery, attribute, delay=max(0, min(MAX_DELAY, ceil(wait))))


def redriven(dead: Delivery, *, force: bool, now: float, carrier: Carrier, reset_age: bool = True) -> QueueMessage:
    """Write a dead letter for the queue that it came from: one redrive higher, with its attempts forgotten.

    `force`: a call that may have happened is made once more. `reset_age`: its age is forgotten too, so that it can
    be deferred for MAX_AGE from `now` on. Raises TooLarge.
    """
    attribute = replace(dead.attribute(dead.key or Key(dead.message_id)), attempt=0, copy=0, redrive=dead.redrive + 1)
    first_seen = int((now if reset_age else dead.first_seen) * 1000)
    return carrier.carry(dead, replace(attribute, first_seen=first_seen, force=force))
