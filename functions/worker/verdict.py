"""What is decided about an item before it is recorded."""

from dataclasses import dataclass

from aistudio import APIError, Trace
from ledger.deletions import QUEUE_RETENTION
from ledger.row import FACTS, OPEN, PARKED, PENDING, Row
from worker.calling import NotBegun
from worker.copies import MAX_DELAY
from worker.invocation import C, Invocation, Item
from worker.judge import Again, Park, backoff, judge
from worker.message import M
from worker.outcome import End, Outcome, Settlement

NOT_BEGUN = "unavailable"
"""The reason of a message that grew too old without any call: this deployment never had the time for it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The row answers this message already: nothing is called."""

    row: Row
    outcome: str

    @property
    def settlement(self) -> Settlement:
        """How a delivery ends that the row answers."""
        return Settlement(End.PARKED if self.row.state == PARKED else End.DONE, self.outcome)


@dataclass(frozen=True, slots=True)
class Remind:
    """The row is parked, and its dead letter is still to be sent."""

    row: Row


@dataclass(frozen=True, slots=True)
class Failed:
    """The verdict on a call that did not succeed, with the ids to look it up by."""

    verdict: Again | Park
    trace: Trace | None = None


Verdict = Outcome | Failed | Answered | Remind | BaseException
"""What ``record`` takes; an exception is a defect of ours, and leaves its message unsettled."""


def consider(item: Item[M], row: Row, now: float) -> Answered | Remind | None:
    """What the row as read says of this delivery, or None: it has to be dealt with."""
    delivery = item.delivery
    if row.lapsed(now):
        return None
    if row.state in FACTS:
        return Answered(row, str(row.state))
    newer = delivery.redrive > row.redrive or delivery.sent_at > row.sent_at
    if row.state == PARKED and not newer:
        return Remind(row) if row.dlq == PENDING else Answered(row, str(row.reason))
    if row.state == OPEN and delivery.number < row.mark and not _overtakes(item, row, now):
        return Answered(row, "superseded")
    return None


def _overtakes(item: Item[M], row: Row, now: float) -> bool:
    """Whether the copy that an open row's mark stands for leaves this delivery to be dealt with by itself.

    The copy may be gone, after as long as a queue keeps it; or it is another message's and waits for a date, and this
    one wants earlier: an erasure does not wait for a retention date. Mere backoff is no date: one chain is enough.
    """
    gone = now >= row.next_at + QUEUE_RETENTION
    sooner = max(now, item.not_before) + MAX_DELAY < row.next_at
    return gone or (sooner and item.due != row.due)


def after_error(error: APIError, item: Item[M], inv: Invocation[M, C]) -> Failed:
    """What becomes of an item whose call ended in this error."""
    return Failed(_judged(error, item, inv), error.trace)


def after_waiting(blocked: NotBegun, item: Item[M], inv: Invocation[M, C]) -> Failed:
    """What becomes of an item whose call could not begin: as the error that closed the batch says, else later."""
    if blocked.because is not None:
        return Failed(_judged(blocked.because, item, inv))
    if item.age(inv.clock.now()) > inv.limits.age:
        return Failed(Park(NOT_BEGUN, "no call could begin within the message's age limit"))
    return Failed(Again(backoff(item.delivery.seq, inv.random)))


def _judged(error: APIError, item: Item[M], inv: Invocation[M, C]) -> Again | Park:
    return judge(
        error,
        may_repeat=inv.function.idempotent or (item.message is not None and item.message.retries_unknown),
        attempt=item.delivery.attempt,
        seq=item.delivery.seq,
        age=item.age(inv.clock.now()),
        limits=inv.limits,
        rng=inv.random,
    )
