"""Outcomes of calls that may repeat: receipts of deletions, which live for ever, and `done` for all others."""

from collections.abc import Mapping
from typing import Any

from ledger import conditions as when
from ledger.agenda import LOOKED_AFTER, VERIFY, due, text_of
from ledger.keys import RecordKey
from ledger.message_chains import Standing, open_to
from ledger.record import Record, Write
from ledger.sealable import settled
from ledger.states import ALREADY_ABSENT, DELETED, HELD, SCHEDULED, WAITING

AGENDA = ("response_id", "due_shard", "due_at", "due_for")
"""What says that something may still have to be called: a receipt takes the record off the agenda."""

_CONCERNS = ("due_at", "subject", "subjects")
"""What a receipt says of its record: there these are the agenda's, the registration's, and those of all messages."""

_LEFTOVERS = ("dlq", "owner", "detail", "messages", "retried", "expires_at", "held_by")
"""What earlier ends leave on a record. What results say is kept apart: `receipt`, or `told` after it."""


def outcome(standing: Standing, record: Record, state: str, now: float, audit: Mapping[str, Any]) -> Write:
    """Make the write for an outcome, given the record as it was read.

    Refused means that another delivery has written since, and the record is to be read again.
    """
    if record.state == DELETED and state in (DELETED, ALREADY_ABSENT, HELD):
        return _after_a_deletion(standing, record, state, now, audit)
    if state == HELD:
        return _held(standing, record, now, audit)
    if state == SCHEDULED:
        return _waiting(standing, record, now, audit)
    if state not in (DELETED, ALREADY_ABSENT):
        sets = {**audit, "state": state, "executed_at": now, **standing.expiry(now)}
        free = when.any_of(when.NOT_DONE, when.LAPSED)
        return Write(standing.key, sets, free, when.given(now=now), ("dlq", "owner", "detail", "messages", "retried"))
    receipt = {**audit, "outcome": state, "executed_at": now, **_concerns(standing, record, audit, now)}
    final = {**_own(audit), "state": state, "executed_at": now, "redrive": standing.redrive, "copy": standing.copy}
    if state == ALREADY_ABSENT:
        final["absent_sent_at"] = standing.sent_at
    # After an absence a later message asks again: holds on the persons of this message still count.
    adds = standing.adds if state == ALREADY_ABSENT else {}
    later = _verification(standing, record, now) if state == DELETED else {}
    leftovers = (*_LEFTOVERS, *(() if later else AGENDA))
    unless = [when.NOT_REGISTERED_SINCE] if state == ALREADY_ABSENT else []
    unless += [] if record.cascades or standing.cascades else [when.NOT_CASCADING]
    given = when.given(sent_at=standing.sent_at, absent_sent_at=standing.sent_at, receipts_read=record.receipts)
    if not record.receipts:
        final |= {"receipt": receipt, "receipts": 1, **settled(standing.key, now)}
        return Write(
            standing.key, final | later, when.all_of(when.NO_RECEIPT, *unless), given, (*leftovers, "told"), adds
        )
    if state == ALREADY_ABSENT:
        # Found absent before: that receipt stands, and only answers more.
        stands = {name: value for name, value in record.receipt.items() if name not in ("outcome", *_CONCERNS)}
        sets = {**stands, "state": state, "redrive": standing.redrive, "absent_sent_at": standing.sent_at}
        return Write(standing.key, sets, when.all_of(when.ABSENT_EARLIER, *unless), given, (*leftovers, "told"), adds)
    number = record.receipts + 1
    further = RecordKey(f"{standing.key}#{number}")
    return Write(
        standing.key,
        sets={**final, **later, "receipts": number, "told": receipt},
        condition=when.all_of(when.RECEIPTS_AS_READ, *unless),
        given=given,
        removes=leftovers,
        beside=(Write(further, {**final, "receipt": receipt, **settled(further, now)}, condition=when.FREE),),
    )


def _verification(standing: Standing, record: Record, now: float) -> dict[str, Any]:
    """Put a response that was deleted just now on the agenda again, where its policy has it looked for later."""
    if standing.response_id is None or record.verify_after is None:
        return {}
    return due(standing.key, standing.response_id, now + record.verify_after, VERIFY)


