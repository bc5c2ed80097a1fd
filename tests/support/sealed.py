"""Sealed days to export: receipts of deletions that took a while, absences, holds, an erasure, and a late line."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from ledger import RecordKey
from ledger.sealable import SHARDS
from retention.evidence.seals import Line, SealedDay

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
ALICE = "subject#" + "a" * 32


def days_of(receipts: int, days: int = 30, seed: int = 7) -> list[SealedDay]:
    """So many receipts over so many days, with two holds and an order a day."""
    random, sealed = Random(seed), list[SealedDay]()
    for number in range(days):
        begin = BEGIN + timedelta(days=number)
        day, lines = begin.date().isoformat(), list[Line]()
        share = receipts // days + (number < receipts % days)
        for each in range(share):
            lines.append(_receipt(f"response#{number:02d}{each:06d}{'0' * 24}", begin, each, random))
        for action in ("place", "release"):
            said = {
                "kind": "hold",
                "action": action,
                "case": "<case> & 1",
                "of": f"response#{number:032d}",
                "ordered_by": "legal",
            }
            lines.append(_line(f"hold#{number:030d}{action[:1]}{each % 10}", {"history": said}, begin))
        previous = sealed[-1].seal.head if sealed else ""
        sealed.append(SealedDay.over(day, previous, lines))
    return sealed


def _receipt(key: str, begin: datetime, number: int, random: Random) -> Line:
    executed = begin.timestamp() + random.uniform(0, 86_399)
    outcome = random.choices(["deleted", "already_absent", "verified_absent"], [90, 7, 3])[0]
    due = executed - random.lognormvariate(4.5, 1.6)
    receipt: dict[str, Any] = {
        "outcome": outcome,
        "executed_at": round(executed, 3),
        "due_at": _text(due),
        "reason": random.choice(["retention", "retention", "erasure"]),
        "function": "delete_response",
        "request_id": f"req-{random.randrange(16**8):08x}",
        "attempt": 1,
    }
    receipt |= {"subject": ALICE} if number % 50 == 0 else {}
    return _line(key, {"receipt": receipt}, datetime.fromtimestamp(executed, UTC))


def _line(key: str, content: dict[str, Any], at: datetime) -> Line:
    return Line.of(RecordKey(key), sum(key.encode()) % SHARDS, {"settled_at": _text(at.timestamp()), **content})


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
