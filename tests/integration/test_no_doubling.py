"""No message lives twice because it was settled half: what can fail is tried before its retry message is sent."""

import pytest

from ledger import Write
from ledger.states import MOST_RETRIED
from tests.integration.steps import DELETE, delete, deletion, question, throttle
from tests.support.bench import Bench
from tests.support.messages import Entry, again
from tests.support.observations import numbers
from tests.support.paused import Paused
from tests.support.seam import fails, passes, refused, throttled

WRITES = ("UpdateItem", "TransactWriteItems")
UNWRITABLE = {"silent": refused, "throttled": throttled, "broken": fails("InternalServerError", 500)}


def rounds(bench: Bench, batch: list[Entry], how: str) -> None:
    """Let the batch, and whatever is in the queue, come again and again while the ledger reads but can't be written."""
    for _ in range(4):
        for operation in WRITES:
            bench.ledger.arm(operation, *[UNWRITABLE[how]] * 400)
        assert not bench.deliver(*batch).acknowledged
        bench.ledger.reset()
        batch = [again(message) for message in batch]


@pytest.mark.parametrize("how", UNWRITABLE)
@pytest.mark.parametrize("subject", [{}, {"subject": "alice"}], ids=["nobody", "alice"])
def test_a_deletion_is_not_copied_while_the_ledger_cannot_be_written(
    stored: Bench, how: str, subject: dict[str, str]
) -> None:
    throttle(stored, times=50)

    rounds(stored, [stored.message({"response_id": "resp_1", **subject})], how)

    assert stored.retry_messages() == []


@pytest.mark.parametrize("how", UNWRITABLE)
def test_a_deletion_that_waits_for_its_date_is_not_copied_either(stored: Bench, how: str) -> None:
    rounds(stored, [stored.message({"response_id": "resp_1", "not_before": "2026-11-22T08:10:00Z"})], how)

    assert stored.retry_messages() == []


@pytest.mark.parametrize("how", UNWRITABLE)
def test_a_create_that_cannot_begin_is_not_copied_either(creates: Bench, how: str) -> None:
    rounds(creates, [creates.retry_message({"event_id": "evt_1"}, not_before=creates.clock.now() + 3600)], how)

    assert creates.retry_messages() == []


def test_a_busy_create_is_not_copied_either(creates: Bench) -> None:
    message = question(creates)
    with Paused(creates, message) as caller:
        creates.ledger.arm("UpdateItem", refused, refused)
        assert creates.deliver(again(message)).ends == [("unsettled", "ledger")]
        assert creates.retry_messages() == []
        caller.finish()


def test_a_called_create_is_not_copied_while_a_busy_one_cannot_be_noted(creates: Bench) -> None:
    busy, called = question(creates), question(creates, "evt_2")
    with Paused(creates, busy) as caller:
        throttle(creates)
        creates.ledger.arm("UpdateItem", passes, *[refused] * 400)
        delivered = creates.deliver(called, again(busy))
        creates.ledger.reset()
        caller.finish()

    assert delivered.ends == [("unsettled", "ledger")] * 2
    assert creates.retry_messages() == []


def test_a_called_create_is_not_copied_while_a_rejected_one_cannot_be_dead_lettered(creates: Bench) -> None:
    creates.studio.fault(match={"method": "POST"}, status=400)
    creates.studio.fault(match={"method": "POST"}, status=429)
    creates.ledger.arm("UpdateItem", passes, passes, *[refused] * 400)

    delivered = creates.deliver(question(creates), question(creates, "evt_2"))
    creates.ledger.reset()

    assert delivered.ends == [("unsettled", "ledger")] * 2
    assert creates.retry_messages() == []


def test_a_claim_is_given_back_first_while_a_busy_create_cannot_be_noted(creates: Bench) -> None:
    busy, called = question(creates), question(creates, "evt_2")
    with Paused(creates, busy) as caller:
        throttle(creates)
        creates.ledger.arm("UpdateItem", passes, fails("InternalServerError", 500))
        delivered = creates.deliver(called, again(busy))
        caller.finish()

    assert delivered.ends == [("unsettled", "ledger"), ("deferred", "throttled")]
    assert creates.deliver(again(called)).ends == [("done", "superseded")]
    assert len(creates.retry_messages()) == 1


def test_a_watermark_that_is_lost_leaves_its_message_acknowledged(stored: Bench) -> None:
    throttle(stored)
    stored.ledger.arm("UpdateItem", passes, refused)

    assert stored.deliver(deletion(stored)).ends == [("deferred", "throttled")]
    assert len(stored.retry_messages()) == 1


def test_retry_messages_of_a_redriven_create_do_not_double(creates: Bench) -> None:
    creates.studio.fault(match={"method": "POST"}, status=400)
    creates.deliver(question(creates))
    (redriven,) = creates.redrive()
    later = creates.clock.now() + 3600
    redriven = creates.retry_message({"event_id": "evt_1"}, key="evt_1", origin="first", redrive=1, not_before=later)
    creates.deliver(redriven)

    assert creates.deliver(again(redriven)).ends == [("done", "superseded")]
    assert [numbers(retry) for retry in creates.retry_messages()] == [(0, 1, 1)]


