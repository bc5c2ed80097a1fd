"""What all ways of settling an item have in common: its end, what its record says of it, and sending."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from traceback import extract_tb

from aistudio import Trace
from ledger import Record
from ledger.states import MOST_ASKED, MOST_RETRIED, VERIFICATION
from worker.outcome import End, Settlement
from worker.send.queue_message import QueueMessage, TooLarge
from worker.settle.context import Invocation, Item
from worker.settle.decide import Decision, decide

ROUNDS = 3
"""How often a write is made anew for a record that another delivery has changed meanwhile."""

_log = logging.getLogger(__name__)

Ended = tuple[Item, Settlement]


def unsettled(item: Item, what: str, trace: Trace | None = None) -> Ended:
    """Return the end of an item for which something could not be done."""
    return item, Settlement(End.UNSETTLED, what, trace=trace)


def defect(item: Item, error: BaseException) -> Ended:
    """Log a defect in this code. It leaves its message unsettled; the batch's other messages are settled."""
    _log.error("a defect kept a message from being settled: %s", _traceback_of(error))
    return unsettled(item, "defect")


def _traceback_of(error: BaseException) -> str:
    """Return what was raised and where, innermost first; not its message, which may quote content."""
    frames = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)]
    return " < ".join([type(error).__name__, *reversed(frames)])[:1000]


def decide_on(item: Item, record: Record, inv: Invocation) -> Decision:
    """Return what the record as read means for the item, by the table; the item keeps what the record has room for."""
    may_repeat = inv.function.idempotent or item.flaw is not None
    decision = decide(item, record, inv.clock.now(), may_repeat=may_repeat, retention=inv.settings.queue_retention)
    fitting = _fitting(decision.item, record)
    return decision if fitting is decision.item else replace(decision, item=fitting)


def _fitting(item: Item, record: Record) -> Item:
    """Return the item with no more than its record has room for."""
    if len(record.asked) >= MOST_ASKED:
        item = replace(item, asked=item.asked & {VERIFICATION})  # which says what is to be done, not only why
    if len(record.cascades) >= MOST_ASKED:
        item = replace(item, cascades=frozenset())
    if len(record.retried_in(item.delivery.redrive)) >= MOST_RETRIED:
        item = replace(item, retried_fit=False)
    return item


def send_all(url: str, builders: Sequence[Callable[[], QueueMessage]], inv: Invocation) -> list[bool]:
    """Send what can be built; which ones the queue confirmed."""
    messages: dict[int, QueueMessage] = {}
    for index, build in enumerate(builders):
        try:
            messages[index] = build()
        except TooLarge as error:
            _log.error("a message can't be sent again, the queue's own policy has to move it: %s", error)
    confirmed = dict(zip(messages, inv.queue.send(url, list(messages.values()), then=inv.noting), strict=True))
    return [confirmed.get(index, False) for index in range(len(builders))]
