"""Answering what its record answers: with its result once more, with the dead letter that is due, or with nothing."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from aistudio import Trace
from ledger import Record, RecordKey, message_chains
from worker.outcome import End, Settlement
from worker.send.dead_letter import dead_letter
from worker.send.queue_message import QueueMessage
from worker.settle.cascading import not_spread
from worker.settle.collapse import stand_for
from worker.settle.context import Invocation, Item
from worker.settle.decide import Decision, Step
from worker.settle.effects import Ended, send_all, unsettled
from worker.settle.hold_check import keep_named
from worker.settle.publishing import Told, publish, told_by


def answer(decisions: Sequence[Decision], inv: Invocation) -> list[Ended]:
    """End what its record answers: with its result once more, with the dead letter that is due, or with nothing."""
    decisions = _together(decisions)
    forgotten = keep_named(decisions, inv) | not_spread(decisions, inv)
    kept = [each for each in decisions if each.item.record_key not in forgotten]
    dead_letters = [each for each in kept if each.step in (Step.RESEND, Step.REFUSE)]
    told = [each for each in kept if each.step in (Step.FINAL, Step.HELD)]
    others = [each for each in kept if each.step in (Step.DEAD_LETTERED, Step.SUPERSEDED)]
    answered = [*dead_letters, *told, *others]
    return [
        *(unsettled(each.item, "ledger") for each in decisions if each not in answered),
        *((each.item, _silent_end(each)) for each in others),
        *publish([_told(each) for each in told], inv),
        *send_dead_letters([(each.item, each.record, None) for each in dead_letters], inv),
    ]


def _together(decisions: Sequence[Decision]) -> list[Decision]:
    """One decision a record and step, whose item stands for all of them."""
    groups: dict[tuple[RecordKey, Step], list[Decision]] = {}
    for each in decisions:
        groups.setdefault((each.item.record_key, each.step), []).append(each)
    return [replace(group[0], item=stand_for([each.item for each in group])) for group in groups.values()]


def _silent_end(decision: Decision) -> Settlement:
    if decision.step is Step.SUPERSEDED:
        return Settlement(End.DONE, "superseded")
    return Settlement(End.DEAD_LETTERED, decision.record.reason, str(decision.record.rest.get("detail", "")))


def _told(decision: Decision) -> Told:
    known = told_by(decision.record, final=decision.step is Step.FINAL)
    return decision.item, known, Settlement(End.DONE, str(known["outcome"]))


def send_dead_letters(dead_letters: Sequence[tuple[Item, Record, Trace | None]], inv: Invocation) -> list[Ended]:
    """Send the dead letters that these records tell of, and note on the records which were confirmed."""

    def build(item: Item, record: Record) -> QueueMessage:
        return dead_letter(
            item.delivery,
            item.key,
            attempt=record.attempt,
            redrive=record.redrive,
            reason=str(record.reason),
            function=inv.function.name,
            detail=str(record.rest.get("detail", "")),
            carrier=inv.carrier,
        )

    sent = send_all(
        inv.settings.dead_letter_queue_url, [partial(build, item, record) for item, record, _ in dead_letters], inv
    )
    names: dict[RecordKey, frozenset[str]] = {}
    owners = {item.record_key: record.owner for item, record, _ in dead_letters}
    for (item, _, _), each in zip(dead_letters, sent, strict=True):
        if each:
            names[item.record_key] = names.get(item.record_key, frozenset()) | item.standing().messages
    confirmed = [message_chains.dead_letter_sent(key, owners[key], messages) for key, messages in names.items()]
    inv.store.write_all(confirmed)  # best effort: without it the next delivery sends the dead letter again
    return [
        (
            item,
            Settlement(
                End.DEAD_LETTERED if each else End.UNSETTLED,
                record.reason if each else "dead-letter queue",
                str(record.rest.get("detail", "")),
                trace,
            ),
        )
        for (item, record, trace), each in zip(dead_letters, sent, strict=True)
    ]
