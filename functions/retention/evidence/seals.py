"""Seals: one a day, over the day's lines, chained to the seal of the day before.

A line is one receipt, or one piece of history, as canonical JSON (RFC 8785): the same content has the same
bytes, whoever writes it. Lines are spread over shards, sorted by key; each shard is a Merkle tree of its own.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Self

import rfc8785

from ledger import RecordKey
from ledger.sealable import SHARDS
from retention.evidence.merkle import leaf_hash, root_of

VERSION = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is sealed: the key of its record, its shard, its canonical bytes, and whether its day was over."""

    key: RecordKey
    shard: int
    content: bytes
    late: bool = False

    @classmethod
    def of(cls, key: RecordKey, shard: int, content: Mapping[str, Any], *, late: bool = False) -> Self:
        """Make a line of what is known about a key. Raises ValueError where that is no JSON."""
        return cls(key, shard, rfc8785.dumps({"key": key, **content}), late)


@dataclass(frozen=True)
class Seal:
    """What a day's lines come to. `previous` is the head of the day before, empty for the first seal of all.

    `counts` and `roots` (in hex) are those of the shards, in order.
    """

    day: str
    previous: str
    counts: tuple[int, ...]
    roots: tuple[str, ...]

    @classmethod
    def over(cls, day: str, previous: str, shards: Sequence[Sequence[bytes]]) -> Self:
        """Seal the lines of each shard, in this order."""
        roots = tuple(root_of([leaf_hash(line) for line in lines]).hex() for lines in shards)
        return cls(day, previous, tuple(len(lines) for lines in shards), roots)

    @classmethod
    def read(cls, document: Any) -> Self:
        """Read a seal back. Raises ValueError where it is none, or does not agree with itself."""
        try:
            shards = document["shards"]
            seal = cls(
                date.fromisoformat(document["day"]).isoformat(),
                document["previous"],
                tuple(each["count"] for each in shards),
                tuple(each["root"] for each in shards),
            )
            # To Python true is 1.
            counted = all(type(count) is int and count >= 0 for count in (*seal.counts, document["version"]))
            agrees = counted and seal.document == document
        except (LookupError, TypeError, ValueError):
            raise ValueError("is no seal") from None
        if not agrees:
            raise ValueError("the seal does not agree with itself")
        return seal

    @cached_property
    def document(self) -> dict[str, Any]:
        """The seal as JSON: `root` is over the shards' roots."""
        shards = [{"count": count, "root": root} for count, root in zip(self.counts, self.roots, strict=True)]
        root = root_of([leaf_hash(bytes.fromhex(each)) for each in self.roots])
        return {"version": VERSION, "day": self.day, "previous": self.previous, "shards": shards, "root": root.hex()}

    @cached_property
    def head(self) -> str:
        """The hash of the seal, in hex: who keeps it can tell at any time whether the seal was changed."""
        return hashlib.sha256(rfc8785.dumps(self.document)).hexdigest()


@dataclass(frozen=True)
class SealedDay:
    """A seal with its lines, by shard."""

    seal: Seal
    shards: tuple[tuple[bytes, ...], ...]

    @classmethod
    def over(cls, day: str, previous: str, lines: Iterable[Line]) -> Self:
        """Seal these lines, whatever their order."""
        ordered: list[list[bytes]] = [[] for _ in range(SHARDS)]
        for line in sorted(lines, key=lambda each: (each.key, each.content)):
            ordered[line.shard].append(line.content)
        return cls(Seal.over(day, previous, ordered), tuple(tuple(each) for each in ordered))

    @classmethod
    def read(cls, seal: Seal, fetch: Callable[[str], bytes]) -> Self:
        """Read a day back, fetching its objects by name. Raises ValueError where they are not what the seal says."""
        return cls(seal, tuple(lines_of(seal, shard, fetch) for shard in range(len(seal.counts))))


def name_of(day: str, shard: int, root: str) -> str:
    """Name the object with a shard's lines: by the day, and by the root over them."""
    return f"{day}/{shard:02d}-{root}.jsonl"


def lines_of(seal: Seal, shard: int, fetch: Callable[[str], bytes]) -> tuple[bytes, ...]:
    """Read the lines of a shard back. Raises ValueError where they are not what the seal is over."""
    if not seal.counts[shard]:
        return ()
    lines = tuple(fetch(name_of(seal.day, shard, seal.roots[shard])).splitlines())
    if len(lines) != seal.counts[shard] or root_of([leaf_hash(line) for line in lines]).hex() != seal.roots[shard]:
        raise ValueError(f"shard {shard} of {seal.day}: the lines are not those that the seal is over")
    return lines
