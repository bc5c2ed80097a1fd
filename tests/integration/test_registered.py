"""Deletions of registered responses: their receipts take the records off the agenda, and the raw ids with it."""

import pytest

from ledger import Record
from ledger.agenda import text_of
from ledger.registration import Registration
from ledger.states import WAITING
from retention.registering import register
from tests.integration.steps import delete, deletion
from tests.support.bench import Bench


def registered(bench: Bench, later: int = 0, until: float | None = None) -> Registration:
    """Register the response for a person, by a message that was sent so many ms after now; with a date if it has one."""
    subject, sent_at = bench.keys.key("subject", "alice"), round(bench.clock.now() * 1000) + later
    registration = Registration("resp_1", sent_at, "aa", subject=subject, delete_after=until)
    for write in register(registration, bench.holds._store, bench.keys, bench.clock.now()):
        bench.holds._store.write(write)
    return registration


def agenda(record: Record) -> set[str | None]:
    return {record.response_id, record.due_shard, record.due_at, record.due_for}


@pytest.mark.parametrize("there", [True, False], ids=["deleted", "absent"])
def test_a_receipt_takes_the_record_off_the_agenda_and_keeps_its_person(deletions: Bench, there: bool) -> None:
    if there:
        deletions.studio.seed("resp_1")
    registered(deletions)

    assert delete(deletions) == [("done", "deleted" if there else "already_absent")]

    record = deletions.record("resp_1")
    assert agenda(record) == {None}
    assert record.subject == deletions.keys.key("subject", "alice")


def test_a_deletion_for_another_person_leaves_the_registered_one_on_the_record(deletions: Bench) -> None:
    registered(deletions)

    deletions.deliver(deletions.message({"response_id": "resp_1", "subject": "bob"}))

    record = deletions.record("resp_1")
    assert record.subject == deletions.keys.key("subject", "alice")
    assert record.receipt["subject"] == deletions.keys.key("subject", "bob")


@pytest.mark.draft(11)
def test_an_absence_takes_nothing_off_the_agenda_that_was_registered_after_its_message(deletions: Bench) -> None:
    early = deletion(deletions)
    later = registered(deletions, later=1)
    due = deletions.record("resp_1").due_at

    assert deletions.deliver(early).ends == [("done", "scheduled")]
    record = deletions.record("resp_1")
    assert (record.state, record.receipts, record.due_at) == (WAITING, 0, due)
    assert None not in agenda(record)

    deletions.clock.advance(60)
    assert delete(deletions) == [("done", "already_absent")]
    assert agenda(deletions.record("resp_1")) == {None}
    assert later.sent_at < deletions.record("resp_1").absent_sent_at


def test_what_a_faster_clock_found_absent_waits_for_its_date_with_its_whole_agenda(deletions: Bench) -> None:
    until = deletions.clock.now() + 200
    registered(deletions, until=until)
    deletions.clock.advance(250)
    assert delete(deletions) == [("done", "already_absent")]
    deletions.clock.advance(1)
    later = deletion(deletions)
    deletions.clock.advance(-150)

    assert deletions.deliver(later).ends == [("done", "scheduled")]

    record = deletions.record("resp_1")
    assert (record.response_id, record.due_at, record.due_for) == ("resp_1", text_of(until), "delete")
    assert record.due_shard


@pytest.mark.draft(10)
def test_an_absence_is_read_again_where_a_registration_came_between(deletions: Bench) -> None:
    early = deletion(deletions)

    class Registering:
        """Registers the response while its deletion is called."""

        def delete(self, response_id: str, timeout: float) -> object:
            registered(deletions, later=1)
            return deletions.client.delete(response_id, timeout)

    assert deletions.deliver(early, client=Registering()).ends == [("deferred", None)]
    assert deletions.deliver(*deletions.take_retry_messages()).ends == [("done", "scheduled")]
    assert None not in agenda(deletions.record("resp_1"))


def test_what_was_registered_after_a_message_that_found_nothing_is_due_at_once_where_that_asks_for_it(
    deletions: Bench,
) -> None:
    early = deletions.message({"response_id": "resp_1", "reason": "manual"})
    registered(deletions, later=1)

    assert deletions.deliver(early).ends == [("done", "scheduled")]

    record = deletions.record("resp_1")
    assert (record.state, record.asked, record.due_at) == (
        WAITING,
        frozenset({"manual"}),
        text_of(deletions.clock.now()),
    )


def test_a_deletion_that_is_dead_lettered_leaves_the_record_on_the_agenda(deletions: Bench) -> None:
    registration = registered(deletions)
    deletions.studio.fault(status=400, times=1)

    assert delete(deletions) == [("dead_lettered", "rejected")]

    record = deletions.record("resp_1")
    assert record.response_id == registration.response_id
    assert record.subject == registration.subject
