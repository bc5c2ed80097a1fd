"""Whom the messages of a key concern, or ever concerned: a legal hold on any of them holds the key."""

from collections.abc import Mapping, Sequence

from documents import Written
from ledger import Record, deletions
from ledger.record import FINAL_STATES
from worker.settle.audit import subject_row
from worker.settle.context import Invocation, Item
from worker.settle.repeatable_row import consider


def held_rows(items: Sequence[Item], rows: Mapping[str, Record], inv: Invocation) -> set[str]:
    """The rows under a hold: their own, or that of any subject that a message of theirs names, or named before.

    Raises TableUnavailable.
    """
    concerned = {item.row: item.subjects | rows[item.row].subjects for item in items}
    subjects = frozenset[str]().union(*concerned.values())
    holds = {key for key, row in inv.store.get_many(subjects).items() if row.hold} if subjects else set()
    return {item.row for item in items if rows[item.row].hold or concerned[item.row] & holds}


def remember(items: Sequence[Item], rows: Mapping[str, Record], inv: Invocation) -> set[str]:
    """Keep on its row whom a message concerns that does not go on itself; the rows where that failed.

    A message that goes on carries its own subject, and what is written at its end keeps it. One that is merged into
    another, or that its row answers already, would take it along.
    """
    now = inv.clock.now()
    lost: dict[str, frozenset[str]] = {}
    for item in items:
        row = rows[item.row]
        about = item.message.about if item.message else None
        carried = {subject_row(about, inv)} if about is not None and consider(item, row, now) is None else set[str]()
        lost[item.row] = lost.get(item.row, frozenset()) | (lacking(item, row) - carried)
    return keep(lost, inv)


def lacking(item: Item, row: Record) -> frozenset[str]:
    """Whom the item concerns and its row does not name; nobody, where nothing can come of the row any more."""
    return frozenset() if row.state in FINAL_STATES else item.subjects - row.subjects


def keep(subjects: Mapping[str, frozenset[str]], inv: Invocation) -> set[str]:
    """Add these subjects to their rows; the rows where that failed."""
    notes = [deletions.concerning(key, missing) for key, missing in subjects.items() if missing]
    written = inv.store.write_all(notes)
    return {note.key for note, end in zip(notes, written, strict=True) if end is not Written.YES}
