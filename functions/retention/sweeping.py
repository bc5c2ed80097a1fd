"""Sweeping the agenda: what is due is claimed and sent.

A claim puts a record off for a lease, so that one sweep sends it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from documents import Index, Written
from ledger import Ledger, Record, Write
from ledger.agenda import DELETE, SHARDS, VERIFY, text_of
from ledger.states import strongest

DUE = Index("due", "due_shard", "due_at")
"""What is due, a part at a time."""

WHATS = frozenset({DELETE, VERIFY})
"""What a sweep sends. What a later release may put on the agenda is left to it."""

RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found and did. `oldest` is for how many seconds the record that waits longest has been due.

    `taken` were claimed by another sweep, or changed meanwhile; `unsent` are claimed, and come due again after the
    lease; `left` is 1 where the sweep stopped before the end.
    """

    found: int = 0
    sent: int = 0
    taken: int = 0
    unsent: int = 0
    left: int = 0
    oldest: int = 0


def sweep(
    store: Ledger,
    first: int,
    now: float,
    lease: float,
    send: Callable[[Sequence[Record]], Sequence[bool]],
    may_go_on: Callable[[], bool],
) -> Swept:
    """Claim what is due, page by page, beginning with the shard `first`, and send what was claimed.

    `send` says of each record whether its message is confirmed. Killed in between, what was claimed is late by a lease.
    Raises TableUnavailable.
    """
    parts = [f"due#{(first + number) % SHARDS:02d}" for number in range(SHARDS)]
    pages = [store.query(DUE, part, until=text_of(now)) for part in parts]
    begun = [next(page, []) for page in pages]
    oldest = min((str(page[0].due_at) for page in begun if page), default=None)
    found = sent = taken = unsent = 0
    left = False
    for whole in chain.from_iterable(chain([head], rest) for head, rest in zip(begun, pages, strict=True)):
        page = [record for record in whole if record.due_for in WHATS]
        if not page:
            continue
        if not may_go_on():
            left = True
            break
        ends = store.write_all([claim(record, now + lease) for record in page])
        mine = [record for record, end in zip(page, ends, strict=True) if end is Written.YES]
        confirmed = sum(send(mine))
        found, taken = found + len(page), taken + len(page) - len(mine)
        sent, unsent = sent + confirmed, unsent + len(mine) - confirmed
    waits = 0 if oldest is None else round(now - datetime.fromisoformat(oldest).timestamp())
    return Swept(found, sent, taken, unsent, int(left), waits)


def claim(record: Record, until: float) -> Write:
    """Put a record off, if it is due as it was seen: a sweep that saw the same is refused."""
    return Write(
        record.key,
        sets={"due_at": text_of(until)},
        condition="#due_at = :seen AND #due_for = :seen_for AND attribute_exists(#response_id)",
        given={"seen": record.due_at, "seen_for": record.due_for},
    )


def reason_of(record: Record) -> str:
    """Say why a record that is due is to be deleted: because it was asked to go, or else for its date."""
    return strongest(record.asked) or RETENTION
