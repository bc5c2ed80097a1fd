"""The holes that open when an operator redrives what was dead-lettered (numbered as in tests/README.md)."""

import pytest

from tests.integration.steps import LEASE, crash
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import numbers, reasons, said
from tests.support.paused import Paused
from tests.support.seam import Late, after, killed_before, passes

pytestmark = pytest.mark.row(28)

QUESTION = {"event_id": "evt_1"}


def park_as_unknown(bench: Bench) -> None:
    """A POST that was billed, and whose answer was lost."""
    bench.studio.fault(match={"method": "POST"}, drop="after")
    assert bench.deliver(bench.message(QUESTION)).ends == [("dead_lettered", "outcome_unknown")]


def park_as_rejected(bench: Bench) -> None:
    bench.studio.fault(match={"method": "POST"}, status=400)
    assert bench.deliver(bench.message(QUESTION)).ends == [("dead_lettered", "rejected")]


@pytest.mark.hole(5)
def test_a_redriven_create_runs_again(creates: Bench) -> None:
    park_as_rejected(creates)

    assert creates.deliver(*creates.redrive()).ends == [("done", "done")]

    record = creates.record("evt_1")
    assert (record.state, record.redrive, creates.billed()) == ("done", 1, 1)


@pytest.mark.hole(5)
def test_a_redriven_create_that_fails_again_is_dead_lettered_again(creates: Bench) -> None:
    park_as_rejected(creates)
    creates.studio.fault(match={"method": "POST"}, status=400)

    assert creates.deliver(*creates.redrive()).ends == [("dead_lettered", "rejected")]

    (dead_letter,) = creates.dead_letters()
    assert numbers(dead_letter) == (1, 0, 1)
    assert (creates.record("evt_1").redrive, creates.record("evt_1").dlq) == (1, "sent")


@pytest.mark.hole(5)
def test_a_message_that_the_queue_itself_moved_runs_when_it_is_redriven(creates: Bench) -> None:
    message = creates.message(QUESTION)
    creates.studio.fault(match={"method": "POST"}, status=429, headers={"Retry-After": "60"})
    creates.deliver(message)
    assert creates.record("evt_1").watermark == (0, 1)
    creates.take_retry_messages()

    moved = creates.retry_message(QUESTION, key="evt_1", redrive=1)

    assert creates.deliver(moved).ends == [("done", "done")]


@pytest.mark.hole(6)
def test_an_unforced_redrive_of_an_unknown_outcome_goes_back_to_the_dead_letters(creates: Bench) -> None:
    park_as_unknown(creates)

    delivered = creates.deliver(*creates.redrive())

    assert delivered.ends == [("dead_lettered", "outcome_unknown")]
    (dead_letter,) = creates.dead_letters()
    assert (dead_letter.attributes["reason"], said(dead_letter)["redrive"]) == ("outcome_unknown", 0)
    assert creates.calls() == 1


@pytest.mark.hole(6)
def test_a_forced_redrive_of_an_unknown_outcome_runs(creates: Bench) -> None:
    park_as_unknown(creates)

    assert creates.deliver(*creates.redrive(force=True)).ends == [("done", "done")]
    assert creates.calls() == 2


@pytest.mark.hole(7)
def test_a_force_is_good_for_one_call_only(creates: Bench) -> None:
    park_as_unknown(creates)
    (forced,) = creates.redrive(force=True)
    creates.hooks.after.append(crash)
    creates.deliver(forced)
    assert creates.calls() == 2

    ends = [creates.deliver(again(forced)).ends]
    creates.clock.advance(LEASE + 60)
    ends += [creates.deliver(again(forced)).ends, creates.deliver(*creates.take_retry_messages()).ends]

    assert ends == [[("deferred", "busy")], [("done", "superseded")], [("dead_lettered", "outcome_unknown")]]
    assert creates.deliver(again(forced)).ends == [("dead_lettered", "outcome_unknown")]
    assert creates.calls() == 2


@pytest.mark.hole(7)
def test_a_force_is_not_inherited_by_retry_messages(creates: Bench) -> None:
    park_as_unknown(creates)
    creates.studio.fault(match={"method": "POST"}, status=429, headers={"Retry-After": "60"})

    creates.deliver(*creates.redrive(force=True))

    (retry,) = creates.retry_messages()
    assert "force" not in said(retry)
    assert numbers(retry) == (0, 1, 1)
    assert creates.deliver(*creates.take_retry_messages()).ends == [("done", "done")]


