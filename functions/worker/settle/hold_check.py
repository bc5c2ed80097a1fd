"""Look for holds before a call, on the key and on each person that its messages ever named; keep these persons."""

from collections.abc import Iterable, Mapping, Sequence

from documents import Written
from ledger import Record, RecordKey, Write, message_chains
from ledger.states import DELETED, DONE, MOST_SUBJECTS
from worker.settle.collapse import stand_for
from worker.settle.context import Invocation, Item
from worker.settle.decide import Decision

TOO_MANY = ("too_many_subjects", "the messages of this key name more people than a record has room for")


def held_keys(
    items: Sequence[Item], records: Mapping[RecordKey, Record], inv: Invocation
) -> Mapping[RecordKey, RecordKey]:
    """Return the records under a hold, and whose: their own, or a subject's that a message of theirs names, or named.

    Raises TableUnavailable.
    """
    concerned: dict[RecordKey, frozenset[RecordKey]] = {}
    for item in items:
        known = concerned.get(item.record_key, records[item.record_key].subjects)
        concerned[item.record_key] = known | item.subjects
    subjects = frozenset[RecordKey]().union(*concerned.values())
    holds = {key for key, record in inv.store.get_many(subjects).items() if record.hold} if subjects else set()
    keepers = {
        key: key if records[key].hold else min(people & holds, default=None) for key, people in concerned.items()
    }
    return {key: keeper for key, keeper in keepers.items() if keeper is not None}


def without_room(decisions: Iterable[Decision]) -> list[Item]:
    """Return the items that name a person too many: their record, with the items before, has no room left."""
    concerned: dict[RecordKey, frozenset[RecordKey]] = {}
    crowded: list[Item] = []
    for each in decisions:
        known = concerned.get(each.item.record_key, each.record.subjects)
        if _too_many(each.item, known):
            crowded.append(each.item)
        else:
            concerned[each.item.record_key] = known | each.item.subjects
    return crowded


def _too_many(item: Item, known: frozenset[RecordKey]) -> bool:
    return not item.subjects <= known and len(known | item.subjects) > MOST_SUBJECTS


def keep_named(decisions: Iterable[Decision], inv: Invocation) -> set[RecordKey]:
    """Keep on their records what deliveries name that do not go on themselves; the records where that failed.

    That is the persons concerned, and why the messages ask. A message that goes on carries both, and its end keeps
    them.
    """
    writes: dict[RecordKey, list[Decision]] = {}
    for each in decisions:
        item, record = each.item, each.record
        named = item.subjects - record.subjects or item.asked - record.asked or item.cascades - record.cascades
        if record.state not in (DONE, DELETED) and named and not _too_many(item, record.subjects):
            writes.setdefault(item.record_key, []).append(each)
    written = inv.store.write_all([_kept(group) for group in writes.values()])
    return {key for key, end in zip(writes, written, strict=True) if end is not Written.YES}


def _kept(group: Sequence[Decision]) -> Write:
    return message_chains.concerning(stand_for([each.item for each in group]).standing())
