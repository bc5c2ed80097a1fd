"""Two deletions of one key: neither waits for the date that the other one carries, nor is blocked by its end."""

from datetime import UTC, datetime

import pytest

from ledger.agenda import text_of
from tests.integration.steps import DELETE, Ends, delete, throttle
from tests.support.bench import Bench
from tests.support.messages import Entry, again
from tests.support.observations import reasons

DAY = 86_400


def retention_in_some_days(bench: Bench) -> Entry:
    due = datetime.fromtimestamp(bench.clock.now() + 5 * DAY, UTC).isoformat()
    return bench.message({"response_id": "resp_1", "not_before": due})


def erasure(bench: Bench) -> Entry:
    return bench.message({"response_id": "resp_1", "reason": "erasure"})


def test_an_erasure_does_not_wait_for_a_retention_date(stored: Bench) -> None:
    assert stored.deliver(retention_in_some_days(stored)).ends == [("done", "scheduled")]
    stored.clock.advance(3600)

    assert stored.deliver(erasure(stored)).ends == [("done", "deleted")]
    assert stored.kit.studio.stored() == []


def test_an_erasure_that_is_refused_is_dead_lettered_though_an_earlier_message_waits(stored: Bench) -> None:
    stored.deliver(retention_in_some_days(stored))
    stored.clock.advance(3600)
    stored.kit.studio.fault(match={"id": "resp_1"}, status=400)

    assert stored.deliver(erasure(stored)).ends == [("dead_lettered", "rejected")]
    assert [dead_letter.attributes["reason"] for dead_letter in stored.dead_letters()] == ["rejected"]


def test_a_deferred_erasure_that_returns_with_its_batch_is_not_copied_again(stored: Bench) -> None:
    stored.deliver(retention_in_some_days(stored))
    stored.take_retry_messages()
    stored.clock.advance(3600)
    throttle(stored)
    message = erasure(stored)
    stored.deliver(message)

    assert stored.deliver(again(message)).ends == [("done", "superseded")]
    assert len(stored.retry_messages()) == 1


def test_an_erasure_that_arrives_late_does_not_wait_for_a_date_given_after_it(stored: Bench) -> None:
    late = erasure(stored)
    stored.clock.advance(60)
    stored.deliver(retention_in_some_days(stored))

    assert stored.deliver(late).ends == [("done", "deleted")]


def test_an_old_message_that_comes_back_does_not_take_a_fresh_one_along(stored: Bench) -> None:
    old = erasure(stored)
    stored.studio.fault(times=1, status=400)
    assert stored.deliver(old).ends == [("dead_lettered", "rejected")]
    stored.clock.advance(1)
    fresh = retention_in_some_days(stored)

    assert set(stored.deliver(again(old), fresh).ends) == {("dead_lettered", "rejected"), ("done", "scheduled")}
    assert stored.record("resp_1").due_at == text_of(stored.clock.now()), "an erasure was asked for before"


@pytest.mark.parametrize("erasure_first", [True, False])
def test_an_erasure_sent_in_the_same_second_as_a_dated_message_is_carried_out(
    stored: Bench, *, erasure_first: bool
) -> None:
    writers = [erasure, retention_in_some_days]
    written = {write: write(stored) for write in (writers if erasure_first else reversed(writers))}
    late, dated = (written[write] for write in writers)
    assert stored.deliver(dated).ends == [("done", "scheduled")]

    assert stored.deliver(late).ends == [("done", "deleted")]
    assert stored.studio.stored() == []


def failed_after_a_redrive(bench: Bench) -> None:
    """A deletion was refused, redriven a day later, and refused again."""
    bench.studio.fault(match=DELETE, times=2, status=400)
    delete(bench)
    bench.clock.advance(DAY)
    assert bench.deliver(*bench.redrive()).ends == [("dead_lettered", "rejected")]
    assert (bench.record("resp_1").state, bench.record("resp_1").redrive) == ("dead_lettered", 1)


def test_a_deletion_that_is_sent_after_a_redrive_failed_is_called(stored: Bench) -> None:
    failed_after_a_redrive(stored)
    stored.clock.advance(DAY)

    assert delete(stored) == [("done", "deleted")]


def test_a_deletion_that_is_sent_after_a_redrive_failed_and_is_refused_leaves_a_dead_letter(stored: Bench) -> None:
    failed_after_a_redrive(stored)
    stored.clock.advance(DAY)
    stored.studio.fault(match=DELETE, status=422)  # a third 400 in a record would blame the deployment
    already = len(stored.dead_letters())

    assert delete(stored) == [("dead_lettered", "rejected")]
    assert len(stored.dead_letters()) == already + 1


def test_a_deletion_sent_before_another_one_failed_is_called_all_the_same(stored: Bench) -> None:
    early = erasure(stored)
    stored.clock.advance(1)
    failed_after_a_redrive(stored)

    assert stored.deliver(early).ends == [("done", "deleted")]


def test_a_deferred_deletion_after_a_failed_redrive_lives_on_in_its_retry_message(stored: Bench) -> None:
    failed_after_a_redrive(stored)
    stored.clock.advance(DAY)
    throttle(stored)
    assert delete(stored) == [("deferred", "throttled")]
    stored.clock.advance(100)

    assert stored.deliver(*stored.take_retry_messages()).ends == [("done", "deleted")]


def held_after_a_redrive(bench: Bench) -> Ends:
    """A deletion was refused, and redriven while there was a hold, which is released then."""
    record_key = bench.keys.key("response", "resp_1")
    bench.studio.fault(match=DELETE, status=400)
    delete(bench)
    bench.holds.place(record_key, "case-1", bench.clock.now())
    bench.clock.advance(DAY)
    ends = bench.deliver(*bench.redrive()).ends
    bench.holds.release(record_key, "case-1")
    bench.clock.advance(DAY)
    return ends


def test_a_deletion_that_is_refused_after_a_redriven_one_was_held_leaves_a_dead_letter(stored: Bench) -> None:
    assert held_after_a_redrive(stored) == [("done", "held")]
    stored.studio.fault(match=DELETE, status=400)

    assert delete(stored) == [("dead_lettered", "rejected")]
    assert reasons(stored.dead_letters()) == ["rejected"]
    assert (stored.record("resp_1").state, stored.record("resp_1").dlq) == ("dead_lettered", "sent")


def test_a_deletion_after_a_redriven_one_was_held_and_released_is_carried_out(stored: Bench) -> None:
    held_after_a_redrive(stored)

    assert delete(stored) == [("done", "deleted")]


def test_messages_that_are_sent_anew_each_hour_do_not_keep_a_deletion_from_its_end(stored: Bench) -> None:
    stored.kit.studio.fault(match={"id": "resp_1"}, status=429, times=1000)
    stored.deliver(stored.message({"response_id": "resp_1"}))
    for _ in range(25):
        stored.clock.advance(3600)
        stored.deliver(stored.message({"response_id": "resp_1"}), *stored.take_retry_messages())

    assert reasons(stored.dead_letters()) == ["throttled"]
