"""Every conditional write about a call that may repeat, against every state that it may meet."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from documents import Written
from ledger import Key, Ledger, Record, RecordKey, Standing, message_chains, receipts
from tests.unit.ledger.conftest import KEY

NOW = 1_795_334_400.0
SENT = 1_795_334_000_000
YES, REFUSED = Written.YES, Written.REFUSED
AUDIT = {"reason": "retention"}


def open_at(redrive: int, copy: int) -> dict[str, Any]:
    return {"state": "open", "redrive": redrive, "copy": copy, "marked_at": NOW}


def ended(state: str, redrive: int, owner: str = "another") -> dict[str, Any]:
    return {"state": state, "redrive": redrive, "copy": 9, "owner": owner, "dlq": "pending", "messages": {"m-0"}}


def absent(sent_at: int) -> dict[str, Any]:
    receipt = {"outcome": "already_absent", "executed_at": NOW - 9, "reason": "retention"}
    receipt |= {"due_at": "2026-11-01T00:00:00.000Z", "subject": "subject#1", "subjects": ["subject#2"]}
    return {"state": "already_absent", "redrive": 0, "receipts": 1, "absent_sent_at": sent_at, "receipt": receipt}


def standing(copy: int = 3, redrive: int = 1) -> Standing:
    return Standing(RecordKey(KEY), redrive, copy, frozenset({"m-1", "m-2"}), sent_at=SENT)


def outcome(state: str, record: Record | None = None) -> Any:
    return receipts.outcome(standing(), record or Record(KEY), state, NOW, AUDIT)


# The writes of a delivery with redrive number 1 and copy number 3, sent at SENT, that read no record.
WRITES = {
    "deleted": outcome("deleted"),
    "already_absent": outcome("already_absent"),
    "held": outcome("held"),
    "watermark": message_chains.watermark(standing(4), NOW, {}),
    "dead-letter": message_chains.dead_lettered(standing(), Record(RecordKey("k")), "me", "rejected", NOW, {}),
    "dead letter sent": message_chains.dead_letter_sent(RecordKey(KEY), "me", frozenset({"m-1"})),
}
FINAL = {"deleted", "already_absent"}
ALL = {*FINAL, "held", "watermark", "dead-letter"}
ALLOWED = {
    "nothing": ({}, ALL),
    "a hold alone": ({"hold": {"case-1"}}, ALL),
    "open, an older redrive": (open_at(0, 9), ALL),
    "open below me": (open_at(1, 2), ALL),
    "open at me": (open_at(1, 3), ALL),
    "open at the retry message": (open_at(1, 4), FINAL),
    "open above the retry message": (open_at(1, 5), FINAL),
    "open, a newer redrive": (open_at(2, 0), FINAL),
    "dead-lettered, an older redrive": (ended("dead_lettered", 0), ALL),
    "dead-lettered, my redrive": (ended("dead_lettered", 1), FINAL),
    "dead-lettered, a newer redrive": (ended("dead_lettered", 2), FINAL),
    "dead-lettered by me": (ended("dead_lettered", 1, "me"), {*FINAL, "dead letter sent"}),
    "held, an older redrive": (ended("held", 0), ALL),
    "held, my redrive": (ended("held", 1), FINAL),
    "held, a newer redrive": (ended("held", 2), FINAL),
    "deleted": ({"state": "deleted", "receipts": 1}, set[str]()),
    "absent before": (absent(SENT - 1), {"held", "watermark", "dead-letter"}),
    "absent at my time": (absent(SENT), set[str]()),
    "absent later": (absent(SENT + 1), set[str]()),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("what", ALLOWED)
def test_outcomes_beat_all_else_and_newer_messages_beat_older_ones(
    store: Ledger, given: Callable[..., Record], what: str, name: str
) -> None:
    stored, allowed = ALLOWED[what]
    before = given(**stored)

    written = store.write(WRITES[name])

    assert written is (YES if name in allowed else REFUSED)
    assert store.get(KEY).hold == before.hold
    if written is REFUSED:
        assert store.get(KEY) == before


def test_a_dead_letter_leaves_no_time_alone_on_a_record_that_left_the_agenda_meanwhile(
    store: Ledger, given: Callable[..., Record]
) -> None:
    agenda = {"due_shard": "due#00", "due_at": "2026-11-22T08:00:00.000Z"}
    write = message_chains.dead_lettered(standing(), Record(KEY, due_shard="due#00"), "me", "rejected", NOW, {})

    given(**absent(SENT - 1))
    assert store.write(write) is REFUSED
    assert given().due_at is None

    given(**agenda)
    assert store.write(write) is YES
    assert str(given().due_at) > agenda["due_at"]


def test_a_receipt_keeps_nothing_of_a_dead_letter(store: Ledger, given: Callable[..., Record]) -> None:
    given(**ended("dead_lettered", 1), detail="HTTP 400", expires_at=NOW, retried={"m-0"})
    store.write(receipts.outcome(standing(), Record(KEY), "deleted", NOW, AUDIT | {"attempt": 2}))

    record = store.get(KEY)
    assert (record.state, record.reason, record.attempt) == ("deleted", "retention", 2)
    assert (record.dlq, record.owner, record.expires_at) == (None, None, None)
    assert (record.messages, record.retried) == (frozenset(), frozenset())
    assert "detail" not in record.rest
    assert {name: record.receipt[name] for name in ("outcome", "executed_at", "reason", "attempt")} == {
        "outcome": "deleted",
        "executed_at": NOW,
        "reason": "retention",
        "attempt": 2,
    }


@pytest.mark.parametrize("name", ["already_absent", "held", "dead-letter", "listed", "waiting"])
def test_an_end_drops_what_was_retried_before_it(store: Ledger, given: Callable[..., Record], name: str) -> None:
    others = {
        "listed": receipts.outcome(standing(), Record(RecordKey(KEY)), "done", NOW, AUDIT),
        "waiting": receipts.outcome(standing(), Record(RecordKey(KEY)), "scheduled", NOW, AUDIT),
    }
    given(**open_at(1, 2), retried={"1:m-0"})

    assert store.write({**WRITES, **others}[name]) is YES
    assert store.get(KEY).retried == frozenset()


def test_a_watermark_over_an_older_dead_letter_opens_the_key_without_its_leftovers(
    store: Ledger, given: Callable[..., Record]
) -> None:
    given(**ended("dead_lettered", 0))
    store.write(message_chains.watermark(standing(4), NOW, {"attempt": 1}))

    record = store.get(KEY)
    assert (record.state, record.watermark, record.marked_at, record.attempt) == ("open", (1, 4), NOW, 1)
    assert (record.dlq, record.owner, record.messages) == (None, None, frozenset())


def test_what_is_found_absent_again_only_answers_more(store: Ledger, given: Callable[..., Record]) -> None:
    before = given(**absent(SENT - 1), dlq="sent")

    assert store.write(outcome("already_absent", before)) is YES

    record = store.get(KEY)
    assert (record.state, record.absent_sent_at, record.receipts) == ("already_absent", SENT, 1)
    assert (record.receipt, record.rest["executed_at"], record.dlq) == (before.receipt, NOW - 9, None)
    assert store.write(outcome("already_absent", before)) is REFUSED


def test_a_deletion_after_an_absence_gets_a_receipt_of_its_own_beside_the_first(
    store: Ledger, given: Callable[..., Record]
) -> None:
    before = given(**absent(SENT - 1))

    assert store.write(outcome("deleted", before)) is YES

    record, further = store.get(KEY), store.get(RecordKey(f"{KEY}#2"))
    assert (record.state, record.receipts, record.receipt) == ("deleted", 2, before.receipt)
    assert (further.state, further.receipt["outcome"]) == ("deleted", "deleted")
    assert store.write(outcome("deleted", before)) is REFUSED


def test_what_a_receipt_says_of_its_record_stays_in_it(store: Ledger, given: Callable[..., Record]) -> None:
    """The record's own are the agenda's date, the registration's person, and the people of all messages."""
    agenda = {"response_id": "r", "due_shard": "due#01", "due_at": "2026-12-24T00:00:00.000Z", "due_for": "delete"}
    before = given(**absent(SENT - 1), **agenda, registered_sent_at=SENT - 1, subject="subject#3")

    assert store.write(outcome("already_absent", before)) is YES

    record = store.get(KEY)
    assert (record.due_at, record.subject, record.subjects) == (None, "subject#3", frozenset())


