"""The holes that concern waiting (numbered as in tests/README.md): throttled, busy, not due, not begun, clocks off."""

import pytest

from tests.integration.steps import throttle
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import numbers, said
from tests.support.paused import Paused

QUESTION = {"event_id": "evt_1"}


@pytest.mark.hole(19)
def test_a_throttled_call_gives_its_claim_back(creates: Bench) -> None:
    throttle(creates)
    creates.deliver(creates.message(QUESTION))
    assert (creates.record("evt_1").state, creates.record("evt_1").watermark) == ("open", (0, 1))

    creates.clock.advance(60)

    assert creates.deliver(*creates.take_retry_messages()).ends == [("done", "done")]
    assert creates.dead_letters() == []


@pytest.mark.hole(21)
def test_waiting_for_a_busy_key_costs_no_attempt(creates: Bench) -> None:
    message = creates.message(QUESTION)
    with Paused(creates, message):
        waiting = [again(message)]
        for _ in range(10):
            creates.deliver(*waiting)
            waiting = creates.take_retry_messages()

    assert numbers(waiting[0]) == (0, 10, 0)
    assert creates.deliver(*waiting).ends == [("done", "done")]


@pytest.mark.hole(22)
def test_throttling_dead_letters_nothing_however_often_it_comes(creates: Bench) -> None:
    throttle(creates, times=12, wait=100)
    waiting = [creates.message({"event_id": f"evt_{n}"}) for n in range(3)]
    rounds = 0
    while waiting and rounds < 60:
        assert creates.deliver(*waiting).acknowledged
        creates.clock.advance(900)
        waiting = creates.take_retry_messages()
        rounds += 1

    assert creates.dead_letters() == []
    assert creates.billed() == 3


@pytest.mark.hole(23)
def test_what_cannot_begin_in_time_is_deferred_and_the_batch_is_acknowledged(creates: Bench) -> None:
    creates.hooks.before.extend([lambda: creates.clock.advance(5)] * 40)

    delivered = creates.deliver(*[creates.message({"event_id": f"evt_{n}"}) for n in range(40)], seconds=60)

    assert delivered.counts == {"done": 10, "retry": 0, "deferred": 30, "dead_lettered": 0, "unsettled": 0}
    assert {said(retry)["attempt"] for retry in creates.retry_messages()} == {0}
    assert creates.billed() == 10


@pytest.mark.hole(24)
def test_clocks_five_minutes_off_each_way_take_no_live_caller_for_dead(creates: Bench) -> None:
    message = creates.message(QUESTION)

    def another_looks() -> None:
        creates.clock.advance(59)
        seen.append(creates.deliver(again(message), clock=creates.clock.skewed(300)).ends)

    seen: list[object] = []
    creates.hooks.before.append(another_looks)
    creates.deliver(message, clock=creates.clock.skewed(-300))

    assert seen == [[("deferred", "busy")]]
    assert creates.billed() == 1


@pytest.mark.hole(26)
def test_a_watermark_stops_counting_when_no_queue_can_hold_its_retry_message_any_more(creates: Bench) -> None:
    throttle(creates)
    message = creates.message(QUESTION)
    creates.deliver(message)
    creates.kit.sqs.purge_queue(QueueUrl=creates.own)
    assert creates.deliver(again(message)).ends == [("done", "superseded")]

    creates.clock.advance(15 * 86_400 + 120)

    assert creates.deliver(again(message)).ends == [("done", "done")]
    assert creates.billed() == 1
