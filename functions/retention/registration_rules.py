"""What a registration writes on the record of its response, given that record as it was read."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from ledger import Keys, Record, RecordKey, Write
from ledger import conditions as when
from ledger.agenda import DELETE, shard_of, text_of
from ledger.registration import Registration
from ledger.states import ERASURE, MOST_SUBJECTS, Crowded

FORGOTTEN_AFTER = 30 * 86_400
"""Seconds after which the service forgets a response by itself: what has no date is looked at then."""

_AS_READ = ("registered_sent_at", "registered_hash", "subject", "created_at", "absent_sent_at", "due_shard")


def write_of(registration: Registration, record: Record, keys: Keys, *, erased_at: str, now: float) -> Write:
    """Make the write for a record that is not deleted. Refused means that another writer was quicker.

    `erased_at` bounds the erasure of its person: a response that was created before it is asked to go. Raises Crowded
    where the record has no room for the person.
    """
    created_at = _created_at(registration, record)
    escapes = created_at > erased_at
    if order(registration) > order_on(record) and registration.sent_at > record.absent_sent_at:
        write = _standing(registration, record, created_at, keys, escapes=escapes, now=now)
    else:
        write = _added(registration, record, created_at, escapes=escapes, now=now)
    return write if escapes else _asked(write, record, now)


def _asked(write: Write, record: Record, now: float) -> Write:
    """Have it ask for the response to go as well: a person whom it names was erased after its creation."""
    since = {} if record.asked else {"asked_at": text_of(now)}
    return replace(write, sets={**write.sets, **since}, adds={**write.adds, "asked": {ERASURE}})


def order(registration: Registration) -> tuple[int, str]:
    """Return what orders registrations of a response: the one that was sent last stands."""
    return (registration.sent_at, registration.body_hash)


def order_on(record: Record) -> tuple[int, str]:
    """Return the order of the registration that stands on the record."""
    return (record.registered_sent_at, record.registered_hash or "")


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
