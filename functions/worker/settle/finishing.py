"""Writing down the outcomes of calls that may repeat."""

from collections.abc import Sequence
from dataclasses import replace

from documents import TableUnavailable, Written
from ledger import Record, Write, receipts
from ledger.states import DELETED, HELD, SCHEDULED, strongest
from worker.outcome import End, Outcome, Settlement
from worker.settle.answered_by_record import answer
from worker.settle.cascading import spread
from worker.settle.context import Invocation, Item
from worker.settle.decide import Decision, Step
from worker.settle.effects import ROUNDS, Ended, decide_on, unsettled
from worker.settle.publishing import Told, publish, told_by, with_content
from worker.settle.receipt_fields import audit_of
from worker.settle.retries import Retry
from worker.settle.retry_policy import Again, backoff

Finished = tuple[Item, Outcome, Record]
"""An item whose call ended, its outcome, and its record as it was read."""


def finish(finished: Sequence[Finished], inv: Invocation) -> tuple[list[Ended], list[Retry]]:
    """Send what goes first, write the outcomes, and send the results that are made of them; and what comes back.

    That is what a hold or a date kept from its call, where that is no longer as it was read: it has to be decided anew.
    """
    ready, ended = send_first(finished, inv)
    told: list[Told] = []
    answered: list[Decision] = []
    changed: list[Retry] = []
    for _ in range(ROUNDS):
        writes = [_write(each, inv) for each in ready]
        left: list[Finished] = []
        for (item, outcome, record), write, written in zip(ready, writes, inv.store.write_all(writes), strict=True):
            if written is Written.YES:
                end = done(outcome)
                told.append((item, told_by(record.after(write), final=outcome.state not in (HELD, SCHEDULED)), end))
            elif written is Written.REFUSED:
                left.append((item, outcome, record))
            else:
                ended.append(unsettled(item, "ledger", outcome.trace))
        ready, others = _look_again(left, inv)
        answered += others
        kept = [each for each in ready if each[1].state in (HELD, SCHEDULED)]
        changed += [Retry(item, Again(backoff(0, inv.random)), record, outcome.trace) for item, outcome, record in kept]
        ready = [each for each in ready if each not in kept]
        if not ready:
            break
    ended += [unsettled(item, "ledger", outcome.trace) for item, outcome, _ in ready]
    return ended + publish(told, inv) + answer(answered, inv), changed


def done(outcome: Outcome) -> Settlement:
    """Return the end of a delivery whose outcome is written down."""
    return Settlement(
        End.DONE, outcome.state, trace=outcome.trace, usage=outcome.usage, status=outcome.status, model=outcome.model
    )


def send_first(finished: Sequence[Finished], inv: Invocation) -> tuple[list[Finished], list[Ended]]:
    """Messages to other functions and results with content leave before their outcome is written.

    No record could send them again. Gives back what all is confirmed of, and the others as unsettled.
    """
    unsent = [item for item, outcome, _ in finished if not inv.sent_elsewhere(item, outcome.sends)]
    finished = [each for each in finished if each[0] not in unsent]
    ending = [each for each in finished if each[1].result is not None]
    sent = inv.results.send([with_content(item, outcome, inv) for item, outcome, _ in ending])
    lost = [item for (item, _, _), confirmed in zip(ending, sent, strict=True) if not confirmed]
    ready = [each for each in finished if each[0] not in lost]
    return ready, [unsettled(item, "another queue") for item in unsent] + [
        unsettled(item, "results queue") for item in lost
    ]


def _write(finished: Finished, inv: Invocation) -> Write:
    item, outcome, record = finished
    audit = audit_of(item, inv, outcome.trace) | {"attempt": item.delivery.attempt + 1} | _reason(item, record)
    audit |= outcome.noted
    if item.message is not None and item.message.about is not None:
        audit["subject"] = inv.keys.key("subject", item.message.about)
    at = round(inv.clock.now(), 3)  # as the ledger keeps it: a result that is sent again says the same
    standing = item.standing()
    if inv.function.receipt:
        standing = replace(standing, response_id=item.key, held_by=outcome.held_by)
    write = receipts.outcome(standing, record, outcome.state, at, audit)
    return replace(write, beside=(*write.beside, *outcome.writes)) if outcome.writes else write


def _reason(item: Item, record: Record) -> dict[str, str]:
    """Why it was asked for, where earlier messages said more than this one: an erasure before all others.

    Of a message with a date, the registration that stands keeps its reason.
    """
    why = strongest(record.asked) or record.registered_reason
    return {} if item.asked or why is None or item.message is None else {item.message.fields_of["asks"]: why}


def _look_again(refused: Sequence[Finished], inv: Invocation) -> tuple[list[Finished], list[Decision]]:
    """Return what the records say now: most are settled by others; a deletion that happened is written all the same.

    Where they can't be read, all are left to be unsettled.
    """
    if not refused:
        return [], []
    left: list[Finished] = []
    answered: list[Decision] = []
    try:
        records = inv.store.get_many(item.record_key for item, _, _ in refused)
        for item, outcome, _ in refused:
            decision = decide_on(item, records[item.record_key], inv)
            happened = outcome.state == DELETED and decision.record.state != DELETED
            if happened or decision.step is Step.PROCEED:
                left.append((decision.item, spread(decision.item, outcome, decision.record, inv), decision.record))
            else:
                answered.append(decision)
    except TableUnavailable:
        return list(refused), []
    return left, answered
