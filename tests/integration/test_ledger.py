"""Rows 21 to 23 of the fault matrix: a ledger that refuses, fails, is slow, or applied what it never confirmed."""

import pytest

from ledger import claims
from tests.integration.steps import LEASE
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.seam import Action, Late, fails, half_unprocessed, passes, refused, throttled, unseen

BROKEN: dict[str, list[Action]] = {
    "refused": [refused],
    "throttled": [throttled] * 4,
    "out of quota": [fails("ProvisionedThroughputExceededException")] * 4,
    "error": [fails("InternalServerError", 500)],
}
"""What it takes for one write to fail: a busy service is asked four times."""
BUSY = ("throttled", "out of quota")
"""Else a read is tried twice."""


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.row(21)
def test_nothing_is_deleted_without_having_read_the_ledger(stored: Bench, how: str) -> None:
    message = stored.message({"response_id": "resp_1"})
    stored.ledger.arm("BatchGetItem", *BROKEN[how] * (1 if how in BUSY else 2))

    assert stored.deliver(message).ends == [("unsettled", "ledger")]
    assert (stored.calls(), stored.retry_messages()) == (0, [])
    assert stored.deliver(again(message)).ends == [("done", "deleted")]


@pytest.mark.row(21)
def test_rows_that_are_left_out_of_an_answer_are_asked_for_again(deletions: Bench) -> None:
    deletions.ledger.arm("BatchGetItem", half_unprocessed, half_unprocessed)
    record_key = deletions.keys.key("response", "resp_3")
    deletions.holds.place(record_key, "case-1", deletions.clock.now())
    deletions.studio.seed(*(f"resp_{n}" for n in range(4)))

    delivered = deletions.deliver(*[deletions.message({"response_id": f"resp_{n}"}) for n in range(4)])

    assert sorted(delivered.ends) == [("done", "deleted")] * 3 + [("done", "held")]
    assert deletions.studio.stored() == ["resp_3"]


@pytest.mark.row(21)
def test_rows_that_never_come_leave_everything_unsettled(stored: Bench) -> None:
    stored.ledger.arm("BatchGetItem", *[half_unprocessed] * 4)
    batch = [stored.message({"response_id": f"resp_{n}"}) for n in range(64)]

    delivered = stored.deliver(*batch)

    assert not delivered.acknowledged
    assert stored.calls() == 0


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.row(21)
def test_no_call_is_made_without_a_confirmed_claim(creates: Bench, how: str) -> None:
    message = creates.message({"event_id": "evt_1"})
    creates.ledger.arm("UpdateItem", *BROKEN[how] * 3)

    assert creates.deliver(message).ends == [("unsettled", "claim")]
    assert creates.calls() == 0
    assert creates.deliver(again(message)).ends == [("done", "done")]


@pytest.mark.row(21)
def test_a_claim_whose_confirmation_was_lost_is_recognised_by_its_owner(creates: Bench) -> None:
    creates.ledger.arm("UpdateItem", unseen)

    assert creates.deliver(creates.message({"event_id": "evt_1"})).ends == [("done", "done")]
    assert creates.billed() == 1


@pytest.mark.row(21)
def test_a_claim_that_arrives_late_allows_no_second_call(creates: Bench) -> None:
    message, late = creates.message({"event_id": "evt_1"}), Late()
    creates.ledger.arm("UpdateItem", late, *[refused] * 2)
    assert not creates.deliver(message).acknowledged

    late.arrive()
    assert creates.deliver(again(message)).ends == [("deferred", "busy")]
    creates.clock.advance(LEASE + 60)

    assert creates.deliver(*creates.take_retry_messages()).ends == [("dead_lettered", "outcome_unknown")]
    assert creates.calls() == 0


@pytest.mark.row(21)
def test_a_claim_that_arrives_after_another_one_called_changes_nothing(creates: Bench) -> None:
    message, late = creates.message({"event_id": "evt_1"}), Late()
    creates.ledger.arm("UpdateItem", late, *[refused] * 2)
    creates.deliver(message)
    assert creates.deliver(again(message)).ends == [("done", "done")]

    assert late.arrive() == [400]
    assert creates.record("evt_1").state == "done"


