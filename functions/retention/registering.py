"""The registry: puts a stored response on its one record, with its person, its parent and its agenda.

Everything about a response is on `response#<keyed hash of its id>`, which a deletion reads anyway. The raw id is there
if and only if the record is on the agenda (`due_shard`, `due_at`, `due_for`): something may still have to be called.
Times on the record are RFC 3339 texts in UTC to the millisecond, so that their order as texts is their order in time.
"""

from enum import StrEnum

from documents import TableUnavailable, Written
from ledger import Keys, Ledger, Record, RecordKey, Write
from ledger.registration import Registration
from ledger.states import DELETED
from retention.registration_rules import order, order_on, write_of

_TRIES = 5
"""How often a registration is made anew for a record that other writers change meanwhile."""


class Registered(StrEnum):
    """What became of a registration: it stands, a later one does, or the response is deleted already."""

    STANDS = "registered"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


def registered(registration: Registration, store: Ledger, keys: Keys, now: float) -> Registered:
    """Register the response, whoever else writes its record meanwhile.

    Raises TableUnavailable: it is not known whether it is registered; to do it again is safe.
    Raises Crowded: the record has no room for its person.
    """
    for _ in range(_TRIES):
        record, write = _made(registration, store, keys, now)
        if write is None:
            return Registered.DELETED
        if store.write(write) is Written.YES:
            return Registered.STANDS if order(registration) >= order_on(record) else Registered.SUPERSEDED
    raise TableUnavailable("a registration was not confirmed")


def register(registration: Registration, store: Ledger, keys: Keys, now: float) -> tuple[Write, ...]:
    """Make the write that registers the response, from its record and its person's as they are now.

    None is made where the response is deleted. A write that is refused says that another writer was quicker: read and
    make it again.

    Raises TableUnavailable: the records could not be read.
    Raises Crowded: the record has no room for its person.
    """
    _, write = _made(registration, store, keys, now)
    return () if write is None else (write,)


def _made(registration: Registration, store: Ledger, keys: Keys, now: float) -> tuple[Record, Write | None]:
    key = keys.key("response", registration.response_id)
    record = store.get(key)
    if record.state == DELETED:
        return record, None
    erased_at = _erased_at(registration.subject, record.subject, store)
    return record, write_of(registration, record, keys, erased_at=erased_at, now=now)


def _erased_at(named: RecordKey | None, stands: RecordKey | None, store: Ledger) -> str:
    """Return the latest bound of an erasure, of the registration's person or of the person that its record names.

    Both count, whichever registration stands: so no order of arrival hides a response from an erasure that came before.
    Empty where neither was erased.
    """
    records = store.get_many(key for key in (named, stands) if key is not None)
    return max((record.erased_at or "" for record in records.values()), default="")
