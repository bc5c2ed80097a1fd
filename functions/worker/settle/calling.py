"""Beginning a call: only in time, only while the breakers let it, with a short wait where the service asks for one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf

from aistudio import APIError, Rejected, Throttled
from worker.desk import Desk
from worker.outcome import Outcome
from worker.settle.context import Invocation, Item

SHORT_WAIT = 3.0
"""Seconds: the longest Retry-After that is waited for in the process, which is billed; longer ones are the queue's."""

LONGEST_REPEATABLE = 15.0
"""Seconds that a call which may be repeated can take: one that hangs must not eat its whole batch's time."""


@dataclass(frozen=True, slots=True)
class NotBegun:
    """Nothing was called. `because` is the error that keeps calls from beginning; without one, time was short.

    `stale`: only what was read before is too old; read again and begin.
    """

    because: APIError | None = None
    stale: bool = False


def _learned_nothing(_response_id: str) -> None:
    """Nothing is claimed, so nothing has to be kept."""


def desk_of(item: Item, inv: Invocation, learn: Callable[[str], None] = _learned_nothing) -> Desk:
    """Make the item's desk; `learn` keeps the id of the response that its call has begun."""
    return Desk(
        store=inv.store,
        keys=inv.keys,
        clock=inv.clock,
        deadline=inv.deadline,
        record_key=item.record_key,
        sent_at=item.delivery.sent_at,
        origin=item.delivery.origin,
        body_hash=item.body_hash or inv.keys.digest(item.valid_message.canonical()),
        identity=item.identity,
        learn=learn,
        settings=inv.settings,
    )


def make_call(
    call: Callable[..., Outcome],
    item: Item,
    inv: Invocation,
    *,
    first: bool,
    fresh_until: float = inf,
    desk: Desk | None = None,
) -> Outcome | APIError | NotBegun:
    """Make an item's call, if it may begin; an API error is returned. How long it took is noted in the invocation."""
    blocked = may_begin(inv, first=first, fresh_until=fresh_until)
    if blocked is not None:
        return blocked
    usual = call is inv.function.call
    if inv.function.desk:
        call = partial(call, desk=desk or desk_of(item, inv))
    ended = _call(call, item, inv)
    if _asks_to_wait(ended, inv) and may_begin(inv, first=first, fresh_until=fresh_until) is None:
        ended = _call(call, item, inv)
    error = ended if isinstance(ended, APIError) else ended.ended_by
    if error is not None:
        inv.batch.report(error, item.record_key)
    if not usual:
        return ended  # another request than the one that is rejected: it says nothing of that
    if isinstance(ended, Rejected):
        inv.breaker.rejected(ended, item.record_key)
    elif isinstance(ended, Outcome):
        inv.breaker.succeeded()
    return ended


def may_begin(inv: Invocation, *, first: bool, fresh_until: float = inf) -> NotBegun | None:
    """Wait where the service asked for it, and say what stands in the way of a call that would begin now.

    `first`: the call that is tried while all others wait for what becomes of it. `fresh_until` is for how long what
    was read before counts (monotonic seconds).
    """
    least = inv.function.needs
    if inv.function.idempotent:
        # Where the whole invocation is shorter it is better to try: a call that is cut off can be repeated.
        least = min(least, 0.8 * inv.deadline.window)
    pause = max(0.0, inv.batch.next_call_at - inv.clock.monotonic())
    if inv.batch.stopped_by is None and inv.deadline.left_for_calls() - pause < least:
        return NotBegun()
    if pause and inv.batch.stopped_by is None:
        inv.clock.sleep(pause)
    because = inv.batch.stopped_by or (None if first else inv.breaker.opened_by)
    if because is not None:
        return NotBegun(because)
    return None if inv.clock.monotonic() < fresh_until else NotBegun(stale=True)


def _call(call: Callable[..., Outcome], item: Item, inv: Invocation) -> Outcome | APIError:
    begun = inv.clock.monotonic()
    try:
        left = inv.deadline.left_for_calls()
        return call(item.valid_message, inv.client, min(left, LONGEST_REPEATABLE) if inv.function.idempotent else left)
    except APIError as error:
        return error
    finally:
        inv.took[item.record_key] = inv.clock.monotonic() - begun


def _asks_to_wait(ended: Outcome | APIError, inv: Invocation) -> bool:
    """Return whether the service asked for a wait so short that it is worth staying for; then everyone waits."""
    if not isinstance(ended, Throttled) or ended.retry_after is None or ended.retry_after > SHORT_WAIT:
        return False
    inv.batch.next_call_at = max(inv.batch.next_call_at, inv.clock.monotonic() + ended.retry_after)
    return True
