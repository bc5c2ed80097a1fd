"""Checks an export with nothing but the file and, where there is one, a head that someone else kept.

What it finds: a changed byte, a missing line, lines in another order, a seal that was forged. Where the last seals of a
file were forged together with their lines, only a kept head tells.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import Any

import rfc8785

from retention.evidence.merkle import leaf_hash, root_by_path
from retention.evidence.seals import Seal

_MOST_NAMED = 1_000
"""Missing lines of a day that are named one by one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one line of the file, counted from 1."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check found: the faults in the order of lines, how many lines are proved, the last seal's head.

    `complete`: the file says that it has all lines of its days, and has them. A selection proves only those that it
    has.
    """

    faults: tuple[Fault, ...]
    proved: int
    head: str
    complete: bool

    @property
    def holds(self) -> bool:
        """Whether the file is what it says."""
        return not self.faults


@dataclass(slots=True)
class _Reading:
    faults: list[Fault] = field(default_factory=list)
    complete: bool = False
    proved: int = 0
    seal: Seal | None = None
    heads: list[str] = field(default_factory=list)
    broken: bool = False
    """The seal that was read last can't be used, so nothing is proved by it."""
    places: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Where each line of the day says that it stands, by its number in the file."""
    unreadable: int = 0
    at: int = 0
    sealed_at: int = 0
    lines: int = 0
    ended: bool = False

    def fault(self, problem: str, at: int | None = None) -> None:
        self.faults.append(Fault(at or self.at, problem))


def verify(file: Iterable[bytes], head: str | None = None) -> Verdict:
    """Check an export line by line, and name each line that fails. `head` is one that was kept elsewhere, in hex."""
    reading = _Reading()
    for reading.at, raw in enumerate(file, 1):
        text = raw.removesuffix(b"\n")
        said = _said(text)
        if said is None:
            reading.fault("is not canonical JSON: it was changed")
            reading.lines += 1
            reading.unreadable += 1
        elif reading.at == 1:
            _begin(said, reading)
        elif reading.ended:
            reading.fault("follows the end of the export")
        elif "seal" in said:
            _seal(said, reading)
        elif "end" in said:
            _end(said, reading)
        else:
            reading.lines += 1
            _line(said, reading)
    if not reading.ended:
        reading.fault("the file ends before the export does")
    if head is not None and head not in reading.heads:
        reading.fault("no seal has the head that was given", reading.sealed_at or 1)
    last = reading.heads[-1] if reading.heads else ""
    return Verdict(tuple(sorted(reading.faults, key=lambda each: each.line)), reading.proved, last, reading.complete)


def _said(text: bytes) -> Mapping[str, Any] | None:
    """Return what a line says; None where it is no object, or is not written as it has to be."""
    try:
        said = json.loads(text)
        same = rfc8785.dumps(said) == text
    except (ValueError, RecursionError, rfc8785.CanonicalizationError):
        return None
    return said if same and isinstance(said, dict) else None


def _begin(said: Mapping[str, Any], reading: _Reading) -> None:
    told = said.get("export")
    complete = told.get("complete") if isinstance(told, Mapping) else None
    if not isinstance(complete, bool) or not _is(said, {"export": {"version": 1, "complete": complete}}):
        reading.fault("does not begin an export")
        return
    reading.complete = complete


def _is(said: Any, expected: Any) -> bool:
    """Return whether a line says this and nothing else. To Python true is 1, but the bytes are not the same."""
    return rfc8785.dumps(said) == rfc8785.dumps(expected)


def _seal(said: Mapping[str, Any], reading: _Reading) -> None:
    """Take the next seal: it agrees with itself, and with the one before."""
    _close(reading)
    before, reading.sealed_at = reading.seal, reading.at
    reading.places, reading.unreadable = {}, 0
    try:
        seal = Seal.read(said["seal"] if said.keys() == {"seal"} else None)
    except ValueError as error:
        reading.fault(str(error))
        reading.broken, reading.seal = True, None
        return
    if before is not None and seal.previous != before.head:
        reading.fault(f"the seal of {seal.day} does not continue the seal of {before.day}: one of them was forged")
    if before is not None and date.fromisoformat(seal.day) != date.fromisoformat(before.day) + timedelta(days=1):
        reading.fault(f"the seal of {seal.day} is not of the day after {before.day}")
    reading.heads.append(seal.head)
    reading.broken, reading.seal = False, seal


def _line(said: Mapping[str, Any], reading: _Reading) -> None:
    """Take one line: it has its place under the seal, and its path leads to the shard's root."""
    seal = reading.seal
    if reading.broken:
        reading.fault("its seal can't be used")
        return
    try:
        shard, index, day = said["shard"], said["index"], said["day"]
        path = [bytes.fromhex(step) for step in said["path"]]
        leaf = leaf_hash(rfc8785.dumps(said["line"]))
        placed = type(shard) is int and type(index) is int  # to Python true is 1
        known = seal is not None and day == seal.day and placed and 0 <= shard < len(seal.counts)
        known = known and said.keys() == _MEMBERS
    except (LookupError, TypeError, ValueError):
        known = False
    if not known or seal is None:
        reading.fault("is no line of the seal above it")
        return
    reading.places[reading.at] = (shard, index)
    if root_by_path(leaf, index, seal.counts[shard], path) != bytes.fromhex(seal.roots[shard]):
        reading.fault(f"is not what the seal of {seal.day} is over")
    else:
        reading.proved += 1


_MEMBERS = {"day", "shard", "index", "path", "line"}


def _close(reading: _Reading) -> None:
    """At the end of a day, say which of its lines stand elsewhere than they should, and which are missing."""
    if reading.seal is None:
        return
    for (at, place), expected in zip(reading.places.items(), sorted(reading.places.values()), strict=True):
        if place != expected:
            reading.fault("stands where another line should", at)
    there: set[tuple[int, int]] = set()
    for at, place in reading.places.items():
        if place in there:
            reading.fault("stands there twice", at)
        there.add(place)
    if reading.complete:
        _find_missing(reading.seal, there, reading)


def _find_missing(seal: Seal, there: set[tuple[int, int]], reading: _Reading) -> None:
    """Name the lines that are missing, one by one as far as there are few: a seal can be forged to say any number."""
    every = ((shard, index) for shard, count in enumerate(seal.counts) for index in range(count))
    missing = sum(seal.counts) - sum(index < seal.counts[shard] for shard, index in there)
    if missing <= reading.unreadable:
        return
    for shard, index in islice((place for place in every if place not in there), min(missing, _MOST_NAMED)):
        reading.fault(f"line {index} of shard {shard} of the day {seal.day} is missing", reading.sealed_at)
    if missing > _MOST_NAMED:
        reading.fault(f"{missing - _MOST_NAMED} more lines of the day {seal.day} are missing", reading.sealed_at)


def _end(said: Mapping[str, Any], reading: _Reading) -> None:
    _close(reading)
    reading.ended = True
    if not _is(said, {"end": {"lines": reading.lines}}):
        reading.fault("does not end with as many lines as it says")
