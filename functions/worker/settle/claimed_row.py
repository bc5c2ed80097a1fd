"""What a create's row says of a delivery that could not claim it (the timeline: ledger/conditions.py)."""

from enum import Enum

from ledger.record import CLAIMED, DEAD_LETTERED, FINAL_STATES, OUTCOME_UNKNOWN, PENDING, QUEUE_RETENTION, Record
from worker.settle.context import Item


class Step(Enum):
    """What to do next."""

    CALL = "the claim is mine: its write was applied though its answer was lost"
    CLAIM = "nothing is in the way: claim"
    ANSWERED = "a fact, a parking that is settled, or a newer copy answers it: acknowledge"
    REMIND = "parked, its dead letter still to be sent"
    REFUSE = "redriven without force though the call may have happened: back to the dead-letter queue"
    EXPIRED = "the caller's lease is over: nobody knows whether it called"
    BUSY = "another delivery is calling: come back after its lease"
    REUSED = "the key stands for other content"


def next_step(item: Item, row: Record, now: float) -> Step:
    """Decide from the row as read consistently; the order of the questions matters."""
    delivery = item.delivery
    if row.lapsed(now):
        return Step.CLAIM
    if row.state == CLAIMED and row.owner == item.owner:
        return Step.CALL
    if row.body_hash and row.body_hash != item.body_hash:
        return Step.REUSED
    if row.state in FINAL_STATES:
        return Step.ANSWERED
    if row.state == DEAD_LETTERED:
        return _of_parked(item, row)
    # No queue holds a copy any more that was sent so long ago: the mark of a caller that died counts no longer.
    gone = row.state == CLAIMED and now >= row.lease_until + QUEUE_RETENTION
    if delivery.number < row.watermark and not gone:
        return Step.ANSWERED
    if row.state != CLAIMED:
        return Step.CLAIM
    if row.lease_until >= now:
        return Step.BUSY
    return Step.CLAIM if delivery.force and delivery.redrive > row.redrive else Step.EXPIRED


def _of_parked(item: Item, row: Record) -> Step:
    if item.delivery.redrive > row.redrive:
        return Step.REFUSE if row.reason == OUTCOME_UNKNOWN and not item.delivery.force else Step.CLAIM
    return Step.REMIND if row.dlq == PENDING else Step.ANSWERED
