"""Dead-lettering, for any number of items: the record says so before its dead letter is sent (README.md, "How a message
ends").
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from aistudio import Trace
from documents import TableUnavailable, Written
from ledger import Record, Write, claims, message_chains
from worker.settle.answered_by_record import answer, send_dead_letters
from worker.settle.context import Invocation, Item
from worker.settle.decide import Decision, Step
from worker.settle.effects import ROUNDS, Ended, decide_on, unsettled
from worker.settle.receipt_fields import audit_of
from worker.settle.retry_policy import DeadLetter


@dataclass(frozen=True, slots=True)
class Ending:
    """An item to be dead-lettered, and its record as it was read; `owner` is whose claim ends with it."""

    item: Item
    dead_letter: DeadLetter
    record: Record
    trace: Trace | None = None
    owner: str | None = None


def dead_letter_all(endings: Sequence[Ending], inv: Invocation) -> list[Ended]:
    """Write that these are dead-lettered, and only then send their dead letters."""
    ended: list[Ended] = []
    answered: list[Decision] = []
    to_send: list[tuple[Item, Record, Trace | None]] = []
    left = list(endings)
    for _ in range(ROUNDS):
        writes = [_ending_write(each, inv) for each in left]
        tried = list(zip(left, writes, inv.store.write_all(writes), strict=True))
        to_send += [
            (each.item, each.record.after(write), each.trace) for each, write, end in tried if end is Written.YES
        ]
        left = [each for each, _, end in tried if end is not Written.YES]
        if not left:
            break
        try:
            records = inv.store.get_many(each.item.record_key for each in left)
        except TableUnavailable:
            break
        refused, left = left, []
        for each in refused:
            decision = decide_on(each.item, records[each.item.record_key], inv)
            if decision.step in (Step.PROCEED, Step.MINE):
                left.append(replace(each, item=decision.item, record=decision.record))
            elif decision.step in (Step.BUSY, Step.EXPIRED, Step.KEY_REUSED):
                ended.append(unsettled(each.item, "ledger", each.trace))
            else:
                answered.append(decision)
    ended += [unsettled(each.item, "ledger", each.trace) for each in left]
    return ended + send_dead_letters(to_send, inv) + answer(answered, inv)


def _ending_write(each: Ending, inv: Invocation) -> Write:
    now, item = inv.clock.now(), each.item
    earlier = item.delivery.attempt if each.owner is None else each.record.attempt
    audit = audit_of(item, inv, each.trace) | {"attempt": earlier + each.dead_letter.counted}
    audit["detail"] = each.dead_letter.detail
    if item.body_hash:
        audit["body_hash"] = item.body_hash
    if each.owner is not None:
        return claims.dead_lettered(item.standing(), each.owner, each.dead_letter.reason, now, audit)
    return message_chains.dead_lettered(item.standing(), each.record, item.owner, each.dead_letter.reason, now, audit)
