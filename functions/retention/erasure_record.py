"""The record of an erasure: how far it has come, and in the end its summary. It is kept for ever, without a raw id."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from documents import TableUnavailable, Written
from ledger import Ledger, Record, RecordKey, Write
from ledger import conditions as when
from ledger.agenda import text_of

Place = tuple[str, str]
"""Key and range of a record in an index."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One look as far as it has come: when it was begun, behind which record it goes on, what it has counted."""

    at: float
    after: Place | None = None
    ends: Mapping[str, int] = field(default_factory=dict)
    cases: tuple[str, ...] = ()
    conversations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure as its record has it. `bound`: what was created up to then is to go. `step` counts its writes."""

    record_key: RecordKey
    subject: RecordKey
    bound: str
    begun_at: float
    looks: int = 0
    step: int = 0
    walk: Walk | None = None
    summary: Mapping[str, Any] | None = None


class OfAnother(Exception):
    """The record is an erasure of another person."""


def begin(record_key: RecordKey, subject: RecordKey, bound: float, store: Ledger, now: float) -> Erasure:
    """Bound the person, and only then begin the record; where it has begun, read it.

    Raises OfAnother: the record stands for another person.
    Raises TableUnavailable: it is not known whether it has begun; to do it again is safe.
    """
    known = store.get(record_key)
    if "begun_at" not in known.rest:
        until = text_of(bound)
        earlier = when.any_of("attribute_not_exists(#erased_at)", "#erased_at < :erased_at")
        if store.write(Write(subject, {"erased_at": until}, earlier)) is Written.UNKNOWN:
            raise TableUnavailable("an erasure's bound was not confirmed")
        said = {"of": subject, "bound": until, "begun_at": now, "step": 0}
        if store.write(Write(record_key, said, "attribute_not_exists(#begun_at)")) is Written.UNKNOWN:
            raise TableUnavailable("an erasure's beginning was not confirmed")
        known = store.get(record_key)
    erasure = _read(known)
    if erasure.subject != subject:
        raise OfAnother
    return erasure


def written(erasure: Erasure, store: Ledger, sets: Mapping[str, Any], removes: Sequence[str] = ()) -> Erasure:
    """Write the record where it is as it was read, and read it: where it is not, the word of another delivery counts.

    Raises TableUnavailable.
    """
    said = {"step": erasure.step + 1, **sets}
    as_read = Write(erasure.record_key, said, "#step = :seen", {"seen": erasure.step}, removes)
    if store.write(as_read) is Written.UNKNOWN:
        raise TableUnavailable("an erasure's progress was not confirmed")
    return _read(store.get(erasure.record_key))


def kept(walk: Walk) -> dict[str, Any]:
    """Make the walk's form on the record."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(walk).items()}


def _read(record: Record) -> Erasure:
    said = record.rest
    walk, told = said.get("walk"), said.get("history")
    return Erasure(
        record_key=RecordKey(record.key),
        subject=said["of"],
        bound=said["bound"],
        begun_at=float(said["begun_at"]),
        looks=said.get("looks", 0),
        step=said["step"],
        walk=None if walk is None else _walk(walk),
        summary=None if told is None else {name: value for name, value in told.items() if name not in ("kind", "of")},
    )


def _walk(said: Mapping[str, Any]) -> Walk:
    key, place = said["after"]
    return Walk(float(said["at"]), (key, place), said["ends"], tuple(said["cases"]), tuple(said["conversations"]))
