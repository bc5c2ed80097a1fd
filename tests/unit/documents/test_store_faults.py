"""Reads and writes on a Document API that is busy, refuses, or says nothing."""

import pytest

from documents import TableUnavailable, Written
from documents.time_budget import Budget
from documents.writes import Write
from tests.support.clock import FakeClock
from tests.support.kit import Kit
from tests.support.seam import Action, cancelled, fails, half_unprocessed, passes, refused, throttled, unseen
from tests.unit.documents.conftest import Documents
from tests.unit.documents.test_store import writes

YES, REFUSED, UNKNOWN = Written.YES, Written.REFUSED, Written.UNKNOWN

BUSY: list[Action] = [
    throttled,
    fails("ProvisionedThroughputExceededException"),
    fails("RequestLimitExceeded"),
    fails("TransactionConflictException"),
    fails("TransactionInProgressException"),
]


def documents(kit: Kit, table: str, budget: Budget | None = None) -> Documents:
    """As an invocation has it."""
    return Documents(kit.dynamodb, table, FakeClock().sleep, budget)


@pytest.mark.parametrize("action", [refused, unseen, fails("InternalServerError", 500)])
def test_a_read_is_tried_twice_and_then_says_that_it_failed(kit: Kit, table: str, action: Action) -> None:
    kit.ledger.arm("BatchGetItem", action, action)
    kit.ledger.arm("GetItem", action, action)

    with pytest.raises(TableUnavailable):
        documents(kit, table).get_many(["key-1"])
    with pytest.raises(TableUnavailable):
        documents(kit, table).get("key-1")
    assert kit.ledger.operations() == ["BatchGetItem"] * 2 + ["GetItem"] * 2


@pytest.mark.parametrize("action", [refused, unseen, fails("InternalServerError", 500), fails("Unknown", 502)])
def test_one_silence_keeps_no_read_from_its_answer(kit: Kit, store: Documents, action: Action) -> None:
    store.write(Write("key-1", sets={"state": "deleted"}))
    kit.ledger.arm("BatchGetItem", action)
    kit.ledger.arm("GetItem", action)

    assert store.get("key-1").state == "deleted"
    assert store.get_many(["key-1"])["key-1"].state == "deleted"


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"])
def test_a_read_that_is_refused_says_so_at_once(kit: Kit, store: Documents, clock: FakeClock, code: str) -> None:
    kit.ledger.arm("GetItem", fails(code))

    with pytest.raises(TableUnavailable, match=code):
        store.get("key-1")
    assert (kit.ledger.operations(), clock.slept) == (["GetItem"], [])


@pytest.mark.parametrize("action", BUSY)
def test_a_busy_service_is_asked_four_times_for_a_record(
    kit: Kit, store: Documents, clock: FakeClock, action: Action
) -> None:
    store.write(Write("key-1", sets={"state": "deleted"}))
    kit.ledger.arm("GetItem", *[action] * 3)
    kit.ledger.arm("BatchGetItem", *[action] * 3)

    assert store.get("key-1").state == "deleted"
    assert store.get_many(["key-1"])["key-1"].state == "deleted"
    assert clock.slept == pytest.approx([0.1, 0.2, 0.4] * 2)


@pytest.mark.parametrize("action", BUSY)
def test_a_read_from_a_service_that_stays_busy_says_so(
    kit: Kit, store: Documents, clock: FakeClock, action: Action
) -> None:
    kit.ledger.arm("GetItem", *[action] * 4)
    kit.ledger.arm("BatchGetItem", *[action] * 4)

    with pytest.raises(TableUnavailable):
        store.get("key-1")
    with pytest.raises(TableUnavailable):
        store.get_many(["key-1"])
    assert kit.ledger.operations() == ["GetItem"] * 4 + ["BatchGetItem"] * 4
    assert sum(clock.slept) <= 2


def test_what_a_read_leaves_out_again_and_again_is_not_taken_for_absent(
    kit: Kit, store: Documents, clock: FakeClock
) -> None:
    kit.ledger.arm("BatchGetItem", *[half_unprocessed] * 4)

    with pytest.raises(TableUnavailable):
        store.get_many(f"key-{n}" for n in range(100))
    assert 0 < sum(clock.slept) <= 1


def test_a_write_that_fails_alone_leaves_the_others_settled(kit: Kit, store: Documents) -> None:
    kit.ledger.arm("TransactWriteItems", fails("ValidationException"))
    kit.ledger.arm("UpdateItem", *[throttled] * 4)

    assert store.write_all(writes(3)) == [UNKNOWN, YES, YES]


@pytest.mark.parametrize(
    "action", [throttled, cancelled("None", "TransactionConflict"), cancelled("ThrottlingError", "None")]
)
def test_a_busy_service_gets_a_transaction_again_as_one(kit: Kit, store: Documents, action: Action) -> None:
    kit.ledger.arm("TransactWriteItems", action, action)

    assert store.write_all(writes(2)) == [YES, YES]
    assert kit.ledger.operations() == ["TransactWriteItems"] * 3