def test_a_further_receipt_is_not_on_the_agenda(store: Ledger, given: Callable[..., Record]) -> None:
    before = given(**absent(SENT - 1), verify_after=60)
    mine = replace(standing(), response_id=Key("r"))

    assert store.write(receipts.outcome(mine, before, "deleted", NOW, AUDIT)) is YES

    record, further = store.get(KEY), store.get(RecordKey(f"{KEY}#2"))
    assert (record.due_for, record.response_id) == ("verify", "r")
    assert (further.due_shard, further.response_id) == (None, None)


def test_a_further_receipt_is_written_with_its_record_or_not_at_all(
    store: Ledger, given: Callable[..., Record]
) -> None:
    before = given(**absent(SENT - 1))
    taken = given(key=f"{KEY}#2", state="deleted")

    assert store.write(outcome("deleted", before)) is REFUSED
    assert store.get(KEY) == before
    assert store.get(RecordKey(f"{KEY}#2")) == taken


def test_a_hold_never_raises_the_time_at_which_a_response_was_created(
    store: Ledger, given: Callable[..., Record]
) -> None:
    unregistered = replace(standing(), response_id=Key("resp_1"), held_by=RecordKey("subject#1"))
    write = receipts.outcome(unregistered, Record(KEY), "held", NOW, AUDIT)
    given(created_at="2020-01-01T00:00:00.000Z")

    assert store.write(write) is REFUSED
    again = receipts.outcome(unregistered, store.get(KEY), "held", NOW, AUDIT)
    assert store.write(again) is YES
    assert store.get(KEY).created_at == "2020-01-01T00:00:00.000Z"
