"""Sealed days as one file of JSON Lines that proves itself: what it holds, the seals, and each line with its path."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import rfc8785

from retention.evidence.merkle import every_path, leaf_hash
from retention.evidence.seals import SealedDay

VERSION = 1


def exported(days: Iterable[SealedDay], chosen: Callable[[bytes], bool] | None = None) -> Iterator[bytes]:
    """Write consecutive days, the earliest first; each item is one line of the file, without its end.

    `chosen` says which lines are wanted. Without it the file has all, and whether any is missing can be checked.
    """
    yield rfc8785.dumps({"export": {"version": VERSION, "complete": chosen is None}})
    count = 0
    for day in days:
        yield rfc8785.dumps({"seal": day.seal.document})
        for shard, lines in enumerate(day.shards):
            paths = every_path([leaf_hash(line) for line in lines])
            for index, (line, path) in enumerate(zip(lines, paths, strict=True)):
                if chosen is None or chosen(line):
                    count += 1
                    yield _proved(day.seal.day, shard, index, path, line)
    yield rfc8785.dumps({"end": {"lines": count}})


def _proved(day: str, shard: int, index: int, path: Iterable[bytes], line: bytes) -> bytes:
    """Write one line with what proves it. The line's own bytes stand in it: they are canonical, so the whole is."""
    place: dict[str, Any] = {"path": [step.hex() for step in path], "shard": shard}
    before, after = rfc8785.dumps({"day": day, "index": index}), rfc8785.dumps(place)
    return before[:-1] + b',"line":' + line + b"," + after[1:]
