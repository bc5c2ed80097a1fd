"""A call begins only with the time that it needs, asked for again once its claim is written."""

from dataclasses import replace

import pytest

from aistudio import Throttled
from tests.integration.steps import POST, ask, question, throttle
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import numbers
from tests.support.seam import after, passes


@pytest.fixture
def slow(creates: Bench) -> Bench:
    """A function whose calls need thirty seconds."""
    creates.function = replace(creates.function, needs=30.0)
    return creates


@pytest.mark.parametrize("seconds", [0.5, 5, 30, 39])
def test_a_create_without_the_time_that_it_needs_is_not_claimed_but_deferred(slow: Bench, seconds: float) -> None:
    assert ask(slow, seconds=seconds) == [("deferred", None)]

    assert (slow.record("evt_1").state, slow.calls()) == ("open", 0)
    assert [numbers(retry) for retry in slow.retry_messages()] == [(0, 1, 0)]


def test_a_create_with_the_time_that_it_needs_is_called(slow: Bench) -> None:
    assert ask(slow, seconds=41) == [("done", "done")]


def test_time_that_its_claim_has_taken_is_asked_for_again(slow: Bench) -> None:
    slow.ledger.arm("UpdateItem", after(lambda: slow.clock.advance(25)))

    assert ask(slow) == [("deferred", None)]
    assert (slow.record("evt_1").state, slow.record("evt_1").watermark, slow.calls()) == ("open", (0, 1), 0)


def test_a_breaker_that_opened_while_a_claim_was_written_is_asked_again(creates: Bench) -> None:
    message = question(creates, "evt_2")
    creates.ledger.arm("UpdateItem", passes, passes, after(lambda: close(creates)))

    delivered = creates.deliver(question(creates), message)

    assert delivered.ends == [("done", "done"), ("deferred", "throttled")]
    assert creates.calls() == 1
    assert creates.deliver(again(message)).ends == [("done", "superseded")]


def close(bench: Bench) -> None:
    """Another call of the batch is throttled just now."""
    bench.batches[-1].report(Throttled("no"), bench.keys.key("ask", "another"))


def test_a_short_wait_that_ends_behind_the_time_for_calls_is_not_waited_out(creates: Bench) -> None:
    throttle(creates, wait=3)
    creates.function = replace(creates.function, needs=2.0)
    creates.hooks.before.append(lambda: creates.clock.advance(46))

    assert ask(creates) == [("deferred", "throttled")]
    assert creates.clock.slept == []


def test_no_neighbour_waits_beyond_the_time_for_calls_either(creates: Bench) -> None:
    creates.studio.fault(match=POST, status=429, headers={"Retry-After": "3"})
    creates.function = replace(creates.function, needs=2.0)
    creates.hooks.before.append(lambda: creates.clock.advance(46))

    delivered = creates.deliver(*[question(creates, f"evt_{n}") for n in range(3)])

    assert delivered.ends == [("deferred", "throttled")] * 3
    assert creates.clock.slept == []
