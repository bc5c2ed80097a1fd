"""Settling messages whose calls may repeat: no claim, records read 100 at once (the timeline: ledger/conditions.py).

What can't be used at all goes the same way, whatever the function: it is dead-lettered under its message id.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from aistudio import APIError, Trace
from documents import TableUnavailable
from documents.reads import READ_AT_ONCE
from ledger import Record, RecordKey
from ledger.agenda import text_of
from ledger.states import DELETED, HELD, SCHEDULED, Crowded
from worker.outcome import Outcome
from worker.receive.envelope import Invalid
from worker.settle.answered_by_record import answer
from worker.settle.calling import NotBegun, make_call
from worker.settle.cascading import spread
from worker.settle.collapse import by_content
from worker.settle.context import Invocation, Item, under_message_id
from worker.settle.dated import register_dated
from worker.settle.dead_lettering import Ending, dead_letter_all
from worker.settle.decide import Step
from worker.settle.effects import Ended, decide_on, defect, unsettled
from worker.settle.finishing import Finished, finish
from worker.settle.hold_check import TOO_MANY, held_keys, without_room
from worker.settle.retries import Retry, send_again
from worker.settle.retry_policy import Again, DeadLetter
from worker.settle.unfinished import put_off
from worker.settle.verdicts import first_alone, in_turn, verdict

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Read:
    """Records and holds as they were read, and when that was begun (monotonic seconds)."""

    records: Mapping[RecordKey, Record]
    held: Mapping[RecordKey, RecordKey]
    at: float


def settle(items: Sequence[Item], inv: Invocation) -> list[Ended]:
    """Settle all items; what could not be is `unsettled`."""
    items, ended = register_dated(items, inv)
    waiting = list(items)
    while waiting:
        chunk, waiting = _parted(waiting)
        at = inv.clock.monotonic()
        try:
            records = inv.store.get_many(item.record_key for item in chunk)
            read = _Read(records, held_keys(chunk, records, inv), at)
        except TableUnavailable as error:
            _log.error("the ledger can't be read, so nothing may be called: %s", error)
            return ended + [unsettled(item, "ledger") for item in [*chunk, *waiting]]
        settled, again = _settle(chunk, read, inv)
        ended += settled
        waiting += again
    return ended


def _parted(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Part what is read at once from the rest.

    A key's messages stay together: a hold on any person that they name keeps its response.
    """
    keys = set(islice(dict.fromkeys(item.record_key for item in items), READ_AT_ONCE))
    return [item for item in items if item.record_key in keys], [item for item in items if item.record_key not in keys]


def _settle(chunk: Sequence[Item], read: _Read, inv: Invocation) -> tuple[list[Ended], list[Item]]:
    """Settle the items of one read; those that have to be read again are given back."""
    decisions = [decide_on(item, read.records[item.record_key], inv) for item in chunk]
    crowded = without_room(each for each in decisions if each.step is not Step.FINAL)
    going = [each.item for each in decisions if each.step is Step.PROCEED and each.item not in crowded]
    answered = [each for each in decisions if each.step is not Step.PROCEED and each.item not in crowded]
    ended = answer(answered, inv)
    settled, stale = _go_on(by_content(going), read, inv)
    return ended + settled, [*stale, *(under_message_id(item, TOO_MANY, inv) for item in crowded)]


def _go_on(items: Sequence[Item], read: _Read, inv: Invocation) -> tuple[list[Ended], list[Item]]:
    """Call what may be called, and carry out the outcomes. Items whose records have grown old are given back."""
    finished: list[Finished] = []
    unfinished: list[Finished] = []
    failed: list[Retry | Ending] = []
    ended: list[Ended] = []
    stale: list[Item] = []
    items = in_turn(items, inv.clock.now())
    for item, came in zip(items, first_alone([partial(_call, item, read, inv) for item in items], inv), strict=True):
        record = read.records[item.record_key]
        if isinstance(came, Outcome):
            (finished if came.later is None else unfinished).append((item, came, record))
        elif isinstance(came, NotBegun) and came.stale:
            stale.append(item)
        elif isinstance(came, (APIError, NotBegun)):
            failed.append(verdict(came, item, record, inv))
        elif isinstance(came, Again):
            failed.append(Retry(item, came, record))
        elif isinstance(came, DeadLetter):
            failed.append(Ending(item, came, record))
        elif isinstance(came, Crowded):
            stale.append(under_message_id(item, TOO_MANY, inv))
        elif isinstance(came, Invalid):
            stale.append(under_message_id(item, ("invalid_message", str(came)), inv))
        elif isinstance(came, TableUnavailable):
            ended.append(unsettled(item, "ledger"))
        else:
            ended.append(defect(item, came))
    done, changed = finish(finished, inv)
    back, lost = put_off(unfinished, inv)
    failed, beside = _beside_receipts([*failed, *changed, *back], inv)
    stale, ended = stale + beside, ended + done + lost
    ended += dead_letter_all([each for each in failed if isinstance(each, Ending)], inv)
    return ended + send_again([each for each in failed if isinstance(each, Retry)], inv), stale


def _beside_receipts(failed: Sequence[Retry | Ending], inv: Invocation) -> tuple[list[Retry | Ending], list[Item]]:
    """Keep a receipt as it is: what fails to delete once more is dead-lettered under its message id."""
    ends = [each for each in failed if isinstance(each, Ending) and each.record.state == DELETED]
    flaws = [(each.item, (each.dead_letter.reason, each.dead_letter.detail)) for each in ends]
    return [each for each in failed if each not in ends], [under_message_id(item, flaw, inv) for item, flaw in flaws]


def _call(item: Item, read: _Read, inv: Invocation, first: bool) -> Outcome | APIError | NotBegun | Again | DeadLetter:  # noqa: FBT001 - a truth value, passed on
    """Make the item's call, if there is one to make now."""
    now = inv.clock.now()
    if item.flaw is not None:
        return DeadLetter(*item.flaw)
    if item.delivery.not_before > now:
        return Again(item.delivery.not_before - now)
    if item.dated or _waits(item, read.records[item.record_key], inv, now):
        return Outcome(SCHEDULED, Trace())
    call = inv.function.when_held if item.record_key in read.held else inv.function.call
    if call is None:
        return Outcome(HELD, Trace())
    came = make_call(call, item, inv, first=first, fresh_until=read.at + inv.settings.hold_window)
    if isinstance(came, Outcome) and came.state == HELD:
        return replace(came, held_by=read.held[item.record_key])
    return spread(item, came, read.records[item.record_key], inv) if isinstance(came, Outcome) else came


def _waits(item: Item, record: Record, inv: Invocation, now: float) -> bool:
    """Return whether the response's registered date is still to come, and no message asked to ignore it."""
    dated = inv.function.receipt and record.delete_after is not None and not record.asked and not item.asked
    return dated and text_of(now) < str(record.delete_after)
