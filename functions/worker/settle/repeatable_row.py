"""What the row of a call that may repeat says of a delivery (the timeline: ledger/conditions.py)."""

from dataclasses import dataclass

from ledger.record import DEAD_LETTERED, FINAL_STATES, OPEN, PENDING, QUEUE_RETENTION, Record
from worker.outcome import End, Settlement
from worker.receive.event import Delivery
from worker.settle.context import Item


@dataclass(frozen=True, slots=True)
class Answered:
    """The row answers this message already: nothing is called."""

    row: Record
    outcome: str

    @property
    def settlement(self) -> Settlement:
        """How a delivery ends that the row answers."""
        return Settlement(End.DEAD_LETTERED if self.row.state == DEAD_LETTERED else End.DONE, self.outcome)


@dataclass(frozen=True, slots=True)
class Remind:
    """The row is parked, and its dead letter is still to be sent."""

    row: Record


def consider(item: Item, row: Record, now: float) -> Answered | Remind | None:
    """What the row as read says of this delivery, or None: it has to be dealt with."""
    delivery = item.delivery
    if row.lapsed(now):
        return None
    if row.state in FINAL_STATES:
        return Answered(row, str(row.state))
    if row.state == DEAD_LETTERED and not newer(delivery, row):
        return Remind(row) if row.dlq == PENDING else Answered(row, str(row.reason))
    if row.state == OPEN and delivery.number < row.watermark and not _overtakes(item, row, now):
        return Answered(row, "superseded")
    return None


def newer(delivery: Delivery, row: Record) -> bool:
    """Whether a delivery was redriven, or sent, after what a parked row tells of."""
    return delivery.redrive > row.redrive or delivery.sent_at > row.sent_at


def _overtakes(item: Item, row: Record, now: float) -> bool:
    """Whether this delivery is dealt with although a newer copy of its key was confirmed.

    That copy must be gone from every queue by now, or it waits for another message's date and this one is due earlier:
    an erasure does not wait for a retention date. Mere backoff is no date: one chain of copies is enough.
    """
    gone = now >= row.next_at + QUEUE_RETENTION
    return gone or max(now, item.not_before) < row.due