def test_a_force_that_nobody_signed_is_none(creates: Bench) -> None:
    park_as_unknown(creates)
    (redriven,) = creates.redrive()
    redriven["details"]["message"]["message_attributes"]["force"] = {"data_type": "String", "string_value": "true"}

    assert creates.deliver(redriven).ends == [("dead_lettered", "outcome_unknown")]
    assert creates.calls() == 1


@pytest.mark.hole(9)
def test_a_redriven_message_without_a_business_key_keeps_its_first_message_id(creates: Bench) -> None:
    creates.studio.fault(match={"method": "POST"}, drop="after")
    creates.deliver(creates.message({"text": "no event id"}, message_id="first-id"))
    (dead_letter,) = creates.dead_letters()
    assert said(dead_letter)["key"] == "first-id"

    (redriven,) = creates.redrive()

    assert redriven["details"]["message"]["message_id"] != "first-id"
    assert creates.deliver(redriven).ends == [("dead_lettered", "outcome_unknown")]
    assert creates.calls() == 1


@pytest.mark.hole(17)
def test_a_late_note_about_one_dead_letter_does_not_count_for_the_next(creates: Bench) -> None:
    late = Late()
    creates.studio.fault(match={"method": "POST"}, status=400, times=2)
    creates.ledger.arm("UpdateItem", passes, passes, late)
    creates.deliver(creates.message(QUESTION))
    (redriven,) = creates.redrive()
    creates.queues.arm("SendMessageBatch", killed_before)
    creates.deliver(redriven)

    late.arrive()

    assert (creates.record("evt_1").redrive, creates.record("evt_1").dlq) == (1, "pending")
    assert creates.deliver(again(redriven)).ends == [("dead_lettered", "rejected")]
    assert reasons(creates.dead_letters()) == ["rejected"]


@pytest.mark.hole(17)
def test_a_late_note_about_one_dead_letter_of_a_deletion_does_not_count_for_the_next(deletions: Bench) -> None:
    late = Late()
    deletions.studio.fault(match={"method": "DELETE"}, status=400, times=2)
    deletions.ledger.arm("UpdateItem", passes, late)
    deletions.deliver(deletions.message({"response_id": "resp_1"}))
    deletions.clock.advance(1)
    (redriven,) = deletions.redrive()
    deletions.queues.arm("SendMessageBatch", killed_before)
    deletions.deliver(redriven)

    late.arrive()

    assert (deletions.record("resp_1").redrive, deletions.record("resp_1").dlq) == (1, "pending")
    assert deletions.deliver(again(redriven)).ends == [("dead_lettered", "rejected")]
    assert reasons(deletions.dead_letters()) == ["rejected"]


@pytest.mark.hole(25)
def test_a_force_does_not_pass_a_lease_that_is_still_running(creates: Bench) -> None:
    message = creates.message(QUESTION)
    with Paused(creates, message) as caller:
        forced = creates.retry_message(QUESTION, key="evt_1", redrive=1, force=True)
        assert creates.deliver(forced).ends == [("deferred", "busy")]
        assert caller.finish().ends == [("done", "done")]

    assert creates.deliver(*creates.take_retry_messages()).ends == [("done", "done")]
    assert creates.billed() == 1


def test_a_redrive_that_was_killed_half_way_leaves_two_messages_that_are_one(creates: Bench) -> None:
    park_as_rejected(creates)
    (first,) = creates.redrive()
    second = creates.retry_message(QUESTION, key="evt_1", redrive=1)

    ends = [creates.deliver(first).ends, creates.deliver(second).ends]

    assert ends == [[("done", "done")], [("done", "done")]]
    assert creates.billed() == 1


def test_a_redriven_deletion_runs_again(deletions: Bench) -> None:
    deletions.studio.seed("resp_1")
    deletions.studio.fault(match={"method": "DELETE"}, status=400)
    deletions.deliver(deletions.message({"response_id": "resp_1"}))

    assert deletions.deliver(*deletions.redrive()).ends == [("done", "deleted")]
    assert deletions.record("resp_1").state == "deleted"


def test_a_late_claim_is_not_taken_for_the_one_of_the_redrive_that_its_delivery_began(creates: Bench) -> None:
    park_as_rejected(creates)
    late = Late()
    creates.ledger.arm("UpdateItem", late)
    creates.queues.arm("SendMessageBatch", after(late.arrive))

    assert creates.deliver(creates.message(QUESTION)).ends == [("done", "done")]

    (result,) = creates.results()
    assert result["id"].endswith("#1")
    assert creates.record("evt_1").redrive == 1
