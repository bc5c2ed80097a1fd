"""The registry: puts a stored response on its one record, with its person, its parent and its agenda.

Everything about a response is on `response#<keyed hash of its id>`, which a deletion reads anyway. The raw id is there
if and only if the record is on the agenda (`due_shard`, `due_at`, `due_for`): something may still have to be called.
Times on the record are RFC 3339 texts in UTC to the millisecond, so that their order as texts is their order in time.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from documents import TableUnavailable, Write, Written
from ledger import Keys, Ledger, Record, RecordKey
from ledger import conditions as when
from ledger.agenda import DELETE, Wish, shard_of, text_of
from ledger.record import DELETED, ERASURE, MOST_SUBJECTS, Crowded

FORGOTTEN_AFTER = 30 * 86_400
"""Seconds after which the service forgets a response by itself: what has no date is looked at then."""

_TRIES = 5
"""How often a registration is made anew for a record that other writers change meanwhile."""

_AS_READ = ("registered_sent_at", "registered_hash", "subject", "created_at", "absent_sent_at", "due_shard")


@dataclass(frozen=True, slots=True)
class Registration:
    """What a message says of a stored response.

    `sent_at` is when the message was sent first (ms) and `body_hash` breaks ties: the later registration stands,
    whatever order they arrive in. `created_at` and `delete_after` are epoch seconds. `subject` is the person's key,
    `previous` the id of the response that it continues, `conversation` the key of one that it belongs to.
    `cascade` and `verify_after` (seconds) are what its policy said. `reason` is what the receipt says of a deletion that
    was asked for at a date.
    """

    response_id: str
    sent_at: int
    body_hash: str
    created_at: float | None = None
    subject: RecordKey | None = None
    policy: str | None = None
    delete_after: float | None = None
    previous: str | None = None
    conversation: RecordKey | None = None
    cascade: bool = False
    verify_after: float | None = None
    reason: str | None = None


class Registered(StrEnum):
    """What became of a registration: it stands, a later one does, or the response is deleted already."""

    STANDS = "registered"
    SUPERSEDED = "superseded"
    DELETED = "deleted"


def registered(registration: Registration, store: Ledger, keys: Keys, now: float) -> Registered:
    """Register the response, whoever else writes its record meanwhile.

    Raises:
        TableUnavailable: it is not known whether it is registered; to do it again is safe.
        Crowded: the record has no room for its person.
    """
    for _ in range(_TRIES):
        record, write = _made(registration, store, keys, now)
        if write is None:
            return Registered.DELETED
        if store.write(write) is Written.YES:
            stands = _order(registration) >= (record.registered_sent_at, record.registered_hash or "")
            return Registered.STANDS if stands else Registered.SUPERSEDED
    raise TableUnavailable("a registration was not confirmed")


def schedule(wish: Wish, store: Ledger, keys: Keys, now: float) -> Registered:
    """Register the date at which a message asks for a deletion. Raises TableUnavailable and Crowded, as `registered` does."""
    said = Registration(
        wish.response_id,
        wish.sent_at,
        wish.body_hash,
        subject=wish.subject,
        delete_after=wish.until,
        cascade=wish.cascade,
        reason=wish.reason,
    )
    return registered(said, store, keys, now)


def register(registration: Registration, store: Ledger, keys: Keys, now: float) -> tuple[Write, ...]:
    """Make the write that registers the response, from its record and its person's as they are now.

    None is made where the response is deleted. A write that is refused says that another writer was quicker: read and
    make it again.

    Raises:
        TableUnavailable: the records could not be read.
        Crowded: the record has no room for its person.
    """
    _, write = _made(registration, store, keys, now)
    return () if write is None else (write,)


def _made(registration: Registration, store: Ledger, keys: Keys, now: float) -> tuple[Record, Write | None]:
    key = keys.key("response", registration.response_id)
    record = store.get(key)
    if record.state == DELETED:
        return record, None
    created_at = _created_at(registration, record)
    escapes = created_at > _erased_at(registration.subject, record.subject, store)
    later = _order(registration) > (record.registered_sent_at, record.registered_hash or "")
    if later and registration.sent_at > record.absent_sent_at:
        write = _standing(registration, record, created_at, keys, escapes=escapes, now=now)
    else:
        write = _added(registration, record, created_at, escapes=escapes, now=now)
    return record, write if escapes else _asked(write, record, now)


def _erased_at(named: RecordKey | None, stands: RecordKey | None, store: Ledger) -> str:
    """Return the latest bound of an erasure of the person whom the registration names, or of the one who stands.

    Both count, whichever registration stands: so no order of arrival hides a response from an erasure that came before.
    Empty where neither was erased.
    """
    rows = store.get_many(key for key in (named, stands) if key is not None)
    return max((row.erased_at or "" for row in rows.values()), default="")


def _asked(write: Write, record: Record, now: float) -> Write:
    """Have it ask for the response to go as well: a person whom it names was erased after its creation."""
    since = {} if record.asked else {"asked_at": text_of(now)}
    return replace(write, sets={**write.sets, **since}, adds={**write.adds, "asked": {ERASURE}})


def _order(registration: Registration) -> tuple[int, str]:
    return (registration.sent_at, registration.body_hash)


def _created_at(registration: Registration, record: Record) -> str:
    """Take the least time that any registration named, or was sent at: the same whatever order they arrive in."""
    known = [text_of(registration.sent_at / 1000)]
    known += [] if registration.created_at is None else [text_of(registration.created_at)]
    known += [] if record.created_at is None else [record.created_at]
    return min(known)


def _standing(
    registration: Registration, record: Record, created_at: str, keys: Keys, *, escapes: bool, now: float
) -> Write:
    """Make the registration the one that stands. One that names no person keeps the person that stands."""
    dated = None if registration.delete_after is None else text_of(registration.delete_after)
    sets: dict[str, Any] = {
        "response_id": registration.response_id,
        "registered_sent_at": registration.sent_at,
        "registered_hash": registration.body_hash,
        "created_at": created_at,
    }
    sets |= {"subject": registration.subject} if registration.subject else {}
    sets |= {"parent": keys.key("response", registration.previous)} if registration.previous else {}
    sets |= {"conversation": registration.conversation} if registration.conversation else {}
    given = {
        "policy": registration.policy,
        "delete_after": dated,
        "cascade": registration.cascade or None,
        "verify_after": registration.verify_after,
        "registered_reason": registration.reason,
    }
    sets |= {name: value for name, value in given.items() if value is not None}
    asks = not escapes and ERASURE not in record.asked
    if record.due_shard is None or dated != record.delete_after or asks:
        asked = bool(record.asked) or not escapes
        forgotten = text_of(datetime.fromisoformat(created_at).timestamp() + FORGOTTEN_AFTER)
        due_at = text_of(now) if asked else dated or forgotten
        sets |= {"due_shard": shard_of(RecordKey(record.key)), "due_at": due_at, "due_for": DELETE}
    return _write(registration, record, sets, tuple(name for name, value in given.items() if value is None))


def _added(registration: Registration, record: Record, created_at: str, *, escapes: bool, now: float) -> Write:
    """Add what also an earlier registration tells: its person, and when the response was created."""
    sets: dict[str, Any] = {"created_at": created_at}
    if not escapes and ERASURE not in record.asked and record.due_shard is not None:
        sets["due_at"] = text_of(now)
    return _write(registration, record, sets, ())


def _write(registration: Registration, record: Record, sets: dict[str, Any], removes: tuple[str, ...]) -> Write:
    """Write under the condition that the record is as it was read, and that nothing has ended it since."""
    if registration.subject not in {None, *record.subjects} and len(record.subjects) >= MOST_SUBJECTS:
        raise Crowded
    adds = {"subjects": {registration.subject}} if registration.subject else {}
    values = {name: getattr(record, name) for name in _AS_READ}
    values["registered_sent_at"] = record.registered_sent_at if record.registered_hash is not None else None
    values["absent_sent_at"] = record.absent_sent_at if record.absent_sent_at >= 0 else None
    as_read = [
        f"attribute_not_exists(#{name})" if value is None else f"#{name} = :{name}_read"
        for name, value in values.items()
    ]
    # Who is asked to go in between is due at once: this write must not give the record its date back.
    as_read += [] if record.asked else ["attribute_not_exists(#asked)"]
    return Write(
        record.key,
        sets=sets,
        condition=when.all_of(when.NOT_DELETED, *as_read),
        given=when.given(**{f"{name}_read": value for name, value in values.items() if value is not None}),
        removes=removes,
        adds=adds,
    )
