"""Rows 4 to 9 of the fault matrix: processes that end early, and queues that don't confirm."""

import pytest

from tests.integration.steps import LEASE, crash, deletion, question
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import numbers
from tests.support.seam import Action, entry_refused, killed_after, killed_before, passes, refused
from tests.support.waiting import GENEROUS


@pytest.mark.row(4)
def test_a_deletion_killed_before_its_call_is_made_when_it_returns(stored: Bench) -> None:
    message = deletion(stored)
    stored.hooks.before.append(crash)
    stored.deliver(message)

    assert stored.deliver(again(message)).ends == [("done", "deleted")]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.row(4, 5)
def test_a_create_killed_around_its_call_is_dead_lettered_as_unknown_and_never_called_again(
    creates: Bench, when: str
) -> None:
    message = question(creates)
    getattr(creates.hooks, when).append(crash)
    creates.deliver(message)
    called = creates.calls()

    creates.clock.advance(LEASE + 1)

    assert creates.deliver(again(message)).ends == [("dead_lettered", "outcome_unknown")]
    assert (creates.calls(), creates.dead_letters()[0].attributes["reason"]) == (called, "outcome_unknown")


@pytest.mark.row(5)
def test_a_deletion_killed_after_its_call_ends_as_already_absent(stored: Bench) -> None:
    message = deletion(stored)
    stored.hooks.after.append(crash)
    stored.deliver(message)

    assert stored.deliver(again(message)).ends == [("done", "already_absent")]
    assert stored.record("resp_1").state == "already_absent"


@pytest.mark.row(6)
def test_a_deletion_killed_after_its_receipt_calls_nothing_and_tells_its_result(stored: Bench) -> None:
    message = deletion(stored)
    stored.queues.arm("SendMessageBatch", killed_before)
    stored.deliver(message)
    assert stored.results() == []

    assert stored.deliver(again(message)).ends == [("done", "deleted")]
    assert (stored.calls(), len(stored.results())) == (1, 1)


@pytest.mark.row(6)
def test_a_create_killed_after_its_outcome_calls_nothing(creates: Bench) -> None:
    message = question(creates)
    creates.ledger.arm("UpdateItem", passes, killed_after)
    creates.deliver(message)

    assert creates.deliver(again(message)).ends == [("done", "done")]
    assert (creates.calls(), len(creates.results())) == (1, 1)


@pytest.mark.row(7)
def test_a_deletion_that_gets_no_answer_in_time_is_retried(stored: Bench) -> None:
    stored.studio.fault(match={"method": "DELETE"}, delay=20)

    delivered = stored.deliver(deletion(stored), seconds=GENEROUS)

    assert delivered.ends == [("retry", "outcome_unknown")]
    assert [numbers(retry) for retry in stored.retry_messages()] == [(1, 1, 0)]


@pytest.mark.row(7)
def test_a_create_that_gets_no_answer_in_time_is_dead_lettered_as_unknown(creates: Bench) -> None:
    creates.studio.fault(match={"method": "POST"}, delay=20)

    delivered = creates.deliver(question(creates), seconds=GENEROUS)

    assert delivered.ends == [("dead_lettered", "outcome_unknown")]
    assert creates.record("evt_1").state == "dead_lettered"


@pytest.mark.parametrize("killed", [killed_after])
@pytest.mark.row(8)
def test_a_deletion_and_its_retry_message_are_one_deletion(stored: Bench, killed: Action) -> None:
    message = deletion(stored)
    stored.studio.fault(match={"method": "DELETE"}, status=500)
    stored.queues.arm("SendMessageBatch", killed)
    stored.deliver(message)

    ends = [stored.deliver(*stored.take_retry_messages()).ends, stored.deliver(again(message)).ends]

    assert ends == [[("done", "deleted")], [("done", "deleted")]]
    assert stored.calls() == 2


@pytest.mark.row(8)
def test_a_create_and_its_retry_message_are_one_call(creates: Bench) -> None:
    message = question(creates)
    creates.studio.fault(match={"method": "POST"}, status=429, headers={"Retry-After": "60"})
    creates.ledger.arm("UpdateItem", passes, killed_after)
    creates.deliver(message)

    ends = [creates.deliver(*creates.take_retry_messages()).ends, creates.deliver(again(message)).ends]

    assert ends == [[("done", "done")], [("done", "done")]]
    assert creates.billed() == 1


@pytest.mark.row(9)
def test_a_retry_message_that_is_not_confirmed_returns_the_batch_and_spares_its_neighbours(stored: Bench) -> None:
    stored.studio.seed("resp_2")
    batch = [deletion(stored), deletion(stored, "resp_2")]
    stored.studio.fault(match={"method": "DELETE", "id": "resp_1"}, status=500)
    stored.queues.arm("SendMessageBatch", passes, entry_refused(0), entry_refused(0), entry_refused(0))

    first = stored.deliver(*batch)

    assert not first.acknowledged
    assert sorted(first.ends) == [("done", "deleted"), ("unsettled", "queue")]
    assert stored.deliver(*map(again, batch)).ends == [("done", "deleted"), ("done", "deleted")]
    assert stored.calls("resp_2") == 1


@pytest.mark.row(9)
def test_a_dead_lettered_copy_that_is_not_confirmed_returns_the_batch(stored: Bench) -> None:
    message = deletion(stored)
    stored.studio.fault(match={"method": "DELETE"}, status=400)
    stored.queues.arm("SendMessageBatch", refused, refused)

    assert stored.deliver(message).ends == [("unsettled", "dead-letter queue")]
    assert stored.deliver(again(message)).ends == [("dead_lettered", "rejected")]
    assert (stored.calls(), len(stored.dead_letters())) == (1, 1)


@pytest.mark.row(9)
def test_a_create_whose_dead_letter_is_not_confirmed_returns_and_is_not_called_again(creates: Bench) -> None:
    message = question(creates)
    creates.studio.fault(match={"method": "POST"}, status=400)
    creates.queues.arm("SendMessageBatch", refused, refused)

    assert not creates.deliver(message).acknowledged
    assert creates.deliver(again(message)).ends == [("dead_lettered", "rejected")]
    assert (creates.calls(), len(creates.dead_letters())) == (1, 1)


@pytest.mark.row(9)
def test_a_queue_that_answers_at_the_second_try_is_good_enough(stored: Bench) -> None:
    stored.studio.fault(match={"method": "DELETE"}, status=500)
    stored.queues.arm("SendMessageBatch", refused)

    assert stored.deliver(deletion(stored)).ends == [("retry", "outcome_unknown")]
    assert len(stored.retry_messages()) == 1
