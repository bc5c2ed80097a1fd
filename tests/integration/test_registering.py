"""Registering through the queue: what its messages put on the response's record, and what happens to odd ones."""

from typing import Any

import pytest

from ledger import Record
from ledger.agenda import text_of
from ledger.states import DELETED
from tests.support.bench import Bench
from tests.support.functions import bench_of
from tests.support.kit import Kit
from tests.support.messages import again
from tests.support.observations import reasons
from tests.support.seam import refused, unseen

DAY = 86_400.0


@pytest.fixture
def bench(kit: Kit) -> Bench:
    return bench_of("register_response", kit)


def registered(bench: Bench, response_id: str = "resp_1") -> Record:
    return bench.record_at(bench.keys.key("response", response_id))


def deliver(bench: Bench, **message: Any) -> list[tuple[str, str | None]]:
    return bench.deliver(bench.message({"response_id": "resp_1"} | message)).ends


def test_a_registered_response_is_due_when_the_default_policy_says(bench: Bench) -> None:
    sent = bench.clock.now()

    assert deliver(bench) == [("done", "done")]

    record = registered(bench)
    assert (record.due_for, record.due_at, record.response_id) == ("delete", text_of(sent + 30 * DAY), "resp_1")
    assert (record.rest["policy"], record.verify_after, record.cascade) == ("default", DAY, False)


def test_a_date_counts_from_when_the_response_was_created(bench: Bench) -> None:
    created = bench.clock.now() - 3_600

    deliver(bench, policy="session", created_at=text_of(created))

    record = registered(bench)
    assert (record.due_at, record.cascade, record.verify_after) == (text_of(created + DAY), True, 3_600)


def test_its_person_its_parent_and_its_conversation_are_known_by_their_hashes(bench: Bench) -> None:
    deliver(bench, subject="user-1", previous_response_id="resp_0", conversation="conv_1")

    record = registered(bench)
    assert record.subject == bench.keys.key("subject", "user-1")
    assert record.rest["parent"] == bench.keys.key("response", "resp_0")
    assert record.conversation == bench.keys.key("conversation", "conv_1")
    stored = str(bench.records())
    assert not [name for name in ("user-1", "resp_0", "conv_1") if name in stored]


def test_a_result_says_what_was_fixed_without_an_id(bench: Bench) -> None:
    deliver(bench, policy="session")

    (result,) = bench.results()
    until = text_of(bench.clock.now() + DAY)
    assert result["data"] == {"outcome": "registered", "delete_after": until, "policy": "session"}
    assert "resp_1" not in str(result)


def test_an_earlier_registration_that_arrives_late_changes_no_date(bench: Bench) -> None:
    earlier = bench.message({"response_id": "resp_1", "policy": "session"})
    bench.clock.advance(60)
    deliver(bench)
    due = registered(bench).due_at

    assert bench.deliver(earlier).ends == [("done", "done")]
    assert registered(bench).due_at == due
    assert [result["data"]["outcome"] for result in bench.results()] == ["registered", "superseded"]


def test_a_response_that_is_deleted_is_not_registered_any_more(bench: Bench, deletions: Bench) -> None:
    deletions.table, deletions.keys = bench.table, bench.keys
    deletions.studio.seed("resp_1")
    deletions.deliver(deletions.message({"response_id": "resp_1"}))
    bench.clock.advance(60)

    deliver(bench)

    assert (registered(bench).state, registered(bench).due_shard) == (DELETED, None)
    assert bench.results()[0]["data"]["outcome"] == "deleted"


@pytest.mark.parametrize(
    "message",
    [{"policy": "for-ever"}, {"policy": "session", "delete_after": "2027-01-01T00:00:00Z"}, {"subject": ""}],
    ids=["no such policy", "two dates", "nobody"],
)
def test_what_can_t_be_dated_is_dead_lettered_under_its_message_id(bench: Bench, message: dict[str, Any]) -> None:
    assert deliver(bench, **message) == [("dead_lettered", "invalid_message")]
    assert reasons(bench.dead_letters()) == ["invalid_message"]
    assert registered(bench).due_at is None


def test_many_messages_with_a_policy_that_is_not_there_are_no_fault_of_the_deployment(bench: Bench) -> None:
    entries = [bench.message({"response_id": f"resp_{number}", "policy": "for-ever"}) for number in range(5)]

    assert bench.deliver(*entries).ends == [("dead_lettered", "invalid_message")] * 5


@pytest.mark.row(4)
@pytest.mark.row(21)
def test_a_write_whose_answer_is_lost_registers_once_and_the_message_returns_until_it_is_sure(bench: Bench) -> None:
    message = bench.message({"response_id": "resp_1"})
    bench.ledger.arm("UpdateItem", *[unseen] * 5)

    assert bench.deliver(message).ends == [("unsettled", "ledger")]
    bench.ledger.reset()
    assert bench.deliver(again(message)).ends == [("done", "done")]
    assert registered(bench).due_for == "delete"


def test_a_ledger_that_is_busy_is_no_defect(bench: Bench) -> None:
    bench.ledger.arm("GetItem", *[refused] * 5)

    delivered = bench.deliver(bench.message({"response_id": "resp_1"}))

    assert delivered.ends == [("unsettled", "ledger")]
    assert not [line for line in delivered.lines if "defect" in str(line)]
    bench.ledger.reset()


def test_nothing_is_called(bench: Bench) -> None:
    deliver(bench, subject="user-1")

    assert bench.calls() == 0
