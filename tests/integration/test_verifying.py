"""Verification: a deleted response is looked for, deleted again where it is there again, and dead-lettered at last."""

from typing import Any

import pytest

from documents import Written
from ledger import Write
from ledger.agenda import text_of
from ledger.states import DELETED, MOST_ASKED
from tests.support.kit import Kit
from tests.support.messages import again
from tests.support.observations import reasons
from tests.support.retention import Retention
from tests.support.seam import after, killed_after, killed_before, unseen

HOUR, DAY = 3_600.0, 86_400.0


@pytest.fixture
def all_(kit: Kit) -> Retention:
    """A response that was deleted for its date, and is to be looked for an hour later."""
    all_ = Retention(kit)
    all_.register("resp_1", until=all_.clock.now(), verify_after=HOUR)
    all_.clock.advance(1)
    all_.sweep()
    assert all_.work() == [("done", "deleted")]
    return all_


def verify(all_: Retention) -> list[tuple[str, str | None]]:
    """Let the hour pass, and the sweep send."""
    all_.clock.advance(HOUR)
    all_.sweep()
    bench = all_.benches["verify_deletion"]
    return bench.deliver(*bench.take_retry_messages()).ends


def receipts(all_: Retention) -> list[str]:
    """The outcomes of a response's receipts, the first one first."""
    records = sorted((item["key"]["S"], item) for item in all_.deletions.records() if "receipt" in item)
    return [item["receipt"]["M"]["outcome"]["S"] for _, item in records]


def test_a_deletion_leaves_the_response_on_the_agenda_where_its_policy_has_it_looked_for(all_: Retention) -> None:
    record = all_.record("resp_1")
    assert (record.state, record.due_for, record.response_id) == (DELETED, "verify", "resp_1")
    assert record.due_at == text_of(all_.clock.now() + HOUR)


def test_what_was_gone_already_is_not_looked_for(all_: Retention) -> None:
    all_.register("resp_2", until=all_.clock.now(), verify_after=HOUR)
    all_.deletions.client.delete("resp_2", 30)
    all_.clock.advance(1)

    assert all_.deliver("delete_response", {"response_id": "resp_2"}) == [("done", "already_absent")]
    assert (all_.record("resp_2").due_for, all_.record("resp_2").response_id) == (None, None)


@pytest.mark.draft(5)
@pytest.mark.draft(12)
def test_what_stays_away_has_a_further_receipt_and_nothing_left_to_be_called(all_: Retention) -> None:
    first = all_.record("resp_1").receipt

    assert verify(all_) == [("done", "done")]

    record = all_.record("resp_1")
    assert (record.receipt, record.receipts, record.rest["verified_at"]) == (first, 2, all_.clock.now())
    assert (record.response_id, record.due_shard, record.due_at, record.due_for) == (None, None, None, None)
    assert receipts(all_) == ["deleted", "verified_absent"]
    assert [said["outcome"] for said in all_.results("verify_deletion")] == ["verified_absent"]
    all_.pass_time(2 * DAY, step=DAY)
    assert len(all_.studio.requests("resp_1")) == 2


def test_what_is_there_again_is_deleted_again_and_looked_for_again(all_: Retention) -> None:
    all_.studio.seed("resp_1")

    assert verify(all_) == [("done", "done")]
    assert all_.work() == [("done", "deleted")]

    assert all_.studio.stored() == []
    assert receipts(all_) == ["deleted", "deleted"]
    assert all_.record("resp_1").due_at == text_of(all_.clock.now() + HOUR)
    assert verify(all_) == [("done", "done")]
    assert receipts(all_) == ["deleted", "deleted", "verified_absent"]
    results = [result for result in all_.deletions.results() if result["data"]["outcome"] == "deleted"]
    assert len({result["id"] for result in results}) == 2
    assert results[-1]["data"]["reason"] == "verification"


def test_the_third_time_people_have_to_look_and_then_once_a_week(all_: Retention) -> None:
    ends = []
    for _ in range(3):
        all_.studio.seed("resp_1")
        ends += verify(all_)
        all_.work()

    assert ends == [("done", "done"), ("done", "done"), ("dead_lettered", "resurrected")]
    assert all_.record("resp_1").due_at == text_of(all_.clock.now() + 7 * DAY)
    assert [said["times"] for said in all_.results("verify_deletion")] == [1, 2, 3]
    all_.pass_time(8 * DAY, step=DAY)
    assert reasons(all_.benches["verify_deletion"].dead_letters()) == ["resurrected"] * 2
    assert all_.studio.stored() == ["resp_1"]


def test_what_is_found_again_is_deleted_again_however_many_reasons_its_record_names(all_: Retention) -> None:
    reasons = {f"reason-{number}" for number in range(MOST_ASKED)}
    key = all_.keys.key("response", "resp_1")
    assert all_.store.write(Write(key, sets={}, adds={"asked": reasons})) is Written.YES
    all_.studio.seed("resp_1")

    verify(all_)

    assert all_.work() == [("done", "deleted")]
    assert all_.studio.stored() == []


