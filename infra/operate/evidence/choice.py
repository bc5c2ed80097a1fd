"""Which lines an export has: all of its days, or those that concern one person."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ledger import RecordKey
from retention.evidence.seals import SealedDay

Chosen = Callable[[bytes], bool]


def lines_of(days: Iterable[SealedDay]) -> Iterator[tuple[SealedDay, int, int, bytes]]:
    """Give each line with its day, its shard, and its place there."""
    for day in days:
        for shard, lines in enumerate(day.shards):
            for index, line in enumerate(lines):
                yield day, shard, index, line


def about(days: Iterable[SealedDay], subject: RecordKey) -> Chosen:
    """Choose what concerns a person: their own history, receipts that name them, and the history of those responses."""
    responses = {base(said["key"]) for _, _, _, line in lines_of(days) if names(said := json.loads(line), subject)}

    def chosen(line: bytes) -> bool:
        said: dict[str, Any] = json.loads(line)
        of = said.get("history", {}).get("of", "")
        return of == subject or base(said["key"]) in responses or base(of) in responses

    return chosen


def names(said: dict[str, Any], subject: RecordKey) -> bool:
    """Return whether a line is a receipt that names this person."""
    receipt = said.get("receipt", {})
    return bool(receipt.get("subject") == subject or subject in receipt.get("subjects", ()))


def base(key: str) -> str:
    """The record that a key belongs to: further receipts and orders have the record's key, and more."""
    return "#".join(key.split("#")[:2])
