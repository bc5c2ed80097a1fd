"""The holes of the settlement protocol that concern deletions (numbered as in tests/README.md)."""

import pytest

from tests.integration.steps import crash, throttle
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import numbers, reasons
from tests.support.seam import after, killed_before, passes, refused, unseen

RETENTION = {"response_id": "resp_1"}
DAY = 86_400


@pytest.mark.hole(1)
def test_a_crash_before_the_receipt_leaves_nothing_that_supersedes_the_message(stored: Bench) -> None:
    message = stored.message(RETENTION)
    stored.hooks.after.append(crash)
    stored.deliver(message)
    assert stored.record("resp_1").state is None

    assert stored.deliver(again(message)).ends == [("done", "already_absent")]


@pytest.mark.hole(2)
def test_a_watermark_is_not_raised_before_its_retry_message_is_confirmed(stored: Bench) -> None:
    message = stored.message(RETENTION)
    throttle(stored)
    stored.queues.arm("SendMessageBatch", refused, refused)

    first = stored.deliver(message)

    assert not first.acknowledged
    assert (stored.record("resp_1").watermark, stored.retry_messages()) == ((0, 0), [])
    assert stored.deliver(again(message)).ends == [("done", "deleted")]


@pytest.mark.hole(2)
def test_a_crash_between_the_retry_message_and_the_watermark_loses_nothing(stored: Bench) -> None:
    message = stored.message(RETENTION)
    throttle(stored)
    stored.ledger.arm("UpdateItem", passes, killed_before)
    stored.deliver(message)

    ends = [stored.deliver(again(message)).ends, stored.deliver(*stored.take_retry_messages()).ends]

    assert ends == [[("done", "deleted")], [("done", "deleted")]]
    assert stored.calls() == 2


@pytest.mark.hole(4)
def test_a_dead_lettered_row_remembers_that_its_dead_letter_is_still_to_be_sent(stored: Bench) -> None:
    message = stored.message(RETENTION)
    stored.studio.fault(match={"method": "DELETE"}, status=400)
    stored.queues.arm("SendMessageBatch", killed_before)
    stored.deliver(message)
    assert (stored.record("resp_1").dlq, stored.dead_letters()) == ("pending", [])

    back = stored.deliver(again(message))

    assert back.ends == [("dead_lettered", "rejected")]
    assert reasons(stored.dead_letters()) == ["rejected"]
    assert stored.record("resp_1").dlq == "sent"
    stored.deliver(again(message))
    assert len(stored.dead_letters()) == 1


@pytest.mark.hole(5)
def test_a_message_that_the_queue_itself_moved_runs_when_it_is_redriven(stored: Bench) -> None:
    throttle(stored)
    stored.deliver(stored.message(RETENTION))
    assert stored.record("resp_1").watermark == (0, 1)
    stored.take_retry_messages()

    moved = stored.retry_message(RETENTION, key="resp_1", redrive=1)

    assert stored.deliver(moved).ends == [("done", "deleted")]


@pytest.mark.hole(11)
def test_a_receipt_is_written_by_the_first_and_kept(stored: Bench) -> None:
    message = stored.message(RETENTION)
    stored.hooks.before.append(lambda: stored.deliver(message))

    late = stored.deliver(again(message))

    assert late.acknowledged
    assert stored.record("resp_1").state == "deleted"
    assert stored.calls() == 2


@pytest.mark.hole(11)
def test_the_receipt_of_the_first_writer_stands_and_a_deletion_after_it_gets_one_of_its_own(stored: Bench) -> None:
    message = stored.message(RETENTION)
    stored.hooks.after.append(lambda: stored.deliver(again(message)))

    late = stored.deliver(message)

    assert late.ends == [("done", "deleted")]
    record = stored.record("resp_1")
    assert (record.state, record.receipts, record.receipt["outcome"]) == ("deleted", 2, "already_absent")
    assert stored.further_receipt("resp_1", 2).receipt["outcome"] == "deleted"
    assert [result["data"]["outcome"] for result in stored.results()] == ["already_absent", "deleted"]


@pytest.mark.hole(11)
def test_receipts_whose_confirmation_was_lost_are_published_all_the_same(stored: Bench) -> None:
    stored.studio.seed("resp_2")
    stored.ledger.arm("TransactWriteItems", unseen)

    both = stored.deliver(stored.message(RETENTION), stored.message({"response_id": "resp_2"}))

    assert both.ends == [("done", "deleted"), ("done", "deleted")]
    assert len(stored.results()) == 2


@pytest.mark.hole(11)
def test_a_deferral_does_not_open_what_is_deleted(stored: Bench) -> None:
    message = stored.message(RETENTION)
    stored.ledger.arm("UpdateItem", after(lambda: stored.deliver(message)))
    throttle(stored)

    late = stored.deliver(again(message))

    assert late.ends == [("deferred", "throttled")]
    assert stored.record("resp_1").state == "deleted"
    assert stored.deliver(*stored.take_retry_messages()).ends == [("done", "deleted")]


