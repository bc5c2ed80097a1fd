"""Settling messages whose calls may repeat: no claim, rows read 100 at once (the timeline: ledger/conditions.py).

What can't be used at all goes the same way, whatever the function: it is parked under its message id.
"""

import logging
from collections import deque
from collections.abc import Sequence
from functools import partial

from aistudio import APIError, Trace
from documents.store import READ_AT_ONCE, TableUnavailable
from ledger.record import HELD, Record
from worker.outcome import End, Outcome, Settlement
from worker.settle.calling import NotBegun, make_call
from worker.settle.collapse import apart
from worker.settle.context import Invocation, Item
from worker.settle.repeatable_record import Verdict, record
from worker.settle.repeatable_row import consider
from worker.settle.retry_policy import Again, Park
from worker.settle.subjects import held_rows, remember
from worker.settle.verdict import Failed, after_error, after_waiting

_log = logging.getLogger(__name__)


def settle(items: Sequence[Item], inv: Invocation) -> list[tuple[Item, Settlement]]:
    """Settle all items; what could not be is ``unsettled``."""
    settled: list[tuple[Item, Settlement]] = []
    waiting = deque(items)
    while waiting:
        chunk = [waiting.popleft() for _ in range(min(READ_AT_ONCE, len(waiting)))]
        read_at = inv.clock.monotonic()
        try:
            rows = inv.store.get_many(item.row for item in chunk)
            held = held_rows(chunk, rows, inv)
        except TableUnavailable as error:
            _log.error("the ledger can't be read, so nothing may be called: %s", error)
            return settled + [(item, Settlement(End.UNSETTLED, "ledger")) for item in [*chunk, *waiting]]
        chunk = [part for item in chunk for part in apart(item, rows[item.row], inv.clock.now())]
        forgotten = remember(chunk, rows, inv)
        settled += [(item, Settlement(End.UNSETTLED, "ledger")) for item in chunk if item.row in forgotten]
        chunk = [item for item in chunk if item.row not in forgotten]
        tasks = [partial(_decide, item, rows[item.row], item.row in held, read_at, inv) for item in chunk]
        decided: list[tuple[Item, Verdict]] = []
        for item, verdict in zip(chunk, inv.run(tasks), strict=True):
            if isinstance(verdict, NotBegun):
                waiting.append(item)
            else:
                decided.append((item, verdict))
        settled += record(decided, inv)
    return settled


def _decide(item: Item, row: Record, held: bool, read_at: float, inv: Invocation) -> Verdict | NotBegun:  # noqa: FBT001 - a fact, passed by partial
    """Decide about one item, calling where that is called for; ``NotBegun`` where the rows must be read again."""
    now = inv.clock.now()
    answer = consider(item, row, now)
    if answer is not None:
        return answer
    if item.flaw is not None:
        return Failed(Park(*item.flaw))
    if item.not_before > now:
        return Failed(Again(item.not_before - now))
    call = inv.function.look if held else inv.function.call
    if call is None:
        return Outcome(HELD, Trace())
    ended = make_call(call, item, inv, fresh=lambda: inv.clock.monotonic() - read_at < inv.hold_window)
    if isinstance(ended, NotBegun):
        return ended if ended.stale else after_waiting(ended, item, inv)
    return after_error(ended, item, inv) if isinstance(ended, APIError) else ended
