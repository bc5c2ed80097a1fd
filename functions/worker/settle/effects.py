"""Carrying out what was decided, for any number of items, in the order that loses nothing: answers that records give,
and dead letters, each of which follows the record that says dead_lettered (README.md, "How a message ends").
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from aistudio import Trace
from documents import TableUnavailable, Write, Written
from ledger import Record, RecordKey, chains, claims
from worker.outcome import End, Settlement
from worker.send.dead_letter import dead_letter
from worker.send.queue_message import QueueMessage, TooLarge
from worker.settle.audit import notes_of, traceback_of
from worker.settle.collapse import stand_for
from worker.settle.context import Invocation, Item
from worker.settle.decide import Decision, Step, decide
from worker.settle.holds import keep_subjects
from worker.settle.publishing import Told, publish, told_by
from worker.settle.retry_policy import DeadLetter

ROUNDS = 3
"""How often a write is made anew for a record that another delivery has changed meanwhile."""

_log = logging.getLogger(__name__)

Ended = tuple[Item, Settlement]


@dataclass(frozen=True, slots=True)
class Ending:
    """An item to be dead-lettered, and its record as it was read; `owner` is whose claim ends with it."""

    item: Item
    letter: DeadLetter
    record: Record
    trace: Trace | None = None
    owner: str | None = None


def unsettled(item: Item, what: str, trace: Trace | None = None) -> Ended:
    """The end of an item for which something could not be done."""
    return item, Settlement(End.UNSETTLED, what, trace=trace)


def defect(item: Item, error: BaseException) -> Ended:
    """A defect of ours leaves its message unsettled, and its neighbours alone."""
    _log.error("a defect kept a message from being settled: %s", traceback_of(error))
    return unsettled(item, "defect")


def look(item: Item, record: Record, inv: Invocation) -> Decision:
    """What the record as read means for the item, by the table."""
    may_repeat = inv.function.idempotent or item.flaw is not None
    return decide(item, record, inv.clock.now(), may_repeat=may_repeat, retention=inv.retention)


def answer(decisions: Sequence[Decision], inv: Invocation) -> list[Ended]:
    """End what its record answers: with its result once more, with the dead letter that is due, or with nothing."""
    decisions = _together(decisions)
    forgotten = keep_subjects([(each.item, each.record) for each in decisions], inv)
    kept = [each for each in decisions if each.item.record_key not in forgotten]
    letters = [each for each in kept if each.step in (Step.RESEND, Step.REFUSE)]
    told = [each for each in kept if each.step in (Step.FINAL, Step.HELD)]
    others = [each for each in kept if each.step in (Step.DEAD_LETTERED, Step.SUPERSEDED)]
    answered = [*letters, *told, *others]
    return [
        *(unsettled(each.item, "ledger") for each in decisions if each not in answered),
        *((each.item, _silent_end(each)) for each in others),
        *publish([_told(each) for each in told], inv),
        *_send_dead_letters([(each.item, each.record, None) for each in letters], inv),
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


def dead_letter_all(endings: Sequence[Ending], inv: Invocation) -> list[Ended]:
    """Write that these are dead-lettered, and only then send their dead letters."""
    ended: list[Ended] = []
    answered: list[Decision] = []
    to_send: list[tuple[Item, Record, Trace | None]] = []
    left = list(endings)
    for _ in range(ROUNDS):
        written = inv.store.write_all([_ending_write(each, inv) for each in left])
        to_send += [
            (each.item, _as_written(each), each.trace)
            for each, end in zip(left, written, strict=True)
            if end is Written.YES
        ]
        open_ = [each for each, end in zip(left, written, strict=True) if end is not Written.YES]
        if not open_:
            left = []
            break
        try:
            records = inv.store.get_many(each.item.record_key for each in open_)
        except TableUnavailable:
            left = open_
            break
        left = []
        for each in open_:
            decision = look(each.item, records[each.item.record_key], inv)
            if decision.step in (Step.PROCEED, Step.MINE):
                left.append(replace(each, item=decision.item, record=decision.record))
            elif decision.step in (Step.BUSY, Step.EXPIRED, Step.KEY_REUSED):
                ended.append(unsettled(each.item, "ledger", each.trace))
            else:
                answered.append(decision)
    ended += [unsettled(each.item, "ledger", each.trace) for each in left]
    return ended + _send_dead_letters(to_send, inv) + answer(answered, inv)


def _ending_write(each: Ending, inv: Invocation) -> Write:
    now, item = inv.clock.now(), each.item
    notes = notes_of(item, inv, each.trace) | {"attempt": _attempts(each), "detail": each.letter.detail}
    if item.body_hash:
        notes["body_hash"] = item.body_hash
    if each.owner is not None:
        return claims.dead_lettered(item.standing(), each.owner, each.letter.reason, now, notes)
    return chains.dead_lettered(item.standing(), item.owner, each.letter.reason, now, inv.retention, notes)


def _as_written(each: Ending) -> Record:
    """The record as its write has left it, as far as a dead letter needs it: a claim keeps its own redrive."""
    return Record(
        each.item.record_key,
        redrive=each.item.delivery.redrive if each.owner is None else each.record.redrive,
        attempt=_attempts(each),
        owner=each.owner or each.item.owner,
        reason=each.letter.reason,
        rest={"detail": each.letter.detail},
    )


def _attempts(each: Ending) -> int:
    earlier = each.item.delivery.attempt if each.owner in (None, each.item.owner) else each.record.attempt
    return earlier + each.letter.counted


def _send_dead_letters(letters: Sequence[tuple[Item, Record, Trace | None]], inv: Invocation) -> list[Ended]:
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

    sent = send_all(inv.dead_letters, [partial(build, item, record) for item, record, _ in letters], inv)
    names: dict[RecordKey, frozenset[str]] = {}
    owners = {item.record_key: record.owner for item, record, _ in letters}
    for (item, _, _), each in zip(letters, sent, strict=True):
        if each:
            names[item.record_key] = names.get(item.record_key, frozenset()) | item.standing().messages
    notes = [chains.dead_letter_sent(key, owners[key], messages) for key, messages in names.items()]
    inv.store.write_all(notes)  # best effort: without it the next delivery sends the letter again
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
        for (item, record, trace), each in zip(letters, sent, strict=True)
    ]


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
