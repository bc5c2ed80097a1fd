"""What a record means for a delivery: one table for calls of both kinds (the timeline: ledger/conditions.py)."""

from dataclasses import dataclass
from enum import Enum

from ledger import Record
from ledger.agenda import VERIFY
from ledger.states import (
    ALREADY_ABSENT,
    CLAIMED,
    DEAD_LETTERED,
    DELETED,
    DONE,
    HELD,
    LONGEST_DELAY,
    OPEN,
    OUTCOME_UNKNOWN,
    PENDING,
    STATES,
    VERIFICATION,
    WAITING,
)
from worker.receive.trigger_event import Delivery
from worker.settle.context import Item


class Step(Enum):
    """What to do with a delivery."""

    PROCEED = "nothing is in the way: call"
    MINE = "the claim is mine: its write was applied though its answer was lost"
    FINAL = "the outcome is known: acknowledge"
    HELD = "this very message ended as held, or as scheduled: acknowledge"
    DEAD_LETTERED = "this very message was dead-lettered: acknowledge"
    RESEND = "dead-lettered, its dead letter still to be sent"
    REFUSE = "the call may have happened, and no operator forces a second one: back to the dead-letter queue"
    SUPERSEDED = "a newer retry message of the key lives: acknowledge"
    BUSY = "another delivery is calling: come back after its lease"
    EXPIRED = "the caller's lease is over, and nothing tells whether it called"
    KEY_REUSED = "the key stands for other content"
    UNREADABLE = "the record says what this release does not understand: leave it, and let the message return"


@dataclass(frozen=True, slots=True)
class Decision:
    """The step, the item under the numbers that count on this record, and the record as read."""

    step: Step
    item: Item
    record: Record


def decide(item: Item, record: Record, now: float, *, may_repeat: bool, retention: float) -> Decision:
    """Decide from the record as read consistently; the order of the questions matters.

    `may_repeat`: the function's calls are idempotent. `retention`: seconds that a queue keeps a message.
    """
    if record.state is None or record.lapsed(now) or _verifies(item, record):
        step = Step.PROCEED
    elif record.state not in STATES:
        step = Step.UNREADABLE
    elif record.state == CLAIMED and record.owner == item.owner:
        step = Step.MINE
    elif item.body_hash and record.body_hash and record.body_hash != item.body_hash:
        step = Step.KEY_REUSED
    elif record.state in (DONE, DELETED) or max(each.sent_at for each in item.deliveries) <= record.absent_sent_at:
        step = Step.FINAL
    elif record.state in (HELD, WAITING, DEAD_LETTERED, ALREADY_ABSENT):
        return _after_an_end(item, record, may_repeat=may_repeat)
    elif _superseded(item, record, now, retention):
        step = Step.SUPERSEDED
    else:
        if item.delivery.number < record.watermark:
            item = item.taking_over(record)
        step = Step.PROCEED if record.state == OPEN else _beside_a_claim(item.delivery, record, now)
    return Decision(step, item, record)


def _verifies(item: Item, record: Record) -> bool:
    """Return whether the message is to delete what was deleted before, was found again, and is still looked for."""
    answered = {item.delivery.message_id, item.delivery.origin} & record.messages
    return VERIFICATION in item.asked and record.state == DELETED and record.due_for == VERIFY and not answered


def _beside_a_claim(delivery: Delivery, record: Record, now: float) -> Step:
    """Another delivery holds the claim, and is calling or has died."""
    if record.lease_until >= now:
        return Step.BUSY
    forced = delivery.force and delivery.redrive > record.redrive and record.response_id is None
    return Step.PROCEED if forced else Step.EXPIRED


def _after_an_end(item: Item, record: Record, *, may_repeat: bool) -> Decision:
    """Earlier messages of the key have ended: that answers these very messages; any other begins a new redrive."""
    delivery = item.delivery
    uncertain = record.state == DEAD_LETTERED and record.reason == OUTCOME_UNKNOWN and not may_repeat
    if record.state in (HELD, WAITING) and _answered(delivery, record, uncertain=False):
        return Decision(Step.HELD, item, record)
    if record.state == DEAD_LETTERED and _answered(delivery, record, uncertain=uncertain):
        return Decision(Step.RESEND if record.dlq == PENDING else Step.DEAD_LETTERED, item, record)
    newer = delivery.redrive > record.redrive
    if uncertain and not (newer and delivery.force):
        return Decision(Step.REFUSE, item, record)
    if not newer:
        item = item.renumbered((record.redrive + 1, 0))
    return Decision(Step.PROCEED, item, record)


def _answered(delivery: Delivery, record: Record, *, uncertain: bool) -> bool:
    """Return whether the end is this message's: by its id, or as an earlier retry message of the chain that ended.

    Not what was put into the queue after the end, by whatever means. A later retry message, whose watermark was lost,
    goes on where it may; where that is `uncertain` the dead letter is enough.
    """
    if delivery.message_id in record.messages:
        return True
    retried = delivery.signed and not delivery.dead and delivery.copy > 0 and delivery.queued_at <= record.marked_at
    if not retried or delivery.origin not in record.messages:
        return False
    return delivery.number < record.watermark or (uncertain and delivery.redrive <= record.redrive)


def _superseded(item: Item, record: Record, now: float, retention: float) -> bool:
    """Return whether a newer retry message lives that stands for this delivery.

    It stands for earlier retry messages of its redrive, and for what the record keeps as retried. Anything else may be
    all that is left of the key: a queue dead-letters retry messages too, and somebody may send their bodies alone.
    """
    counts = now < record.marked_at + LONGEST_DELAY + retention
    retried = record.retried_in(record.redrive)
    new = any(
        part.delivery.message_id not in retried and (part.begins or part.delivery.redrive < record.redrive)
        for part in item.parts or (item,)
    )
    return item.delivery.number < record.watermark and counts and not new
