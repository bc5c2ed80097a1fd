"""The chain of seals as the ledger has it: one record a day, `seal#<day>`, and one that says where it begins."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

import rfc8785

from ledger import Ledger, Record, RecordKey
from ledger.sealable import SETTLED, SHARDS, part_of
from retention.evidence.seals import Seal

FIRST = RecordKey("seal#first")
"""The record that says on which day the chain begins."""

GAP = 31
"""Days without receipts after which the first run of all looks no further back for where the chain is to begin."""

_AT_ONCE = 31


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal as it is on the ledger, and when it was written (epoch seconds)."""

    seal: Seal
    at: float

    @property
    def date(self) -> date:
        """The day that was sealed."""
        return date.fromisoformat(self.seal.day)

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of its record: the seal as canonical JSON, and its head."""
        return {"seal": rfc8785.dumps(self.seal.document).decode(), "head": self.seal.head, "sealed_at": self.at}

    @classmethod
    def read(cls, record: Record) -> Self | None:
        """Read a record; None where the day has no seal. Raises ValueError where it does not agree with itself."""
        if "seal" not in record.rest:
            return None
        seal = Seal.read(json.loads(record.rest["seal"]))
        if seal.head != record.rest["head"]:
            raise ValueError(f"{record.key}: the head is another seal's")
        return cls(seal, float(record.rest["sealed_at"]))


def key_of_day(day: str) -> RecordKey:
    """Name the record of a day's seal."""
    return RecordKey(f"seal#{day}")


def last_sealed(store: Ledger, end: date) -> tuple[Sealed | None, list[Sealed]]:
    """Find the last seal up to the day `end`, and those of its last month that are not published, the earliest first.

    Raises TableUnavailable, ValueError.
    """
    began = store.get(FIRST).rest.get("day")
    while began is not None and end.isoformat() >= began:
        days = [(end - timedelta(days=back)).isoformat() for back in range(_AT_ONCE)]
        records = store.get_many(key_of_day(day) for day in days if day >= began)
        found = [(sealed, record) for record in records.values() if (sealed := Sealed.read(record)) is not None]
        if found:
            return found[0][0], [sealed for sealed, record in reversed(found) if "published" not in record.rest]
        end -= timedelta(days=_AT_ONCE)
    return None, []


def first_day(store: Ledger, end: date) -> date:
    """Find the day with which the chain begins, or is to begin: the earliest that has receipts, or `end`.

    What lies before more than a month without any receipt is not found. Raises TableUnavailable.
    """
    began = store.get(FIRST).rest.get("day")
    if began is not None:
        return date.fromisoformat(began)
    day = first = end
    while (first - day).days <= GAP:
        if any(next(store.query(SETTLED, part_of(day.isoformat(), shard)), []) for shard in range(SHARDS)):
            first = day
        day -= timedelta(days=1)
    return first


def chain(store: Ledger, first: date | None, last: date | None) -> list[Sealed]:
    """Read the seals of these days, the earliest first; None: of all there are. Raises TableUnavailable, ValueError."""
    began = store.get(FIRST).rest.get("day")
    if began is None:
        return []
    day = max(date.fromisoformat(began), first or date.min)
    seals: list[Sealed] = []
    while last is None or day <= last:
        days = [(day + timedelta(days=each)).isoformat() for each in range(_AT_ONCE)]
        records = store.get_many(key_of_day(each) for each in days)
        found = [sealed for record in records.values() if (sealed := Sealed.read(record)) is not None]
        seals += [sealed for sealed in found if last is None or sealed.date <= last]
        if len(found) < _AT_ONCE:
            break
        day += timedelta(days=_AT_ONCE)
    return seals