@pytest.mark.draft(26)
def test_a_deletion_for_verification_does_nothing_once_the_response_is_verified(all_: Retention) -> None:
    verify(all_)
    all_.studio.seed("resp_1")
    all_.clock.advance(1)

    assert all_.deliver("delete_response", {"response_id": "resp_1", "reason": "verification"}) == [("done", "deleted")]
    assert all_.studio.stored() == ["resp_1"], "its receipt answers"


@pytest.mark.parametrize("reason", ["retention", "erasure", "manual"])
def test_no_other_reason_deletes_again_what_has_a_receipt(all_: Retention, reason: str) -> None:
    calls = len(all_.studio.requests("resp_1"))

    all_.deliver("delete_response", {"response_id": "resp_1", "reason": reason})

    assert len(all_.studio.requests("resp_1")) == calls


def test_a_hold_keeps_what_is_there_again(all_: Retention) -> None:
    all_.deliver("legal_hold", {"action": "place", "case": "c", "response_id": "resp_1"})
    all_.studio.seed("resp_1")
    verify(all_)

    assert ("done", "held") in all_.work()
    assert all_.studio.stored() == ["resp_1"]
    assert (all_.record("resp_1").state, all_.record("resp_1").due_for) == (DELETED, "verify")
    all_.deliver("legal_hold", {"action": "release", "case": "c", "response_id": "resp_1"})
    all_.pass_time(3 * HOUR, step=HOUR)
    assert all_.studio.stored() == []


def test_what_can_t_be_deleted_again_is_dead_lettered_and_its_receipt_stays(all_: Retention) -> None:
    first = all_.record("resp_1").receipt
    all_.studio.seed("resp_1")
    verify(all_)
    all_.studio.fault(match={"id": "resp_1", "method": "DELETE"}, status=422)

    assert all_.work() == [("dead_lettered", "rejected")]
    assert (all_.record("resp_1").state, all_.record("resp_1").receipt) == (DELETED, first)
    assert reasons(all_.deletions.dead_letters()) == ["rejected"]


def test_a_deletion_for_verification_that_is_put_off_goes_on(all_: Retention) -> None:
    all_.studio.seed("resp_1")
    verify(all_)
    all_.studio.fault(match={"id": "resp_1", "method": "DELETE"}, status=429)

    assert all_.work() == [("deferred", "throttled")]
    all_.clock.advance(900)
    assert all_.work() == [("done", "deleted")]


@pytest.mark.draft(22)
def test_two_messages_that_look_at_once_leave_one_further_receipt(all_: Retention) -> None:
    bench = all_.benches["verify_deletion"]
    all_.clock.advance(HOUR)
    other = bench.message({"response_id": "resp_1"})
    bench.ledger.arm("TransactWriteItems", after(lambda: bench.deliver(other)))
    first = bench.message({"response_id": "resp_1"})

    bench.deliver(first)
    bench.ledger.reset()
    bench.deliver(again(first))

    assert receipts(all_) == ["deleted", "verified_absent"]


@pytest.mark.parametrize("fault", [killed_before, killed_after, unseen])
@pytest.mark.parametrize("operation", ["TransactWriteItems", "SendMessageBatch"])
@pytest.mark.parametrize("there", [True, False])
def test_a_look_that_is_cut_off_anywhere_is_made_up_for(
    all_: Retention, there: bool, operation: str, fault: Any
) -> None:
    if there:
        all_.studio.seed("resp_1")
    bench = all_.benches["verify_deletion"]
    all_.clock.advance(HOUR)
    first = bench.message({"response_id": "resp_1"})
    seam = bench.queues if operation == "SendMessageBatch" else bench.ledger
    seam.arm(operation, fault)
    bench.deliver(first)
    seam.reset()

    bench.deliver(again(first))
    all_.work()
    all_.pass_time(3 * HOUR, step=HOUR)

    assert all_.studio.stored() == []
    assert set(receipts(all_)[:-1]) == {"deleted"}
    assert receipts(all_)[-1] == "verified_absent"


def test_a_look_that_fails_is_not_asked_for_again_every_hour(all_: Retention) -> None:
    all_.studio.fault(match={"id": "resp_1", "method": "GET"}, status=422, times=100)
    verify(all_)

    all_.pass_time(2 * DAY, step=DAY)

    assert reasons(all_.benches["verify_deletion"].dead_letters()) == ["rejected"]


def test_what_a_later_release_puts_on_the_agenda_is_neither_sent_nor_deleted(all_: Retention) -> None:
    all_.register("resp_2", until=all_.clock.now() + DAY)
    key = all_.keys.key("response", "resp_2")
    odd = Write(key, {"due_for": "archive", "due_at": text_of(all_.clock.now())})
    assert all_.store.write(odd) is Written.YES

    assert all_.sweep()["found"] == 0
    assert all_.work() == []
