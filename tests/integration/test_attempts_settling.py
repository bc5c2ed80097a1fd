"""Attempts to lose, double or misplace messages: slow services, open breakers, and attributes that are not this message's."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger import Key, RecordKey
from tests.integration.steps import deletion, question, throttle
from tests.integration.test_breakers import open_breaker, retire
from tests.support.bench import Bench
from tests.support.messages import again, signed
from tests.support.observations import reasons
from tests.support.seam import after
from worker.message_attributes import Signer
from worker.send.queue import Queue
from worker.send.results import Result, Results
from worker.threads import Threads


def slow(bench: Bench, seconds: float) -> None:
    """Let each request to the ledger and to the queues take so long."""
    tick = after(lambda: bench.clock.advance(seconds))
    for operation in ("UpdateItem", "TransactWriteItems", "GetItem", "BatchGetItem"):
        bench.ledger.arm(operation, *[tick] * 60)
    bench.queues.arm("SendMessageBatch", *[tick] * 60)


@pytest.mark.parametrize("seconds", [1.4, 2.0, 2.9])
@pytest.mark.parametrize("called_until", [44, 47, 49])
def test_no_retry_message_is_sent_whose_watermark_there_is_no_time_to_raise(
    deletions: Bench, seconds: float, called_until: float
) -> None:
    deletions.studio.fault(times=None, status=500)
    slow(deletions, seconds)
    deletions.hooks.before.append(lambda: deletions.clock.advance(called_until))
    begun = deletions.clock.monotonic()

    delivered = deletions.deliver(*(deletion(deletions, f"resp_{n}") for n in range(30)))

    took = deletions.clock.monotonic() - begun
    deletions.ledger.reset()
    deletions.queues.reset()
    marked = [item for item in deletions.records() if item.get("copy") == {"N": "1"}]
    assert (delivered.acknowledged, took < 60) == (False, True)
    assert len(deletions.retry_messages()) == len(marked)


def test_a_message_that_is_not_due_does_not_take_the_turn_of_the_call_that_closes_the_breaker(creates: Bench) -> None:
    open_breaker(creates)
    creates.studio.clear_faults()
    later = creates.retry_message({"event_id": "evt_1"}, key="evt_1", not_before=creates.clock.now() + 3600)

    delivered = creates.deliver(later, question(creates, "evt_2"))

    assert sorted(delivered.ends, key=str) == [("deferred", None), ("done", "done")]


def test_a_message_that_its_record_answers_does_not_take_that_turn_either(creates: Bench) -> None:
    done = question(creates, "evt_1")
    creates.deliver(done)
    open_breaker(creates)
    creates.studio.clear_faults()

    assert creates.deliver(again(done), question(creates, "evt_2")).ends == [("done", "done")] * 2


def test_a_message_that_cannot_be_used_does_not_take_the_turn_of_a_deletion(deletions: Bench) -> None:
    deletions.studio.seed("resp_9")
    deletions.studio.fault(times=3, status=400)
    deletions.deliver(*(deletion(deletions, f"resp_{n}") for n in range(3)))
    deletions.take_retry_messages()

    delivered = deletions.deliver(deletions.message("no JSON"), deletion(deletions, "resp_9"))

    assert sorted(delivered.ends) == [("dead_lettered", "invalid_message"), ("done", "deleted")]


def test_of_a_batch_in_threads_one_call_is_made_while_the_breaker_is_open(creates: Bench) -> None:
    open_breaker(creates)
    called = creates.calls()

    delivered = creates.deliver(*(question(creates, f"evt_{n}") for n in range(40)), run=Threads(16))

    assert delivered.ends == [("deferred", "rejected")] * 40
    assert creates.calls() == called + 1


def test_equal_rejections_of_a_batch_in_threads_put_all_of_it_off(creates: Bench) -> None:
    retire(creates)

    delivered = creates.deliver(*(question(creates, f"evt_{n}") for n in range(60)), run=Threads(16))

    assert (set(delivered.ends), creates.dead_letters()) == ({("deferred", "rejected")}, [])


def test_of_a_hundred_and_fifty_people_in_a_batch_a_hundred_are_kept_and_the_rest_is_told(stored: Bench) -> None:
    throttle(stored)

    stored.deliver(*(stored.message({"response_id": "resp_1", "subject": f"person {n}"}) for n in range(150)))

    assert len(stored.record("resp_1").subjects) == 100
    assert reasons(stored.dead_letters()) == ["too_many_subjects"] * 50
    assert stored.deliver(*stored.take_retry_messages()).ends == [("done", "deleted")]


def test_two_contents_of_a_key_that_are_too_old_are_two_dead_letters(creates: Bench) -> None:
    old = creates.clock.now() - 90_000
    texts = ("What is it?", "Where is it?")
    messages = [
        creates.retry_message({"event_id": "evt_1", "text": text}, key="evt_1", copy=1, first_seen=old)
        for text in texts
    ]
    creates.studio.fault(times=None, status=429)

    creates.deliver(*messages)
    creates.deliver(*(again(message) for message in messages))

    assert sorted(reasons(creates.dead_letters())) == ["key_reused", "throttled"]


def test_a_result_with_any_number_of_fields_of_any_name_reaches_its_queue(creates: Bench) -> None:
    results = Results(Queue(creates.kit.sqs, creates.clock), creates.answers, "ask", "test.asked", "hash", None)
    data = {f"{'n' * 1000}{number}": number for number in range(1000)} | {"status": "completed"}

    assert results.send([Result("1", RecordKey("record"), Key("key"), creates.clock.now(), data)]) == [True]
    ((told),) = creates.results()
    assert len(told["data"]["omitted"]) == 100


ATTRIBUTES: dict[str, Callable[[Bench], Signer]] = {
    "another function's": lambda bench: Signer(bench.secret, "another_function"),
    "another key's": lambda _: Signer("another-hash-key-1", "delete_response"),
}


@pytest.mark.parametrize("whose", ATTRIBUTES)
def test_an_attribute_that_was_signed_by_others_swallows_and_forces_nothing(stored: Bench, whose: str) -> None:
    signer = ATTRIBUTES[whose](stored)
    forged = signed(deletion(stored), signer, key="other", copy=9, redrive=9, force=True, not_before=9e9)

    assert stored.deliver(forged).ends == [("done", "deleted")]
    assert stored.record("resp_1").watermark == (0, 0)


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_truncated_attribute_leaves_a_message_that_is_a_producers(stored: Bench, cut: int) -> None:
    message = stored.retry_message({"response_id": "resp_1"}, key="resp_1", copy=3)
    attribute: dict[str, Any] = message["details"]["message"]["message_attributes"]["settlement"]
    attribute["string_value"] = attribute["string_value"][:-cut]

    assert stored.deliver(message).ends == [("done", "deleted")]


def test_an_attribute_on_another_body_means_nothing(stored: Bench) -> None:
    told = stored.retry_message({"response_id": "resp_2"}, key="resp_2", not_before=stored.clock.now() + 3600)
    message = deletion(stored)
    attributes = told["details"]["message"]["message_attributes"]
    message["details"]["message"]["message_attributes"] = attributes

    assert stored.deliver(message).ends == [("done", "deleted")]


def test_an_old_retry_message_that_is_replayed_after_the_call_calls_nothing(creates: Bench) -> None:
    throttle(creates)
    creates.deliver(question(creates))
    (retry,) = creates.take_retry_messages()
    creates.deliver(retry)

    replayed = {**retry, "details": {**retry["details"], "message": {**retry["details"]["message"], "message_id": "x"}}}

    assert creates.deliver(replayed).ends == [("done", "done")]
    assert creates.billed() == 1


def test_a_forced_redrive_that_is_replayed_goes_back_to_the_dead_letters(creates: Bench) -> None:
    creates.studio.fault(status=500)
    creates.deliver(question(creates))
    (forced,) = creates.redrive(force=True)
    creates.studio.fault(status=500)
    creates.deliver(forced)
    called = creates.calls()
    replayed = creates.retry_message({"event_id": "evt_1"}, key="evt_1", redrive=1, force=True)

    assert creates.deliver(replayed).ends == [("dead_lettered", "outcome_unknown")]
    assert creates.calls() == called


@pytest.mark.parametrize("copy", [10**15, 10**30])
def test_a_signed_number_of_any_size_loses_no_message(stored: Bench, copy: int) -> None:
    message = stored.retry_message({"response_id": "resp_1"}, key="resp_1", copy=copy)

    assert stored.deliver(message).ends == [("done", "deleted")]


@pytest.mark.parametrize("seconds", [0.1, 0.5, 1, 3, 10, 60, 600])
@pytest.mark.parametrize("count", [1, 26, 101])
def test_of_a_mixed_batch_every_message_has_an_end_in_an_invocation_of_any_length(
    deletions: Bench, seconds: float, count: int
) -> None:
    bench = deletions
    due = datetime.fromtimestamp(bench.clock.now() + 86_400, UTC).isoformat()
    bench.studio.seed(*(f"resp_{n}" for n in range(count)))
    bench.holds.place(bench.keys.key("response", "resp_3"), "case 42", bench.clock.now())
    kinds: list[Any] = [{}, {"reason": "erasure", "subject": "alice"}, {"not_before": due}, {}, {"unknown": 1}]

    delivered = bench.deliver(
        *(bench.message({"response_id": f"resp_{n}", **kinds[n % len(kinds)]}) for n in range(count)), seconds=seconds
    )

    assert len(delivered.ends) == count
    kept = sum(end in ("deferred", "retry") for end, _ in delivered.ends)
    assert len(bench.retry_messages()) == kept
    assert len(bench.dead_letters()) == sum(end == "dead_lettered" for end, _ in delivered.ends)
    assert delivered.acknowledged == ("unsettled" not in dict(delivered.ends))
    assert count < 4 or "resp_3" in bench.studio.stored()


STATES = {
    "rejected": 400,
    "outcome_unknown": 500,
}


@pytest.mark.parametrize("attributes", [True, False])
@pytest.mark.parametrize("moved", [1, 3])
@pytest.mark.parametrize("reason", STATES)
def test_a_create_that_is_moved_back_again_and_again_is_called_or_is_a_dead_letter(
    creates: Bench, reason: str, moved: int, *, attributes: bool
) -> None:
    creates.studio.fault(status=STATES[reason])
    creates.deliver(question(creates))
    for _ in range(moved):
        assert reasons(creates.dead_letters()) == [reason]
        creates.breaker.succeeded()  # else the third one says that the deployment is wrong
        if reason == "rejected":
            creates.studio.fault(status=400)
        creates.deliver(*creates.move_back(attributes=attributes))

    assert reasons(creates.dead_letters()) == [reason]
    assert creates.calls() == 1 + moved * (reason == "rejected")
