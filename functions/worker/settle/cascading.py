"""Before a deletion's receipt is written, what continues the response is asked to go."""

from collections.abc import Iterable
from dataclasses import replace

from documents import TableUnavailable
from ledger import Record, RecordKey
from ledger.states import ALREADY_ABSENT, CASCADE, DELETED, SCHEDULED, strongest
from worker.outcome import Outcome
from worker.settle.context import Invocation, Item
from worker.settle.decide import Decision, Step


def spread(item: Item, outcome: Outcome, record: Record, inv: Invocation) -> Outcome:
    """Ask what continues the response to go, where its end is one; the outcome with what its receipt says of that.

    What was registered after the message was sent is not what the message found absent: it waits for its own date.

    Raises TableUnavailable: not all are known to be asked. Only to count them is no reason to leave the item unsettled.
    """
    if inv.function.registry is None or outcome.state not in (DELETED, ALREADY_ABSENT):
        return outcome
    if outcome.state == ALREADY_ABSENT and record.registered_sent_at > item.standing().sent_at:
        return replace(outcome, state=SCHEDULED)
    reasons = _reasons(item, record)
    try:
        noted = inv.function.registry.spread(record, reasons, inv.store, inv.clock.now())
    except TableUnavailable:
        if reasons:
            raise
        return outcome
    return outcome if noted == outcome.noted else replace(outcome, noted=noted)


def not_spread(decisions: Iterable[Decision], inv: Invocation) -> set[RecordKey]:
    """Ask as well where a receipt answers a message that asks for it; the records where that failed."""
    failed: set[RecordKey] = set()
    for each in decisions:
        if inv.function.registry is not None and each.step is Step.FINAL and each.item.cascades:
            try:
                inv.function.registry.spread(each.record, _reasons(each.item, each.record), inv.store, inv.clock.now())
            except TableUnavailable:
                failed.add(each.item.record_key)
    return failed


def _reasons(item: Item, record: Record) -> frozenset[str]:
    """Why what continues it is asked to go: messages asked for it, or its policy says so."""
    said = item.cascades | record.cascades
    return said | {strongest(item.asked | record.asked) or CASCADE} if record.cascade else said
