"""What is sealed: receipts and pieces of history, found by the day on which they were written.

A record that has `settled_shard` and `settled_at` is sealed once, as one line: its key, `settled_at`, and its map
`receipt` or `history`. All that a reader of the evidence has to know is in that map.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any

from documents import Index
from ledger.agenda import text_of
from ledger.keys import RecordKey
from ledger.record import Write

SHARDS = 8
"""Parts of a day in the index: `<UTC day>#00` to `#07`."""

SETTLED = Index("settled", "settled_shard", "settled_at")
"""Receipts and history, a part of a day at a time."""


def part_of(day: str, shard: int) -> str:
    """Name a part of a day in the index."""
    return f"{day}#{shard:02d}"


def settled(key: RecordKey, now: float) -> dict[str, str]:
    """Return the attributes that let a record be sealed with the day of `now` (epoch seconds)."""
    at = text_of(now)
    return {"settled_shard": part_of(at[:10], zlib.crc32(key.encode()) % SHARDS), "settled_at": at}


def history(key: RecordKey, told: Mapping[str, Any], now: float) -> Write:
    """Make the write of one piece of history, under a key of its own. It is refused where that is written already."""
    return Write(key, {"history": dict(told), **settled(key, now)}, condition="attribute_not_exists(#history)")


def order(of: RecordKey, told: Mapping[str, Any], now: float) -> Write:
    """Make the write of what a person ordered for a record. It may be repeated: the same order has the same key."""
    said = {**told, "kind": "order", "of": of}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
    key = RecordKey(f"{of}#order#{digest}")
    return Write(key, {"history": said, **settled(key, now)})