def _after_a_deletion(standing: Standing, record: Record, state: str, now: float, audit: Mapping[str, Any]) -> Write:
    """Write a deletion of what was deleted before, and was found again: a further receipt, and what is due stays due.

    Where a hold keeps what was found there is nothing to write down but the end of these messages.
    """
    number = record.receipts + 1
    told = {**audit, "outcome": state, "number": number, "held_at" if state == HELD else "executed_at": now}
    sets = {"told": told, "messages": set(standing.messages)}
    given = when.given(receipts_read=record.receipts)
    if state == HELD:
        return Write(standing.key, sets, when.STILL_VERIFYING, given)
    key = RecordKey(f"{standing.key}#{number}")
    concerns = {name: record.receipt[name] for name in _CONCERNS[1:] if name in record.receipt}
    receipt = {**told, **concerns, "due_at": text_of(min(standing.sent_at / 1000, now))}
    further = Write(key, {"receipt": receipt, "executed_at": now, "state": state, **settled(key, now)}, when.FREE)
    return Write(standing.key, {**sets, "receipts": number}, when.STILL_VERIFYING, given, beside=(further,))


def _concerns(standing: Standing, record: Record, audit: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Return since when the deletion was due, and which persons it concerns: a receipt says so without its record.

    It was due when its date came, or when it was asked for, whichever was earlier.
    """
    dates = [each for each in (record.delete_after, record.asked_at) if each and each <= text_of(now)]
    said: dict[str, Any] = {"due_at": min(dates, default=text_of(min(standing.sent_at / 1000, now)))}
    if "subject" not in audit and record.subject:
        said["subject"] = record.subject
    others = (record.subjects | standing.subjects) - {said.get("subject", audit.get("subject"))}
    return said | ({"subjects": sorted(others)} if others else {})


def _waiting(standing: Standing, record: Record, now: float, audit: Mapping[str, Any]) -> Write:
    """Messages that ended because the response's date had not come: the agenda asks again when it has.

    Of a message that gave the date itself it may have come by another registration, or an earlier end may be asked for:
    what the agenda says then stays. What was registered after its message found nothing is due at once if it is asked
    for.
    """
    asked = record.asked or standing.asked
    waits = not asked and record.delete_after is not None and record.delete_after > text_of(now)
    agenda: dict[str, Any] = {}
    if waits and standing.response_id is not None:
        # Whole: an absence that a faster clock found may have taken it off the agenda.
        agenda = due(standing.key, standing.response_id, now)
        agenda["due_at"] = max(filter(None, (record.due_at, record.delete_after)))
    agenda |= {"due_at": text_of(now)} if standing.asked else {}
    unless = ((when.DATE_AS_READ,) if waits else ()) + ((when.ON_AGENDA,) if standing.asked else ())
    told = {**audit, "outcome": SCHEDULED, "waiting_at": now, "delete_after": record.delete_after}
    return Write(
        standing.key,
        sets={
            **_own(audit),
            "state": WAITING,
            **standing.sets(now),
            "messages": set(standing.messages),
            **agenda,
            "told": told,
        },
        adds=standing.adds,
        removes=("dlq", "owner", "detail", "retried", "held_by"),
        condition=when.all_of(open_to(standing), *unless),
        given={**standing.compared(now), "date_read": record.delete_after},
    )


def _held(standing: Standing, record: Record, now: float, audit: Mapping[str, Any]) -> Write:
    """Make the end of messages that a hold stopped. It blocks no later message. A release finds what it makes due."""
    agenda: dict[str, Any] = {}
    unless: tuple[str, ...] = ()
    if standing.response_id is not None:
        agenda = due(standing.key, standing.response_id, now + LOOKED_AFTER)
        agenda |= {"held_by": standing.held_by or standing.key}
        if record.created_at is None:  # a registration may have named an earlier time meanwhile
            agenda |= {"created_at": text_of(standing.sent_at / 1000)}
            unless = (when.NEVER_CREATED,)
    own = agenda.get("held_by") == standing.key
    return Write(
        standing.key,
        sets={
            **_own(audit),
            "state": HELD,
            **standing.sets(now),
            "messages": set(standing.messages),
            "held_at": now,
            **agenda,
            "told": {**audit, "outcome": HELD, "held_at": now},
        },
        adds=standing.adds,
        removes=("dlq", "owner", "detail", "retried"),
        condition=when.all_of(open_to(standing), *((when.HELD_STILL,) if own else ()), *unless),
        given=standing.compared(now),
    )


def _own(audit: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out what a receipt says of persons and dates: on the record these names are the registry's."""
    return {name: value for name, value in audit.items() if name not in ("subject", "subjects", "due_at")}
