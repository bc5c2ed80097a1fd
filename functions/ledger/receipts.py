"""Outcomes of calls that may repeat: receipts of deletions, which live for ever, and `done` for all others."""

from collections.abc import Mapping
from typing import Any

from documents.writes import Write
from ledger import conditions as when
from ledger.chains import Standing, open_to
from ledger.record import ALREADY_ABSENT, DELETED, HELD, Record

_LEFTOVERS = ("dlq", "owner", "detail", "messages", "expires_at")
"""What earlier ends leave on a record. What results say is kept apart: `receipt`, or `told` after it."""


def outcome(
    standing: Standing, record: Record, state: str, now: float, retention: float, notes: Mapping[str, Any]
) -> Write:
    """The write for an outcome, given the record as it was read.

    Refused means that another delivery has written since, and the record is to be read again.
    """
    if state == HELD:
        return _held(standing, now, retention, notes)
    if state not in (DELETED, ALREADY_ABSENT):
        sets = {**notes, "state": state, "executed_at": now, **standing.expiry(now)}
        return Write(standing.key, sets, when.NOT_DONE, when.given(), ("dlq", "owner", "detail", "messages"))
    receipt = {**notes, "outcome": state, "executed_at": now}
    final = {**notes, "state": state, "executed_at": now, "redrive": standing.redrive, "copy": standing.copy}
    if state == ALREADY_ABSENT:
        final["absent_sent_at"] = standing.sent_at
    # After an absence a later message asks again: the people whom this one concerns are still to be held for.
    adds = standing.adds if state == ALREADY_ABSENT else {}
    if not record.receipts:
        final |= {"receipt": receipt, "receipts": 1}
        return Write(standing.key, final, when.NO_RECEIPT, when.given(), (*_LEFTOVERS, "told"), adds)
    if state == ALREADY_ABSENT:
        # Found absent before: that receipt stands, and only answers more.
        stands = {name: value for name, value in record.receipt.items() if name != "outcome"}
        sets = {**stands, "state": state, "redrive": standing.redrive, "absent_sent_at": standing.sent_at}
        return Write(standing.key, sets, when.ABSENT_EARLIER, when.given(), (*_LEFTOVERS, "told"), adds)
    number = record.receipts + 1
    return Write(
        standing.key,
        sets={**final, "receipts": number, "told": receipt},
        condition=when.RECEIPTS_AS_READ,
        given=when.given(receipts_read=record.receipts),
        removes=_LEFTOVERS,
        beside=(Write(f"{standing.key}#{number}", sets={**final, "receipt": receipt}, condition=when.FREE),),
    )


def _held(standing: Standing, now: float, retention: float, notes: Mapping[str, Any]) -> Write:
    """Messages that ended because of a hold, which block no later one."""
    return Write(
        standing.key,
        sets={
            **notes,
            "state": HELD,
            **standing.sets(now),
            "messages": set(standing.messages),
            "held_at": now,
            "told": {**notes, "outcome": HELD, "held_at": now},
        },
        adds=standing.adds,
        removes=("dlq", "owner", "detail"),
        condition=open_to(standing),
        given=standing.compared(now, retention),
    )
