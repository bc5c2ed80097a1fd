"""Recording what was decided, in the order that loses nothing (README.md, "How a message ends").

Results follow their fact; a mark follows its confirmed copy; a dead letter follows the row that says parked.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aistudio import Trace
from documents import TableUnavailable, Written
from ledger import Record, deletions
from ledger.claims import KEPT
from ledger.record import FINAL_STATES, HELD, PENDING
from worker.outcome import End, Outcome, Settlement
from worker.send.results import Result
from worker.settle.audit import notes_of, traceback_of
from worker.settle.context import Invocation, Item
from worker.settle.effects import Letter, send_copies, send_letters
from worker.settle.repeatable_row import Answered, Remind, consider
from worker.settle.retry_policy import Again, Park
from worker.settle.subjects import keep, lacking
from worker.settle.verdict import Failed

_log = logging.getLogger(__name__)

Verdict = Outcome | Failed | Answered | Remind | BaseException
"""What ``record`` takes; an exception is a defect of ours, and leaves its message unsettled."""

Ended = tuple[Item, Settlement]


def record(decided: Sequence[tuple[Item, Verdict]], inv: Invocation) -> list[Ended]:
    """Carry out the verdicts on the items of one read, and say how each ended."""
    outcomes = [(item, each) for item, each in decided if isinstance(each, Outcome)]
    copies = [
        (i, each, each.verdict) for i, each in decided if isinstance(each, Failed) and isinstance(each.verdict, Again)
    ]
    parkings = [
        (i, each, each.verdict) for i, each in decided if isinstance(each, Failed) and isinstance(each.verdict, Park)
    ]
    answered = [(item, each) for item, each in decided if isinstance(each, Answered)]
    reminders = [(item, each.row, None) for item, each in decided if isinstance(each, Remind)]
    defects = [(item, each) for item, each in decided if isinstance(each, BaseException)]
    for _, defect in defects:
        _log.error("a defect kept a message from being settled: %s", traceback_of(defect))
    return [
        *_write_outcomes(outcomes, inv),
        *_send_again(copies, inv),
        *_park(parkings, inv),
        *_repeat_answers(answered, inv),
        *_send_letters(reminders, inv),
        *((item, Settlement(End.UNSETTLED, "defect")) for item, _ in defects),
    ]


def _write_outcomes(outcomes: Sequence[tuple[Item, Outcome]], inv: Invocation) -> list[Ended]:
    now = inv.clock.now()
    writes = []
    for item, outcome in outcomes:
        notes = notes_of(item, inv, outcome.trace) | {"attempt": item.delivery.attempt + 1}
        if outcome.state == HELD:
            writes.append(deletions.held(item.row, _order(item), item.subjects, now, notes))
        else:
            writes.append(deletions.fact(item.row, outcome.state, now, notes))
    ended: list[Ended] = []
    to_publish = []
    refused = []
    for (item, outcome), write, written in zip(outcomes, writes, inv.store.write_all(writes), strict=True):
        end = Settlement(End.DONE, outcome.state, trace=outcome.trace)
        if written is Written.YES:
            to_publish.append((item, outcome.state, write.sets, end))
        elif written is Written.REFUSED:
            refused.append((item, end))
        else:
            ended.append((item, Settlement(End.UNSETTLED, "ledger", trace=outcome.trace)))
    return ended + _publish(to_publish, inv) + _publish_what_stands(refused, inv)


def _publish_what_stands(refused: Sequence[Ended], inv: Invocation) -> list[Ended]:
    """The fact that stands is another delivery's, or ours from a write whose answer was lost: publish what it says."""
    try:
        rows = inv.store.get_many(item.row for item, _ in refused)
    except TableUnavailable:
        return [(item, Settlement(End.UNSETTLED, "ledger", trace=end.trace)) for item, end in refused]
    facts = [(item, rows[item.row], end) for item, end in refused]
    return _publish([(i, str(row.state), _known(row), replace(end, outcome=row.state)) for i, row, end in facts], inv)


def _send_again(copies: Sequence[tuple[Item, Failed, Again]], inv: Invocation) -> list[Ended]:
    now = inv.clock.now()
    ended: list[Ended] = []
    copied: list[Ended] = []
    marks = []
    for (item, failed, again), sent in zip(copies, send_copies([(i, a) for i, _, a in copies], inv), strict=True):
        delivery = item.delivery
        if not sent:
            ended.append((item, Settlement(End.UNSETTLED, "queue", trace=failed.trace)))
            continue
        notes: dict[str, Any] = {"attempt": delivery.attempt + again.counted}
        notes |= {"reason": again.reason} if again.reason else {}
        marks.append(deletions.watermark(item.row, _order(item, copied=1), item.subjects, now + again.wait, notes))
        copied.append((item, Settlement(again.end, again.reason, trace=failed.trace)))
    written = inv.store.write_all(marks)  # best effort: without its mark a copy lives all the same
    # But whom it concerns has to be known before another message of the key comes that does not say it.
    unmarked = [item for (item, _), each in zip(copied, written, strict=True) if each is not Written.YES]
    forgotten = keep({item.row: item.subjects for item in unmarked}, inv)
    return ended + [
        (item, Settlement(End.UNSETTLED, "ledger", trace=end.trace) if item.row in forgotten else end)
        for item, end in copied
    ]


