"""What becomes of a message whose call failed, or could not begin."""

from dataclasses import dataclass

from aistudio import APIError, Trace, Unavailable
from worker.settle.calling import NotBegun
from worker.settle.context import Invocation, Item
from worker.settle.retry_policy import Again, Park, judge, patience


@dataclass(frozen=True, slots=True)
class Failed:
    """The verdict on a call that did not succeed, with the ids to look it up by."""

    verdict: Again | Park
    trace: Trace | None = None


def after_error(error: APIError, item: Item, inv: Invocation) -> Failed:
    """What becomes of an item whose call ended in this error."""
    return Failed(_judged(error, item, inv), error.trace)


def after_waiting(blocked: NotBegun, item: Item, inv: Invocation) -> Failed:
    """What becomes of an item whose call could not begin: as the error that closed the batch says, else later."""
    if blocked.because is not None:
        return Failed(_judged(blocked.because, item, inv))
    age = item.age(inv.clock.now())
    if age > inv.limits.age:
        return Failed(Park(Unavailable.reason, "no call could begin within the message's age limit"))
    return Failed(Again(patience(item.delivery.copy, age, inv.random)))


def _judged(error: APIError, item: Item, inv: Invocation) -> Again | Park:
    return judge(
        error,
        may_repeat=inv.function.idempotent or (item.message is not None and item.message.retries_unknown),
        attempt=item.delivery.attempt,
        seq=item.delivery.copy,
        age=item.age(inv.clock.now()),
        limits=inv.limits,
        rng=inv.random,
    )
