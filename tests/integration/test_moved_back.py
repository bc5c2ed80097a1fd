"""A dead letter that comes back, by whatever means, is called or dead-lettered again: nothing swallows it."""

import pytest

from tests.integration.steps import DELETE, LEASE, POST, ask, crash, delete, deletion, question, throttle
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import numbers, reasons, said
from tests.support.seam import killed_after, killed_before, passes

MEANS = [True, False]
by_script = pytest.mark.parametrize("attributes", MEANS, ids=["with attributes", "body only"])


@by_script
def test_a_deletion_that_is_moved_back_runs(stored: Bench, attributes: bool) -> None:
    stored.studio.fault(match=DELETE, status=400)
    delete(stored)

    assert stored.deliver(*stored.move_back(attributes=attributes)).ends == [("done", "deleted")]


@by_script
def test_a_deletion_that_is_moved_back_and_refused_again_is_a_dead_letter_again(
    stored: Bench, attributes: bool
) -> None:
    stored.studio.fault(match=DELETE, status=400, times=2)
    delete(stored)

    assert stored.deliver(*stored.move_back(attributes=attributes)).ends == [("dead_lettered", "rejected")]
    assert (reasons(stored.dead_letters()), stored.record("resp_1").dlq) == (["rejected"], "sent")


@by_script
def test_a_create_that_is_moved_back_runs_as_redriven_once_more(creates: Bench, attributes: bool) -> None:
    creates.studio.fault(match=POST, status=400)
    ask(creates)

    assert creates.deliver(*creates.move_back(attributes=attributes)).ends == [("done", "done")]
    assert (creates.record("evt_1").redrive, creates.billed()) == (1, 1)


@by_script
def test_a_create_whose_call_may_have_happened_goes_back_to_the_dead_letters(creates: Bench, attributes: bool) -> None:
    creates.studio.fault(match=POST, drop="after")
    ask(creates)

    assert creates.deliver(*creates.move_back(attributes=attributes)).ends == [("dead_lettered", "outcome_unknown")]
    assert (reasons(creates.dead_letters()), creates.calls()) == (["outcome_unknown"], 1)


def test_a_fresh_message_of_a_dead_lettered_create_runs(creates: Bench) -> None:
    creates.studio.fault(match=POST, status=400)
    ask(creates)

    assert ask(creates) == [("done", "done")]


def test_a_dead_letter_that_is_moved_back_forgets_its_attempts(stored: Bench) -> None:
    stored.studio.fault(match=DELETE, status=500, times=2)
    stored.deliver(stored.retry_message({"response_id": "resp_1"}, key="resp_1", attempt=7, copy=7))

    assert stored.deliver(*stored.move_back(attributes=True)).ends == [("retry", "outcome_unknown")]
    assert [numbers(retry) for retry in stored.retry_messages()] == [(1, 1, 1)]


def test_what_began_a_redrive_by_itself_is_not_lost_in_a_crash(creates: Bench) -> None:
    creates.studio.fault(match=POST, status=400)
    ask(creates)
    fresh = question(creates)
    creates.hooks.before.append(crash)
    creates.deliver(fresh)
    assert creates.record("evt_1").watermark == (1, 0)

    assert creates.deliver(again(fresh)).ends == [("deferred", "busy")]
    creates.clock.advance(LEASE + 60)
    assert creates.deliver(again(fresh)).ends == [("done", "superseded")]
    assert creates.deliver(*creates.take_retry_messages()).ends == [("dead_lettered", "outcome_unknown")]


def test_a_deletion_that_began_a_redrive_by_itself_does_not_double(stored: Bench) -> None:
    stored.studio.fault(match=DELETE, status=400)
    delete(stored)
    stored.studio.fault(match=DELETE, status=429, headers={"Retry-After": "60"})
    fresh = stored.message({"response_id": "resp_1"})
    assert stored.deliver(fresh).ends == [("deferred", "throttled")]

    assert stored.deliver(again(fresh)).ends == [("done", "superseded")]
    assert [numbers(retry) for retry in stored.retry_messages()] == [(0, 1, 1)]


def test_a_dead_letters_own_return_and_its_chains_first_message_are_answered(stored: Bench) -> None:
    first = stored.message({"response_id": "resp_1"})
    stored.studio.fault(match=DELETE, status=500)
    stored.deliver(first)
    (retry,) = stored.take_retry_messages()
    stored.studio.fault(match=DELETE, status=400)
    stored.deliver(retry)

    assert stored.deliver(again(retry), again(first)).ends == [("dead_lettered", "rejected")] * 2
    assert (stored.calls("resp_1"), len(stored.dead_letters())) == (2, 1)