@pytest.mark.row(21)
def test_a_claim_without_an_answer_and_a_ledger_that_cannot_be_read_is_unsettled(creates: Bench) -> None:
    creates.ledger.arm("UpdateItem", unseen)
    creates.ledger.arm("GetItem", refused)

    assert creates.deliver(creates.message({"event_id": "evt_1"})).ends == [("unsettled", "ledger")]
    assert creates.calls() == 0


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.row(22)
def test_a_receipt_that_cannot_be_written_returns_the_message_and_heals(stored: Bench, how: str) -> None:
    message = stored.message({"response_id": "resp_1"})
    stored.ledger.arm("UpdateItem", *BROKEN[how])

    assert stored.deliver(message).ends == [("unsettled", "ledger")]
    assert stored.results() == []
    assert stored.deliver(again(message)).ends == [("done", "already_absent")]


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.row(22)
def test_an_outcome_that_cannot_be_written_becomes_unknown_and_is_not_called_again(creates: Bench, how: str) -> None:
    message = creates.message({"event_id": "evt_1"})
    creates.ledger.arm("UpdateItem", passes, *BROKEN[how] * 1_000)

    assert creates.deliver(message).ends == [("unsettled", "ledger")]
    creates.ledger.reset()
    assert len(creates.results()) == 1
    creates.clock.advance(LEASE + 1)
    assert creates.deliver(again(message)).ends == [("dead_lettered", "outcome_unknown")]
    assert creates.billed() == 1


@pytest.mark.row(22)
def test_an_outcome_whose_confirmation_was_lost_is_written_all_the_same(creates: Bench) -> None:
    creates.ledger.arm("UpdateItem", passes, unseen)

    assert creates.deliver(creates.message({"event_id": "evt_1"})).ends == [("done", "done")]


@pytest.mark.row(22)
def test_a_dead_letter_that_cannot_be_written_sends_no_dead_letter(stored: Bench) -> None:
    message = stored.message({"response_id": "resp_1"})
    stored.studio.fault(match={"method": "DELETE"}, status=400, times=2)
    stored.ledger.arm("UpdateItem", *[refused] * 3)

    assert stored.deliver(message).ends == [("unsettled", "ledger")]
    assert stored.dead_letters() == []
    assert stored.deliver(again(message)).ends == [("dead_lettered", "rejected")]


@pytest.mark.row(22)
def test_a_dead_letter_whose_confirmation_was_lost_sends_its_dead_letter(creates: Bench) -> None:
    creates.studio.fault(match={"method": "POST"}, status=400)
    creates.ledger.arm("UpdateItem", passes, unseen)

    assert creates.deliver(creates.message({"event_id": "evt_1"})).ends == [("dead_lettered", "rejected")]
    assert (len(creates.dead_letters()), creates.record("evt_1").dlq) == (1, "sent")


@pytest.mark.row(23)
def test_a_record_past_its_expiry_counts_as_absent_before_the_table_drops_it(creates: Bench) -> None:
    creates.deliver(creates.message({"event_id": "evt_1"}))
    creates.clock.advance(claims.KEPT + 1)
    assert creates.record("evt_1").state == "done"

    assert creates.deliver(creates.message({"event_id": "evt_1"})).ends == [("done", "done")]
    assert creates.billed() == 2


@pytest.mark.row(23)
def test_a_record_up_to_its_expiry_answers(creates: Bench) -> None:
    creates.deliver(creates.message({"event_id": "evt_1"}))
    creates.clock.advance(claims.KEPT - 1)

    creates.deliver(creates.message({"event_id": "evt_1"}))

    assert creates.billed() == 1


@pytest.mark.row(23)
def test_a_receipt_of_a_deletion_never_expires(stored: Bench) -> None:
    stored.deliver(stored.message({"response_id": "resp_1"}))

    assert stored.record("resp_1").expires_at is None
    stored.clock.advance(10 * 365 * 86_400)
    assert stored.deliver(stored.message({"response_id": "resp_1"})).ends == [("done", "deleted")]
    assert stored.calls() == 1