@pytest.mark.parametrize("count", [25, 26, 60])
def test_watermarks_are_raised_group_by_group(deletions: Bench, count: int) -> None:
    batch = [deletion(deletions, f"resp_{n}") for n in range(count)]
    throttle(deletions)
    deletions.deliver(*batch)

    assert len(deletions.retry_messages()) == count
    assert set(deletions.deliver(*map(again, batch)).ends) == {("done", "superseded")}
    assert len(deletions.retry_messages()) == count


def test_a_group_that_fits_no_more_into_the_time_is_not_sent(deletions: Bench) -> None:
    batch = [deletion(deletions, f"resp_{n}") for n in range(60)]
    throttle(deletions)
    deletions.hooks.before.append(lambda: deletions.clock.advance(50))

    def slow(*_: object) -> None:
        deletions.clock.advance(2.5)

    deletions.ledger.arm("TransactWriteItems", slow, slow)

    delivered = deletions.deliver(*batch)

    assert delivered.counts is None
    copied = {retry.body for retry in deletions.retry_messages()}
    assert len(copied) == delivered.ends.count(("deferred", "throttled")) == 25
    assert [end for end, _ in delivered.ends].count("unsettled") == 35


def test_of_several_attempts_the_most_of_the_newest_redrive_count(deletions: Bench) -> None:
    deletions.studio.fault(match=DELETE, status=500)
    body = {"response_id": "resp_1"}
    worn = deletions.retry_message(body, key="resp_1", attempt=5, copy=2)
    newest = deletions.retry_message(body, key="resp_1", attempt=3, copy=6)

    deletions.deliver(worn, newest)

    assert [numbers(retry) for retry in deletions.retry_messages()] == [(6, 7, 0)]


def test_a_redriven_message_does_not_inherit_the_attempts_of_an_old_one_beside_it(deletions: Bench) -> None:
    deletions.studio.fault(match=DELETE, status=500)
    body = {"response_id": "resp_1"}
    worn = deletions.retry_message(body, key="resp_1", attempt=7, copy=9)
    redriven = deletions.retry_message(body, key="resp_1", redrive=1)

    assert deletions.deliver(worn, redriven).ends == [("retry", "outcome_unknown")] * 2
    assert [numbers(retry) for retry in deletions.retry_messages()] == [(1, 1, 1)]


def test_a_watermark_swallows_nothing_once_its_queue_has_forgotten_the_retry_message(stored: Bench) -> None:
    throttle(stored, times=2)
    delete(stored)
    (older,) = stored.take_retry_messages()
    stored.deliver(older)
    stored.kit.sqs.purge_queue(QueueUrl=stored.own)
    stored.clock.advance(4 * 86_400 + 800)
    assert stored.deliver(older).ends == [("done", "superseded")]

    stored.clock.advance(101)

    assert stored.deliver(older).ends == [("done", "deleted")]


def test_a_message_whose_date_has_passed_is_superseded_like_any_other(stored: Bench) -> None:
    throttle(stored)
    message = stored.message({"response_id": "resp_1", "not_before": "2026-11-22T07:00:00Z"})
    stored.deliver(message)

    assert stored.deliver(again(message)).ends == [("done", "superseded")]


def test_messages_of_one_key_whose_batches_keep_returning_have_no_further_retry_messages(stored: Bench) -> None:
    throttle(stored, times=2)
    messages = [deletion(stored), deletion(stored)]
    for message in messages:
        assert stored.deliver(message).ends == [("deferred", "throttled")]

    for message in messages * 3:
        assert stored.deliver(again(message)).ends == [("done", "superseded")]
    assert [numbers(retry)[:2] for retry in stored.retry_messages()] == [(0, 1), (0, 2)]


def test_a_record_keeps_only_so_many_messages_as_retried_and_any_other_is_called_for_when_it_comes_back(
    stored: Bench,
) -> None:
    throttle(stored, times=MOST_RETRIED + 1)
    messages = [deletion(stored) for _ in range(MOST_RETRIED + 1)]
    for message in messages:
        stored.deliver(message)

    assert len(stored.record("resp_1").retried) == MOST_RETRIED
    assert stored.deliver(again(messages[0])).ends == [("done", "superseded")]
    assert stored.deliver(again(messages[-1])).ends == [("done", "deleted")]


def test_what_was_retried_before_a_redrive_takes_no_room_from_what_is_retried_in_it(stored: Bench) -> None:
    record_key = stored.keys.key("response", "resp_1")
    earlier = {f"0:{number}" for number in range(MOST_RETRIED)}
    stored.store.write(Write(record_key, {"state": "open", "redrive": 0, "copy": 9}, adds={"retried": earlier}))
    throttle(stored)
    redriven = stored.retry_message({"response_id": "resp_1"}, key="resp_1", redrive=1)
    stored.deliver(redriven)

    assert stored.deliver(again(redriven)).ends == [("done", "superseded")]