def test_an_older_retry_message_of_a_dead_lettered_chain_is_answered(stored: Bench) -> None:
    stored.studio.fault(match=DELETE, status=500, times=2)
    stored.deliver(stored.message({"response_id": "resp_1"}))
    (older,) = stored.take_retry_messages()
    stored.clock.advance(1)
    stored.deliver(older)
    stored.studio.fault(match=DELETE, status=400)
    stored.clock.advance(1)
    stored.deliver(*stored.take_retry_messages())

    assert stored.deliver(again(older)).ends == [("dead_lettered", "rejected")]
    assert (stored.calls("resp_1"), len(stored.dead_letters())) == (3, 1)


def test_a_lease_that_is_over_is_dead_lettered_under_the_redrive_of_its_caller(creates: Bench) -> None:
    creates.hooks.before.append(crash)
    ask(creates)
    creates.clock.advance(LEASE + 1)

    redriven = creates.retry_message({"event_id": "evt_1"}, key="evt_1", origin="another", redrive=3)

    assert creates.deliver(redriven).ends == [("dead_lettered", "outcome_unknown")]
    assert [said(dead_letter)["redrive"] for dead_letter in creates.dead_letters()] == [0]
    assert creates.record("evt_1").redrive == 0


def test_a_message_refused_back_to_the_dead_letters_is_not_sent_there_twice(creates: Bench) -> None:
    creates.studio.fault(match=POST, drop="after")
    ask(creates)
    fresh = question(creates)
    creates.deliver(fresh)

    assert creates.deliver(again(fresh)).ends == [("dead_lettered", "outcome_unknown")]
    assert len(creates.dead_letters()) == 2


def test_two_dead_letters_of_one_chain_that_are_redriven_both_run(stored: Bench) -> None:
    stored.studio.fault(match=DELETE, status=400, times=2)
    stored.studio.fault(match=DELETE, status=422)  # a third 400 in a record would blame the deployment
    first = stored.message({"response_id": "resp_1"})
    stored.queues.arm("SendMessageBatch", killed_after)
    stored.deliver(first)
    stored.deliver(again(first))
    assert len(stored.dead_letters()) == 2
    stored.clock.advance(60)
    one, other = stored.redrive()
    assert stored.deliver(one).ends == [("dead_lettered", "rejected")]
    stored.clock.advance(60)

    assert stored.deliver(other).ends == [("dead_lettered", "rejected")]
    assert len(stored.dead_letters()) == 2


def test_a_call_made_by_force_is_not_made_again_when_its_dead_letter_is_moved_back(creates: Bench) -> None:
    creates.studio.fault(match=POST, drop="after")
    ask(creates)
    creates.ledger.arm("UpdateItem", passes, killed_before)
    creates.deliver(*creates.redrive(force=True))
    creates.clock.advance(LEASE + 1)
    assert ask(creates) == [("dead_lettered", "outcome_unknown")]
    assert creates.calls() == 2


def test_a_retry_message_of_which_only_the_body_comes_back_is_called_for(stored: Bench) -> None:
    throttle(stored)
    delete(stored)
    stored.take_retry_messages()  # its queue gives it up, and a script sends its body alone

    assert delete(stored) == [("done", "deleted")]


def test_a_create_is_asked_for_once_where_the_body_of_its_retry_message_comes_beside_it(creates: Bench) -> None:
    throttle(creates)
    ask(creates)

    assert ask(creates) == [("done", "done")]
    assert creates.deliver(*creates.take_retry_messages()).ends == [("done", "done")]
    assert creates.billed() == 1


def test_a_body_that_was_called_for_in_the_place_of_a_retry_message_supersedes_it(stored: Bench) -> None:
    throttle(stored, times=2)
    delete(stored)
    retry_messages = stored.take_retry_messages()
    body = deletion(stored)
    assert stored.deliver(body).ends == [("deferred", "throttled")]

    assert stored.deliver(*retry_messages, again(body)).ends == [("done", "superseded")] * 2
    assert [numbers(retry)[:2] for retry in stored.retry_messages()] == [(0, 2)]


def test_a_dead_caller_whose_retry_message_came_back_by_its_body_alone_is_not_called_for_again(creates: Bench) -> None:
    throttle(creates)
    ask(creates)
    creates.hooks.before.append(crash)
    creates.deliver(*creates.take_retry_messages())
    creates.clock.advance(LEASE + 1)

    assert ask(creates) == [("dead_lettered", "outcome_unknown")]
    assert creates.calls() == 1
