"""Beginning a call: only in time, only while the batch may call, with one short wait where the service asks for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aistudio import APIError, Throttled
from worker.outcome import Outcome
from worker.settle.context import Call, Invocation, Item

SHORT_WAIT = 3.0
"""Seconds: the longest Retry-After that is waited for in the process, which is billed; longer ones are the queue's."""

LONGEST_REPEATABLE = 15.0
"""Seconds that a call which may be repeated can take: one that hangs must not eat its whole batch's time."""


@dataclass(frozen=True, slots=True)
class NotBegun:
    """Nothing was called. ``because`` is the error that closed the batch; without one, time was short.

    ``stale``: only what was read before is too old; read again and begin.
    """

    because: APIError | None = None
    stale: bool = False


def make_call(
    call: Call[Any, Any], item: Item, inv: Invocation, fresh: Callable[[], bool] = lambda: True
) -> Outcome | APIError | NotBegun:
    """Make an item's call, if it may begin; an API error is returned.

    ``fresh`` says whether what was read before still holds. How long it took is noted in the invocation.
    """
    blocked = may_begin(inv, fresh)
    if blocked is not None:
        return blocked
    ended = _call(call, item, inv)
    if _asks_for_patience(ended, inv) and may_begin(inv, fresh) is None:
        ended = _call(call, item, inv)
    if isinstance(ended, APIError):
        inv.gate.report(ended)
    return ended


def may_begin(inv: Invocation, fresh: Callable[[], bool] = lambda: True) -> NotBegun | None:
    """Wait until the gate opens, and say what stands in the way of a call that would begin now."""
    pause = inv.gate.opens_at - inv.clock.monotonic()
    if pause > 0:
        inv.clock.sleep(pause)
    if inv.gate.closed_by is not None:
        return NotBegun(inv.gate.closed_by)
    if inv.deadline.left_for_calls() < min(inv.function.needs, 0.8 * inv.deadline.window):
        return NotBegun()
    return None if fresh() else NotBegun(stale=True)


def _call(call: Call[Any, Any], item: Item, inv: Invocation) -> Outcome | APIError:
    begun = inv.clock.monotonic()
    try:
        left = inv.deadline.left_for_calls()
        return call(item.valid_message, inv.client, min(left, LONGEST_REPEATABLE) if inv.function.idempotent else left)
    except APIError as error:
        return error
    finally:
        inv.took[item.row] = inv.clock.monotonic() - begun


def _asks_for_patience(ended: Outcome | APIError, inv: Invocation) -> bool:
    """Whether the service asked for a wait so short that it is worth staying for; then everyone waits."""
    if not isinstance(ended, Throttled) or ended.retry_after is None or ended.retry_after > SHORT_WAIT:
        return False
    inv.gate.opens_at = max(inv.gate.opens_at, inv.clock.monotonic() + ended.retry_after)
    return True