@pytest.mark.hole(14)
def test_the_row_says_dead_lettered_before_any_dead_letter_leaves(stored: Bench) -> None:
    stored.studio.fault(match={"method": "DELETE"}, status=400)
    stored.ledger.arm("UpdateItem", killed_before)
    stored.deliver(stored.message(RETENTION))

    assert stored.dead_letters() == []


@pytest.mark.hole(15)
def test_held_ends_a_message_and_not_the_key(stored: Bench) -> None:
    record_key = stored.keys.key("response", "resp_1")
    stored.holds.place(record_key, "case-1", stored.clock.now())
    assert stored.deliver(stored.message(RETENTION)).ends == [("done", "held")]
    assert stored.studio.stored() == ["resp_1"]

    stored.holds.release(record_key, "case-1")
    stored.clock.advance(DAY)

    assert stored.deliver(stored.message(RETENTION)).ends == [("done", "deleted")]
    assert stored.studio.stored() == []


@pytest.mark.hole(15)
def test_a_dead_lettered_deletion_does_not_block_one_that_is_sent_later(stored: Bench) -> None:
    stored.studio.fault(match={"method": "DELETE"}, status=400)
    stored.deliver(stored.message(RETENTION))
    stored.clock.advance(DAY)

    assert stored.deliver(stored.message(RETENTION)).ends == [("done", "deleted")]


@pytest.mark.hole(16)
def test_nothing_is_called_held_that_is_gone(stored: Bench) -> None:
    message = stored.message(RETENTION)
    stored.hooks.after.append(crash)
    stored.deliver(message)
    stored.holds.place(stored.keys.key("response", "resp_1"), "case-1", stored.clock.now())

    back = stored.deliver(again(message))

    assert back.ends == [("done", "already_absent")]
    assert [call["method"] for call in stored.studio.requests()] == ["DELETE", "GET"]


@pytest.mark.hole(18)
def test_a_dead_letter_does_not_overwrite_held(stored: Bench) -> None:
    message = stored.message(RETENTION)
    record_key = stored.keys.key("response", "resp_1")

    def another_sees_the_hold() -> None:
        stored.holds.place(record_key, "case-1", stored.clock.now())
        assert stored.deliver(message).ends == [("done", "held")]

    stored.studio.fault(match={"method": "DELETE"}, status=400)
    stored.ledger.arm("UpdateItem", after(another_sees_the_hold))
    late = stored.deliver(again(message))

    assert late.ends == [("done", "held")]
    assert (stored.record("resp_1").state, stored.dead_letters()) == ("held", [])


@pytest.mark.hole(21)
def test_waiting_for_its_time_costs_no_attempt(stored: Bench) -> None:
    stored.deliver(stored.message({**RETENTION, "not_before": "2026-11-22T08:15:00Z"}))
    (waiting,) = stored.take_retry_messages()
    assert numbers(waiting) == (0, 1, 0)
    stored.clock.advance(900)

    assert stored.deliver(waiting).ends == [("done", "deleted")]


@pytest.mark.hole(22)
def test_throttling_dead_letters_nothing_however_often_it_comes(stored: Bench) -> None:
    throttle(stored, times=12)
    waiting = [stored.message(RETENTION)]
    for _ in range(12):
        assert stored.deliver(*waiting).ends == [("deferred", "throttled")]
        stored.clock.advance(900)
        waiting = stored.take_retry_messages()

    assert numbers(waiting[0]) == (0, 12, 0)
    assert stored.deliver(*waiting).ends == [("done", "deleted")]


@pytest.mark.hole(23)
def test_what_cannot_begin_in_time_is_deferred_and_the_batch_is_acknowledged(stored: Bench) -> None:
    stored.hooks.before.extend([lambda: stored.clock.advance(5)] * 40)

    delivered = stored.deliver(*[stored.message({"response_id": f"resp_{n}"}) for n in range(40)], seconds=60)

    assert delivered.counts == {"done": 10, "retry": 0, "deferred": 30, "dead_lettered": 0, "unsettled": 0}
    assert {numbers(retry) for retry in stored.retry_messages()} == {(0, 1, 0)}


@pytest.mark.hole(26)
def test_a_watermark_stops_counting_when_no_queue_can_hold_its_retry_message_any_more(stored: Bench) -> None:
    throttle(stored)
    message = stored.message(RETENTION)
    stored.deliver(message)
    stored.kit.sqs.purge_queue(QueueUrl=stored.own)
    assert stored.deliver(again(message)).ends == [("done", "superseded")]

    stored.clock.advance(14 * DAY + 120)

    assert stored.deliver(again(message)).ends == [("done", "deleted")]


@pytest.mark.hole(26)
def test_a_forgotten_mark_does_not_keep_a_message_from_being_dead_lettered(stored: Bench) -> None:
    throttle(stored)
    message = stored.message(RETENTION)
    stored.deliver(message)
    stored.kit.sqs.purge_queue(QueueUrl=stored.own)
    stored.clock.advance(14 * DAY + 120)
    stored.studio.fault(match={"method": "DELETE"}, status=400)

    assert stored.deliver(again(message)).ends == [("dead_lettered", "rejected")]
    assert reasons(stored.dead_letters()) == ["rejected"]