def _order(item: Item, copied: int = 0) -> deletions.Order:
    delivery = item.delivery
    return deletions.Order(delivery.redrive, delivery.copy + copied, delivery.sent_at, item.due)


def _park(parkings: Sequence[tuple[Item, Failed, Park]], inv: Invocation) -> list[Ended]:
    now = inv.clock.now()
    writes = []
    for item, failed, park in parkings:
        delivery = item.delivery
        notes = notes_of(item, inv, failed.trace) | {"attempt": delivery.attempt + park.counted, "detail": park.detail}
        if item.flaw is not None:
            notes["expires_at"] = int(now) + KEPT  # no key of a response: it can carry no hold and is no receipt
        writes.append(deletions.parked(item.row, item.owner, _order(item), item.subjects, park.reason, now, notes))
    ended: list[Ended] = []
    to_send: list[tuple[Item, Record, Trace | None]] = []
    answered = []
    for (item, failed, park), written in zip(parkings, inv.store.write_all(writes), strict=True):
        if written is Written.YES:
            row = Record(
                item.row,
                redrive=item.delivery.redrive,
                attempt=item.delivery.attempt + park.counted,
                owner=item.owner,
                reason=park.reason,
                dlq=PENDING,
                rest={"detail": park.detail},
            )
            to_send.append((item, row, failed.trace))
        elif written is Written.UNKNOWN:
            ended.append((item, Settlement(End.UNSETTLED, "ledger", trace=failed.trace)))
        else:
            again = _consider_again(item, inv)
            if isinstance(again, Record):
                to_send.append((item, again, failed.trace))
            elif isinstance(again, Answered):
                answered.append((item, again))
            else:
                ended.append((item, again))
    return ended + _send_letters(to_send, inv) + _repeat_answers(answered, inv)


def _consider_again(item: Item, inv: Invocation) -> Record | Answered | Settlement:
    """What the row says now that a parking was refused: another delivery has ended this key, or is about to."""
    try:
        row = inv.store.get(item.row)
    except TableUnavailable:
        return Settlement(End.UNSETTLED, "ledger")
    if keep({item.row: lacking(item, row)}, inv):
        return Settlement(End.UNSETTLED, "ledger")
    answer = consider(item, row, inv.clock.now())
    if isinstance(answer, Remind):
        return answer.row
    if isinstance(answer, Answered):
        return answer
    return Settlement(End.DONE, HELD) if row.state == HELD else Settlement(End.UNSETTLED, "ledger")


def _repeat_answers(answered: Sequence[tuple[Item, Answered]], inv: Invocation) -> list[Ended]:
    facts = [
        (item, str(each.row.state), _known(each.row), each.settlement)
        for item, each in answered
        if each.row.state in FINAL_STATES
    ]
    others = [(item, each.settlement) for item, each in answered if each.row.state not in FINAL_STATES]
    return others + _publish(facts, inv)


def _send_letters(parked: Sequence[tuple[Item, Record, Trace | None]], inv: Invocation) -> list[Ended]:
    letters = [
        Letter(item, row.attempt, row.redrive, str(row.reason), str(row.rest.get("detail", "")))
        for item, row, _ in parked
    ]
    ended: list[Ended] = []
    sent_marks = []
    for (item, row, trace), letter, sent in zip(parked, letters, send_letters(letters, inv), strict=True):
        if sent:
            sent_marks.append(deletions.dead_letter_sent(item.row, str(row.owner)))
        end = End.DEAD_LETTERED if sent else End.UNSETTLED
        ended.append((item, Settlement(end, letter.reason, letter.detail, trace)))
    inv.store.write_all(sent_marks)  # best effort: without it the next delivery sends the dead letter again
    return ended


def _publish(facts: Sequence[tuple[Item, str, Mapping[str, Any], Settlement]], inv: Invocation) -> list[Ended]:
    results = [
        Result(
            # A key may be held more than once, and each time is news.
            id=f"{item.row}#{state}" + (f"#{item.delivery.sent_at}" if state == HELD else ""),
            row=item.row,
            key=item.key,
            at=float(known["held_at"] if state == HELD else known["executed_at"]),
            data=_result(state, known),
            traceparent=item.traceparent,
            causation_id=item.event_id,
        )
        for item, state, known, _ in facts
    ]
    return [
        (item, end if sent else Settlement(End.UNSETTLED, "results queue", trace=end.trace))
        for (item, _, _, end), sent in zip(facts, inv.results.send(results), strict=True)
    ]


def _known(row: Record) -> Mapping[str, Any]:
    return {**row.rest, "reason": row.reason}


def _result(state: str, known: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: known[name] for name in ("reason", "requested_at", "subject") if known.get(name)}
    return {"outcome": state, **told}
