"""What becomes of items whose calls failed or could not begin, judged once all calls of the batch have ended."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from aistudio import APIError
from ledger import Record
from worker.settle.calling import NotBegun
from worker.settle.context import Invocation, Item
from worker.settle.effects import Ending
from worker.settle.retries import Retry
from worker.settle.retry_policy import DeadLetter, History, defer, judge

T = TypeVar("T")


def verdict(
    ended: APIError | NotBegun, item: Item, record: Record, inv: Invocation, owner: str | None = None
) -> Retry | Ending:
    """What becomes of an item whose call ended in this error, or did not begin; ``owner`` is whose claim goes with it."""
    history = History(item.delivery.attempt, item.delivery.copy, item.age(inv.clock.now()))
    if isinstance(ended, NotBegun):
        decided = defer(ended.because, history, called=False, limits=inv.limits, rng=inv.random)
        trace = None
    else:
        may_repeat = inv.function.idempotent or (item.message is not None and item.message.retries_unknown)
        deployment = inv.breaker.covers(ended)
        decided = judge(ended, history, may_repeat=may_repeat, deployment=deployment, limits=inv.limits, rng=inv.random)
        trace = ended.trace
    if isinstance(decided, DeadLetter):
        return Ending(item, decided, record, trace, owner)
    return Retry(item, decided, record, trace, owner)


def first_alone(tasks: Sequence[Callable[[bool], T]], inv: Invocation) -> list[T | BaseException]:
    """Run the tasks side by side, each told whether it is the first: that one goes alone while the breaker is open."""
    runs: list[Callable[[], T]] = [_told(task, index == 0) for index, task in enumerate(tasks)]
    alone = 1 if inv.breaker.opened_by is not None else 0
    return [*inv.run(runs[:alone]), *inv.run(runs[alone:])]


def _told(task: Callable[[bool], T], first: bool) -> Callable[[], T]:  # noqa: FBT001 - a fact, passed on
    return lambda: task(first)
