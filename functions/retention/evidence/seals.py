"""Seals: one a day, over the day's lines, chained to the seal of the day before.

A line is one receipt, or one piece of a hold's history, as canonical JSON (RFC 8785): the same content has the same
bytes, whoever writes it. Lines are spread over shards, sorted by key; each shard is a Merkle tree of its own.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Self

import rfc8785

from retention.evidence.merkle import leaf_hash, root_of

SHARDS = 8
"""Trees a day: the index that finds a day's lines has as many partitions."""

VERSION = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is sealed: the record key that it is about, its shard, its canonical bytes."""

    key: str
    shard: int
    content: bytes

    @classmethod
    def of(cls, key: str, shard: int, content: Mapping[str, Any]) -> Self:
        """Make a line of what is known about a key. Raises ValueError where that is no JSON."""
        return cls(key, shard, rfc8785.dumps({"key": key, **content}))


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
            agrees = seal.document == document
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
        return {
            "version": VERSION,
            "day": self.day,
            "previous": self.previous,
            "shards": shards,
            "root": root.hex(),
        }

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

    @property
    def stored(self) -> bytes:
        """The day as one object: the seal's line, then all others, shard by shard."""
        every = [rfc8785.dumps(self.seal.document), *(line for shard in self.shards for line in shard)]
        return b"".join(line + b"\n" for line in every)

    @classmethod
    def read(cls, stored: bytes) -> Self:
        """Read a day back. Raises ValueError where it is not what its seal says."""
        first, *lines = stored.splitlines()
        seal = Seal.read(json.loads(first))
        shards, at = [], 0
        for count in seal.counts:
            shards.append(tuple(lines[at : at + count]))
            at += count
        day = cls(seal, tuple(shards))
        if Seal.over(seal.day, seal.previous, day.shards) != seal or at != len(lines):
            raise ValueError("the lines are not those that the seal is over")
        return day
