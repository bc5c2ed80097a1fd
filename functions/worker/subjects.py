"""Subjects of messages that are not the ones to live on: a legal hold on them holds the key all the same."""

from collections.abc import Mapping, Sequence

from ledger import Row, Written, deletions
from ledger.row import OPEN
from worker.facts import subject_row
from worker.invocation import C, Invocation, Item
from worker.message import M
from worker.verdict import Answered, consider


def held_rows(items: Sequence[Item[M]], rows: Mapping[str, Row], inv: Invocation[M, C]) -> set[str]:
    """The rows under a hold: their own, or that of any subject that a message of theirs names, or named before.

    Raises LedgerUnavailable.
    """
    concerned = {item.row: item.subjects | rows[item.row].subjects for item in items}
    subjects = frozenset[str]().union(*concerned.values())
    holds = {key for key, row in inv.store.get_many(subjects).items() if row.hold} if subjects else set()
    return {item.row for item in items if rows[item.row].hold or concerned[item.row] & holds}


def remember(items: Sequence[Item[M]], rows: Mapping[str, Row], inv: Invocation[M, C]) -> set[str]:
    """Keep on its row whom a message concerns that another one of its key stands in for; the rows where that failed.

    Only a message that lives on carries its own subject: one that is merged or superseded would take it along.
    """
    now = inv.clock.now()
    notes = []
    for item in items:
        row = rows[item.row]
        superseded = row.state == OPEN and isinstance(consider(item, row, now), Answered)
        about = item.message.about if item.message else None
        carried = {subject_row(about, inv)} if about is not None and not superseded else set[str]()
        missing = item.subjects - row.subjects - carried
        if missing:
            notes.append(deletions.subjects(item.row, missing))
    written = inv.store.write_all(notes)
    return {note.key for note, end in zip(notes, written, strict=True) if end is not Written.YES}
