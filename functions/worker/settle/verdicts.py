"""Decide about items whose calls failed or could not begin, once all calls of the batch have ended."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from aistudio import APIError
from ledger import Record
from worker.settle.calling import NotBegun
from worker.settle.context import Invocation, Item
from worker.settle.dead_lettering import Ending
from worker.settle.retries import Retry
from worker.settle.retry_policy import DeadLetter, History, after_failure, defer

_ALONE = 5
"""How many go alone at the most: one that its record answers calls nothing, and tells nothing of the deployment."""

T = TypeVar("T")


def verdict(
    ended: APIError | NotBegun, item: Item, record: Record, inv: Invocation, owner: str | None = None
) -> Retry | Ending:
    """Decide about an item whose call ended in this error, or did not begin; `owner` is whose claim goes with it."""
    history = History(item.delivery.attempt, item.delivery.copy, inv.clock.now() - item.delivery.first_seen)
    if isinstance(ended, NotBegun):
        history = replace(history, copy=0) if item.begins else history  # it was not put off before, whatever its number
        decided = defer(ended.because, history, called=False, limits=inv.limits, rng=inv.random)
        trace = None
    else:
        may_repeat = inv.function.idempotent or (item.message is not None and item.message.retries_unknown)
        deployment = inv.breaker.covers(ended)
        decided = after_failure(
            ended, history, may_repeat=may_repeat, deployment=deployment, limits=inv.limits, rng=inv.random
        )
        trace = ended.trace
    if isinstance(decided, DeadLetter):
        return Ending(item, decided, record, trace, owner)
    return Retry(item, decided, record, trace, owner)


def in_turn(items: Iterable[Item], now: float) -> list[Item]:
    """Order the items for their calls: first those that can be called now, of them those not put off before."""
    return sorted(items, key=lambda item: (item.flaw is not None or item.delivery.not_before > now, item.delivery.copy))


def first_alone(tasks: Sequence[Callable[[bool], T]], inv: Invocation) -> list[T | BaseException]:
    """Run the tasks side by side.

    While the breaker is open they go alone, one by one and told so, until one has called.
    """
    ended: list[T | BaseException] = []
    calls = len(inv.took)
    while len(ended) < min(_ALONE, len(tasks)) and inv.breaker.opened_by is not None and len(inv.took) == calls:
        ended += inv.run([partial(tasks[len(ended)], True)])  # noqa: FBT003 - the task's only argument
    return [*ended, *inv.run([partial(task, False) for task in tasks[len(ended) :]])]  # noqa: FBT003 - the task's only argument
