"""The holes of the settlement protocol that concern calls which must not repeat (numbered as in tests/README.md)."""

import pytest

from ledger.agenda import text_of
from tests.integration.steps import LEASE, crash, throttle
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import said
from tests.support.paused import Paused
from tests.support.seam import killed_after, killed_before, passes, refused

QUESTION = {"event_id": "evt_1"}


@pytest.mark.hole(1)
def test_a_claim_does_not_supersede_the_message_that_made_it(creates: Bench) -> None:
    message = creates.message(QUESTION)
    creates.hooks.before.append(crash)
    creates.deliver(message)
    assert creates.record("evt_1").watermark == (0, 0)

    assert creates.deliver(again(message)).ends == [("deferred", "busy")]

    assert [said(retry)["copy"] for retry in creates.retry_messages()] == [1]


@pytest.mark.hole(2)
def test_a_watermark_is_not_raised_before_its_retry_message_is_confirmed(creates: Bench) -> None:
    message = creates.message(QUESTION)
    throttle(creates)
    creates.queues.arm("SendMessageBatch", refused, refused)

    first = creates.deliver(message)

    assert not first.acknowledged
    assert (creates.record("evt_1").state, creates.record("evt_1").watermark) == ("open", (0, 0))
    assert creates.deliver(again(message)).ends == [("done", "done")]


@pytest.mark.hole(2)
def test_a_crash_between_the_retry_message_and_the_release_loses_nothing(creates: Bench) -> None:
    message = creates.message(QUESTION)
    throttle(creates)
    creates.ledger.arm("UpdateItem", passes, killed_before)
    creates.deliver(message)
    assert creates.record("evt_1").watermark == (0, 0)
    assert len(creates.retry_messages()) == 1

    creates.clock.advance(LEASE + 1)
    ends = [creates.deliver(again(message)).ends, creates.deliver(*creates.take_retry_messages()).ends]

    assert ends == [[("dead_lettered", "outcome_unknown")], [("dead_lettered", "outcome_unknown")]]
    assert len(creates.dead_letters()) == 1


@pytest.mark.hole(3)
def test_a_busy_delivery_leaves_a_retry_message_before_it_is_acknowledged(creates: Bench) -> None:
    message = creates.message(QUESTION)
    creates.hooks.before.append(crash)
    creates.deliver(message)

    busy = creates.deliver(message)

    assert busy.acknowledged
    (retry,) = creates.take_retry_messages()
    creates.clock.advance(LEASE + 60)
    assert creates.deliver(retry).ends == [("dead_lettered", "outcome_unknown")]
    assert creates.billed() == 0
    assert len(creates.dead_letters()) == 1


def test_the_dead_letter_of_a_caller_that_died_says_when_it_may_have_called(creates: Bench) -> None:
    creates.hooks.before.append(crash)
    message = creates.message(QUESTION)
    began = text_of(creates.clock.now())
    creates.deliver(message)
    creates.clock.advance(LEASE + 1)
    creates.deliver(again(message))

    (dead_letter,) = creates.dead_letters()
    assert dead_letter.attributes["detail"].endswith(f"it was about to call at {began}")


@pytest.mark.hole(3)
def test_a_busy_delivery_whose_retry_message_is_not_confirmed_is_not_acknowledged(creates: Bench) -> None:
    message = creates.message(QUESTION)
    with Paused(creates, message) as caller:
        creates.queues.arm("SendMessageBatch", refused, refused)
        assert not creates.deliver(message).acknowledged
        assert caller.finish().ends == [("done", "done")]
    assert creates.billed() == 1


@pytest.mark.hole(4)
def test_a_dead_lettered_row_remembers_that_its_dead_letter_is_still_to_be_sent(creates: Bench) -> None:
    message = creates.message(QUESTION)
    creates.studio.fault(match={"method": "POST"}, status=400)
    creates.queues.arm("SendMessageBatch", killed_before)
    creates.deliver(message)
    assert (creates.record("evt_1").dlq, creates.dead_letters()) == ("pending", [])

    back = creates.deliver(again(message))

    assert back.ends == [("dead_lettered", "rejected")]
    assert [dead_letter.attributes["reason"] for dead_letter in creates.dead_letters()] == ["rejected"]
    assert creates.record("evt_1").dlq == "sent"
    creates.deliver(again(message))
    assert len(creates.dead_letters()) == 1


