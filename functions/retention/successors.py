"""Successors: what continues a response goes with it where a policy or a message says so, a link at a time.

Who is deleted asks its direct successors to go. Each goes by its own deletion, with its own hold check, and then asks
those that continue it: a hold in the middle keeps the rest, and chains of any depth end, as do circles in bad data.
"""

from collections.abc import Mapping, Sequence

from documents import Index, TableUnavailable, Written
from ledger import Ledger, Record, RecordKey, Write
from ledger.agenda import DELETE, text_of

PARENT = Index("parent", "parent", "created_at")
"""What continues a response, by when it was created."""

MOST_COUNTED = 1_000
"""Successors that are counted where none is asked to go: a receipt says that there are so many at least."""

_TRIES = 3
"""How often a successor is asked anew whose record other writers change meanwhile."""


def ask(record: Record, reasons: frozenset[str], store: Ledger, now: float) -> Mapping[str, int]:
    """Ask the response's successors to go for these reasons, or only count them where there is none.

    Gives what the receipt says of it. Successors of a response that is not registered are not counted: a deletion
    without a registry costs no query for it.

    Raises TableUnavailable: not all are known to be asked; to do it again is safe.
    """
    if not reasons and record.registered_sent_at < 0:
        return {}
    found = 0
    for page in store.query(PARENT, record.key):
        successors = [each for each in page if each.due_for == DELETE and each.key != record.key]
        found += len(successors)
        if reasons:
            _ask_all(successors, reasons, store, now)
        elif found >= MOST_COUNTED:
            return {"successors": MOST_COUNTED}
    return {"cascaded" if reasons else "successors": found} if found else {}


def _ask_all(successors: Sequence[Record], reasons: frozenset[str], store: Ledger, now: float) -> None:
    left = successors
    for _ in range(_TRIES):
        left = [each for each in left if each.due_for == DELETE and not reasons <= (each.asked & each.cascades)]
        ends = store.write_all([_ask(each, reasons, now) for each in left])
        refused = [RecordKey(each.key) for each, end in zip(left, ends, strict=True) if end is not Written.YES]
        if not refused:
            return
        left = list(store.get_many(refused).values())
    raise TableUnavailable("a successor was not asked to go")


def _ask(record: Record, reasons: frozenset[str], now: float) -> Write:
    since = {} if record.asked else {"asked_at": text_of(now)}
    return Write(
        record.key,
        sets={"due_at": text_of(now)} | since,
        adds={"asked": set(reasons), "cascades": set(reasons)},
        condition="#due_at = :seen AND #due_for = :delete",
        given={"seen": record.due_at, "delete": DELETE},
    )
