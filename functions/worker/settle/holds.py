"""Whom the messages of a key concern, or ever concerned: a legal hold on any of them holds the key."""

from collections.abc import Iterable, Mapping, Sequence

from documents import Written
from ledger import Record, RecordKey, chains
from ledger.record import DELETED, DONE, MOST_SUBJECTS
from worker.settle.context import Invocation, Item


def held_keys(items: Sequence[Item], records: Mapping[RecordKey, Record], inv: Invocation) -> set[RecordKey]:
    """The records under a hold: their own, or that of any subject that a message of theirs names, or named before.

    Raises TableUnavailable.
    """
    concerned: dict[RecordKey, frozenset[RecordKey]] = {}
    for item in items:
        known = concerned.get(item.record_key, records[item.record_key].subjects)
        concerned[item.record_key] = known | item.subjects
    subjects = frozenset[RecordKey]().union(*concerned.values())
    holds = {key for key, record in inv.store.get_many(subjects).items() if record.hold} if subjects else set()
    return {key for key, people in concerned.items() if records[key].hold or people & holds}


def too_many(item: Item, record: Record) -> bool:
    """Whether the record would name more people than it has room for."""
    return len(record.subjects | item.subjects) > MOST_SUBJECTS


def keep_subjects(items: Iterable[tuple[Item, Record]], inv: Invocation) -> set[RecordKey]:
    """Keep on its record whom a message concerns that does not go on itself; the records where that failed.

    A message that goes on carries its own subject, and what is written at its end keeps it.
    """
    lost: dict[RecordKey, frozenset[RecordKey]] = {}
    for item, record in items:
        if record.state not in (DONE, DELETED) and not too_many(item, record) and (item.subjects - record.subjects):
            lost[item.record_key] = lost.get(item.record_key, frozenset()) | item.subjects
    written = inv.store.write_all([chains.concerning(key, subjects) for key, subjects in lost.items()])
    return {key for key, end in zip(lost, written, strict=True) if end is not Written.YES}
