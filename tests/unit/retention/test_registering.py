"""Registering a response: which registration stands, what the others add, and when its record comes due."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from documents import Written
from ledger import Keys, Ledger, Record, RecordKey, Write
from ledger.agenda import text_of
from ledger.registration import Registration
from retention.registering import register
from tests.support.clock import FakeClock
from tests.support.kit import Kit

KEYS = Keys("a secret that no one knows")
KEY = KEYS.key("response", "resp_1")
ALICE, BOB = (KEYS.key("subject", name) for name in ("alice", "bob"))
SENT = 1_763_800_000_000
"""When the message was sent, in ms."""
NOW = SENT / 1000 + 60
DAY = 86_400.0

FIRST = Registration("resp_1", SENT, "aa", subject=ALICE, delete_after=NOW + DAY)
SECOND = replace(FIRST, sent_at=SENT + 1, body_hash="bb", subject=BOB, delete_after=NOW + 2 * DAY)


@pytest.fixture
def store(kit: Kit) -> Ledger:
    """A store on an empty table."""
    return Ledger(kit.spectator, kit.stock.table(), FakeClock().sleep)


def registered(store: Ledger, *registrations: Registration, now: float = NOW) -> Record:
    """Register each in turn; the record afterwards."""
    for registration in registrations:
        for write in register(registration, store, KEYS, now):
            assert store.write(write) is Written.YES
    return store.get(KEY)


def put(store: Ledger, key: RecordKey, **attributes: Any) -> None:
    assert store.write(Write(key, sets=attributes)) is Written.YES


def test_a_registered_response_is_on_the_agenda_and_found_by_its_person_and_its_parent(kit: Kit, store: Ledger) -> None:
    record = registered(store, replace(FIRST, previous="resp_0", policy="short"))

    assert (record.response_id, record.due_for, record.due_at) == ("resp_1", "delete", text_of(NOW + DAY))
    assert (record.subject, record.rest["policy"]) == (ALICE, "short")
    assert record.subjects == {ALICE}
    assert (record.delete_after, record.created_at) == (text_of(NOW + DAY), text_of(SENT / 1000))
    assert record.due_shard in {f"due#{shard:02d}" for shard in range(8)}
    for index, value in (("subject", ALICE), ("parent", KEYS.key("response", "resp_0"))):
        found = kit.spectator.query(
            TableName=store._table,
            IndexName=index,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": index},
            ExpressionAttributeValues={":key": {"S": value}},
        )
        assert [item["key"]["S"] for item in found["Items"]] == [KEY]


def test_a_registration_read_before_a_deletion_found_nothing_leaves_no_id_without_an_agenda(store: Ledger) -> None:
    registered(store, FIRST)
    (again,) = register(replace(FIRST, sent_at=SENT + 1), store, KEYS, NOW)
    gone = Write(
        KEY,
        sets={"state": "already_absent", "absent_sent_at": SENT},
        removes=("response_id", "due_shard", "due_at", "due_for"),
    )
    assert store.write(gone) is Written.YES

    assert store.write(again) is Written.REFUSED
    assert (store.get(KEY).response_id, store.get(KEY).due_shard) == (None, None)


def test_what_has_no_date_is_looked_at_when_the_service_has_forgotten_it(store: Ledger) -> None:
    record = registered(store, replace(FIRST, delete_after=None))

    assert (record.delete_after, record.due_at) == (None, text_of(SENT / 1000 + 30 * DAY))


@pytest.mark.draft(15)
@pytest.mark.parametrize("order", list(permutations((FIRST, SECOND, replace(SECOND, body_hash="ab", policy="x")))))
def test_the_later_registration_stands_whatever_order_they_arrive_in(
    store: Ledger, order: tuple[Registration, ...]
) -> None:
    record = registered(store, *order)

    assert (record.registered_sent_at, record.registered_hash) == (SENT + 1, "bb")
    assert (record.subject, record.delete_after, record.rest.get("policy")) == (BOB, text_of(NOW + 2 * DAY), None)
    assert record.subjects == {ALICE, BOB}
    assert record.due_at == record.delete_after
    assert record.created_at == text_of(SENT / 1000)


@pytest.mark.draft(19)
def test_a_registration_that_names_no_person_keeps_the_person_that_stands(store: Ledger) -> None:
    assert registered(store, FIRST, replace(SECOND, subject=None)).subject == ALICE


def test_the_least_time_of_creation_that_any_registration_names_stands(store: Ledger) -> None:
    early = replace(FIRST, created_at=NOW - 5 * DAY)

    assert registered(store, SECOND, early).created_at == text_of(NOW - 5 * DAY)
    assert registered(store, replace(SECOND, sent_at=SENT + 2)).created_at == text_of(NOW - 5 * DAY)


def test_an_unchanged_date_leaves_the_agenda_as_it_is(store: Ledger) -> None:
    registered(store, FIRST)
    put(store, KEY, due_at="2030-01-01T00:00:00.000Z")

    assert registered(store, replace(SECOND, delete_after=FIRST.delete_after)).due_at == "2030-01-01T00:00:00.000Z"


def test_registering_once_more_changes_nothing(store: Ledger) -> None:
    first = registered(store, FIRST)

    assert registered(store, FIRST, now=NOW + 5) == first


@pytest.mark.parametrize(
    "registrations",
    [(FIRST,), (SECOND, FIRST), (FIRST, SECOND), (FIRST, replace(SECOND, subject=None))],
    ids=["their own", "an earlier one of theirs", "a later one for another", "a later one for nobody"],
)
def test_what_a_person_who_is_erased_had_created_is_asked_to_go_and_due_now(
    store: Ledger, registrations: tuple[Registration, ...]
) -> None:
    *before, last = registrations
    registered(store, *before)
    put(store, ALICE, erased_at=text_of(SENT / 1000))

    record = registered(store, last, now=NOW + 9)

    assert record.asked == {"erasure"}
    assert record.due_at == text_of(NOW + 9)


def test_an_earlier_time_that_is_named_for_another_brings_a_response_under_its_own_person_s_erasure(
    store: Ledger,
) -> None:
    put(store, BOB, erased_at=text_of(SENT / 1000 - 5))
    assert not registered(store, SECOND).asked

    record = registered(store, replace(FIRST, created_at=SENT / 1000 - 9), now=NOW + 9)

    assert (record.subject, record.asked, record.due_at) == (BOB, frozenset({"erasure"}), text_of(NOW + 9))


def test_what_is_created_after_an_erasure_keeps_its_date(store: Ledger) -> None:
    put(store, ALICE, erased_at=text_of(SENT / 1000 - 1))

    record = registered(store, FIRST)

    assert not record.asked
    assert record.due_at == text_of(NOW + DAY)


def test_who_is_asked_to_go_stays_due_whatever_date_a_later_registration_gives(store: Ledger) -> None:
    registered(store, FIRST)
    store.write(Write(KEY, sets={}, adds={"asked": {"manual"}}))

    assert registered(store, SECOND, now=NOW + 9).due_at == text_of(NOW + 9)


def test_nothing_is_registered_over_a_deletion(store: Ledger) -> None:
    put(store, KEY, state="deleted")

    assert register(FIRST, store, KEYS, NOW) == ()


def test_what_was_found_absent_is_registered_only_by_what_was_sent_later(store: Ledger) -> None:
    put(store, KEY, state="already_absent", absent_sent_at=SENT)

    assert registered(store, FIRST).response_id is None
    assert registered(store, SECOND).response_id == "resp_1"


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"registered_sent_at": SENT - 1, "registered_hash": "00", "created_at": text_of(0)},
        {"subject": BOB},
        {"state": "deleted"},
        {"asked": {"erasure"}},
    ],
    ids=["registered", "another person", "deleted", "asked to go"],
)
def test_a_registration_is_refused_where_another_writer_was_quicker(store: Ledger, meanwhile: dict[str, Any]) -> None:
    (write,) = register(FIRST, store, KEYS, NOW)
    put(store, KEY, **meanwhile)

    assert store.write(write) is Written.REFUSED
