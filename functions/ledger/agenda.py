"""The agenda of a response's record: that something is due (`due_for`), when (`due_at`), in which part of the index.

The raw id stands on the record if and only if it is on the agenda. Times are RFC 3339 texts in UTC to the millisecond,
so that their order as texts is their order in time.
"""

from datetime import UTC, datetime
from typing import Any

from ledger.keys import Key, RecordKey

SHARDS = 8
"""Parts of the agenda's index: `due#00` to `due#07`. A record stays in its part."""

DELETE, VERIFY = "delete", "verify"
"""What is due: a deletion, or a look whether a deleted response stays away."""

LOOKED_AFTER = 30 * 86_400
"""Seconds after which a held record comes due without a release: only a backstop."""

DEAD_LETTERED_FOR = 7 * 86_400
"""Seconds after which a record that was dead-lettered comes due again: one dead letter a week, nothing forgotten."""


_FIRST, _LAST = -62_135_596_800.0, 253_402_300_799.0
"""The ends of the calendar, which has the years 1 to 9999."""


def text_of(moment: float) -> str:
    """Write epoch seconds as the record keeps times; what lies beyond the calendar is the end of it."""
    moment = min(max(moment, _FIRST), _LAST)
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shard_of(key: RecordKey) -> str:
    """Name the part of the agenda's index that a record belongs to."""
    return f"due#{int(key[-8:], 16) % SHARDS:02d}"


def due(key: RecordKey, response_id: Key, moment: float, what: str = DELETE) -> dict[str, Any]:
    """Return the attributes that put a record on the agenda: its response is to be deleted then, or looked for."""
    return {"response_id": response_id, "due_shard": shard_of(key), "due_at": text_of(moment), "due_for": what}
