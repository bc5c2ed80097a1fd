"""Verification: whether a deleted response stays away. Each word of it counts while the record is due for it yet."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ledger import Record, RecordKey, Write
from ledger import conditions as when
from ledger.agenda import DEAD_LETTERED_FOR, text_of
from ledger.receipts import AGENDA
from ledger.sealable import settled

VERIFIED_ABSENT, RESURRECTED = "verified_absent", "resurrected"

MOST_DELETED_AGAIN = 2
"""How often what was found again is deleted again; after that people have to look."""

RETRIED_AFTER = 86_400
"""Seconds until the next look where no policy says so any more."""


def verified(record: Record, audit: Mapping[str, Any], now: float) -> tuple[Write, ...]:
    """Make the writes of a further receipt: the response is not there. Nothing is left to be called for it."""
    number = record.receipts + 1
    further = RecordKey(f"{record.key}#{number}")
    concerns = {name: record.receipt[name] for name in ("subject", "subjects") if name in record.receipt}
    told = {**audit, **concerns, "outcome": VERIFIED_ABSENT, "executed_at": now, "due_at": record.due_at}
    receipt = {"receipt": told, "executed_at": now, "state": VERIFIED_ABSENT, **settled(further, now)}
    found = _while_due(record, {"verified_at": now, "receipts": number})
    found = replace(found, condition=f"{found.condition} AND #receipts = :receipts_read", removes=AGENDA)
    return replace(found, given={**found.given, "receipts_read": record.receipts}), Write(further, receipt, when.FREE)


def found_again(record: Record, now: float) -> tuple[int, Write]:
    """Count that the response is there; how often it was by now, and the write that has it looked for again."""
    times = int(record.rest.get(RESURRECTED, 0)) + 1
    after = DEAD_LETTERED_FOR if times > MOST_DELETED_AGAIN else record.verify_after or RETRIED_AFTER
    return times, _while_due(record, {RESURRECTED: times, "due_at": text_of(now + after)})


def put_off(record: Record, now: float) -> Write:
    """Make the write after a call that failed: its message lives on, or is a dead letter; one a week is enough."""
    return _while_due(record, {"due_at": text_of(now + DEAD_LETTERED_FOR)})


def _while_due(record: Record, sets: Mapping[str, Any]) -> Write:
    # Receipts are another matter: what was sent to be deleted again may have one before this is written.
    given = when.given(due_read=record.due_at)
    return Write(RecordKey(record.key), sets, "#due_for = :verify AND #due_at = :due_read", given)