@pytest.mark.hole(8)
def test_no_delivery_takes_an_earlier_one_for_itself(creates: Bench) -> None:
    message = creates.message(QUESTION)
    creates.hooks.after.append(crash)
    creates.deliver(message)
    assert creates.billed() == 1

    back = creates.deliver(again(message))
    creates.clock.advance(LEASE + 60)
    later = creates.deliver(*creates.take_retry_messages())

    assert (back.ends, later.ends) == ([("deferred", "busy")], [("dead_lettered", "outcome_unknown")])
    assert creates.billed() == 1


@pytest.mark.hole(8)
def test_the_same_key_twice_in_a_batch_is_one_call(creates: Bench) -> None:
    both = creates.deliver(creates.message(QUESTION), creates.message(QUESTION))

    assert both.ends == [("done", "done"), ("done", "done")]
    assert creates.billed() == 1


@pytest.mark.parametrize("headers", [{"Retry-After": "60"}, {}])
@pytest.mark.hole(10)
def test_a_503_may_have_happened_whatever_retry_after_says(creates: Bench, headers: dict[str, str]) -> None:
    creates.studio.fault(match={"method": "POST"}, status=503, headers=headers)

    delivered = creates.deliver(creates.message(QUESTION))

    assert delivered.ends == [("dead_lettered", "outcome_unknown")]
    assert creates.calls() == 1
    assert creates.retry_messages() == []


@pytest.mark.hole(12)
def test_a_final_outcome_is_not_overwritten_by_a_delivery_that_found_the_lease_over(creates: Bench) -> None:
    message = creates.message(QUESTION)
    with Paused(creates, message) as caller:

        def finish() -> None:
            assert caller.finish().ends == [("done", "done")]

        creates.ledger.arm("UpdateItem", passes, lambda *_: finish())
        late = creates.deliver(again(message), clock=creates.clock.skewed(LEASE + 1))

    assert late.ends == [("done", "done")]
    assert (creates.record("evt_1").state, creates.dead_letters()) == ("done", [])


@pytest.mark.hole(12)
def test_a_call_that_did_happen_is_a_fact_even_where_it_was_dead_lettered_as_unknown(creates: Bench) -> None:
    message = creates.message(QUESTION)
    with Paused(creates, message) as caller:
        late = creates.deliver(again(message), clock=creates.clock.skewed(LEASE + 1))
        assert late.ends == [("dead_lettered", "outcome_unknown")]
        assert caller.finish().ends == [("done", "done")]

    assert creates.record("evt_1").state == "done"
    assert len(creates.results()) == 1


@pytest.mark.hole(13)
def test_the_answer_has_left_before_the_outcome_is_written(creates: Bench) -> None:
    message = creates.message(QUESTION)
    creates.ledger.arm("UpdateItem", passes, killed_before)

    creates.deliver(message)

    assert creates.record("evt_1").state == "claimed"
    assert len(creates.results()) == 1


@pytest.mark.hole(13)
def test_without_the_answer_sent_no_outcome_is_written(creates: Bench) -> None:
    message = creates.message(QUESTION)
    creates.queues.arm("SendMessageBatch", *[refused] * 400)

    first = creates.deliver(message)
    creates.queues.reset()

    assert not first.acknowledged
    assert creates.record("evt_1").state == "claimed"
    creates.clock.advance(LEASE + 1)
    assert creates.deliver(again(message)).ends == [("dead_lettered", "outcome_unknown")]
    assert creates.billed() == 1


@pytest.mark.parametrize("killed", [killed_before, killed_after])
@pytest.mark.hole(14)
def test_all_dead_letters_of_a_dead_letter_name_the_same_reason(creates: Bench, killed: object) -> None:
    message = creates.message(QUESTION)
    creates.studio.fault(match={"method": "POST"}, status=400)
    creates.queues.arm("SendMessageBatch", killed)  # type: ignore[arg-type]  # one of two actions
    creates.deliver(message)
    creates.clock.advance(LEASE + 1)

    creates.deliver(again(message))

    assert {dead_letter.attributes["reason"] for dead_letter in creates.dead_letters()} == {"rejected"}