@pytest.mark.parametrize("action", BUSY)
def test_a_write_that_a_busy_service_refuses_is_tried_four_times(
    kit: Kit, store: Documents, clock: FakeClock, action: Action
) -> None:
    kit.ledger.arm("UpdateItem", *[action] * 3)

    assert store.write(writes(1)[0]) is YES
    assert clock.slept == pytest.approx([0.1, 0.2, 0.4])


@pytest.mark.parametrize("action", BUSY)
def test_a_write_that_a_busy_service_refuses_each_time_is_unknown(kit: Kit, store: Documents, action: Action) -> None:
    kit.ledger.arm("UpdateItem", *[action] * 4)

    assert store.write(writes(1)[0]) is UNKNOWN
    assert len(kit.ledger.seen) == 4


SILENT: dict[str, list[Action]] = {"nobody listens": [refused] * 200, "answers are lost": [unseen] * 200}


@pytest.mark.parametrize("how", SILENT)
def test_a_silent_ledger_is_asked_a_few_times_for_a_hundred_writes(kit: Kit, store: Documents, how: str) -> None:
    for operation in ("TransactWriteItems", "UpdateItem"):
        kit.ledger.arm(operation, *SILENT[how])

    assert store.write_all(writes(100)) == [UNKNOWN] * 100
    assert kit.ledger.operations() == ["TransactWriteItems"] * 2
    kit.ledger.reset()


def test_a_ledger_that_falls_silent_leaves_what_it_confirmed_confirmed(kit: Kit, store: Documents) -> None:
    kit.ledger.arm("TransactWriteItems", passes, refused, refused)

    assert store.write_all(writes(100)) == [YES] * 25 + [UNKNOWN] * 75
    assert kit.ledger.operations() == ["TransactWriteItems"] * 3


def test_a_ledger_that_stays_busy_is_given_up_as_soon(kit: Kit, store: Documents, clock: FakeClock) -> None:
    kit.ledger.arm("TransactWriteItems", *[throttled] * 500)

    assert store.write_all(writes(100)) == [UNKNOWN] * 100
    assert kit.ledger.operations() == ["TransactWriteItems"] * 8
    assert sum(clock.slept) < 2
    kit.ledger.reset()


def test_silences_with_an_answer_between_them_give_nothing_up(kit: Kit, store: Documents) -> None:
    kit.ledger.arm("TransactWriteItems", refused, passes, unseen, passes, refused, passes)

    assert store.write_all(writes(75)) == [YES] * 25 + [REFUSED] * 25 + [YES] * 25


def test_a_ledger_that_was_silent_before_is_asked_only_by_who_insists(kit: Kit, store: Documents) -> None:
    kit.ledger.arm("GetItem", refused, refused)
    with pytest.raises(TableUnavailable):
        store.get("key-1")

    assert store.write(writes(1)[0]) is UNKNOWN
    assert store.write_all(writes(3)) == [UNKNOWN] * 3
    with pytest.raises(TableUnavailable):
        store.get_many(["key-1"])
    assert kit.ledger.operations() == ["GetItem", "GetItem"]
    assert store.write(writes(1)[0], insist=True) is YES
    assert store.get("key-0").state == "deleted"


@pytest.mark.parametrize("left", [0.0, 2.9])
def test_nothing_is_begun_that_could_outlast_the_invocation(kit: Kit, table: str, left: float) -> None:
    store = documents(kit, table, Budget(lambda: left, longest=3))

    assert store.write_all(writes(30)) == [UNKNOWN] * 30
    assert store.write(writes(1)[0], insist=True) is UNKNOWN
    with pytest.raises(TableUnavailable, match="time"):
        store.get("key-0")
    assert kit.ledger.seen == []


@pytest.mark.parametrize(
    ("action", "state"),
    [(refused, None), (fails("InternalServerError", 500), None), (unseen, "deleted")],
)
def test_a_write_without_a_clear_answer_is_unknown_whether_it_was_applied_or_not(
    kit: Kit, store: Documents, action: Action, state: str | None
) -> None:
    kit.ledger.arm("UpdateItem", action)

    assert store.write(writes(1)[0]) is UNKNOWN
    assert store.get("key-0").state == state


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        ([throttled] * 4, "ThrottlingException"),
        ([fails("ValidationException")], "ValidationException"),
        ([refused], "EndpointConnectionError"),
    ],
)
def test_failures_are_logged_by_name_and_without_what_the_service_says(
    kit: Kit, store: Documents, caplog: pytest.LogCaptureFixture, actions: list[Action], told: str
) -> None:
    kit.ledger.arm("UpdateItem", *actions)
    store.write(Write("key-0", sets={"detail": "planted"}))

    assert told in caplog.text
    assert "made up" not in caplog.text
    assert "planted" not in caplog.text
