"""Waiting in the process, and beginning only what can be finished."""

import pytest

from tests.support.bench import Bench
from tests.support.clock import FakeClock
from worker.calling import SHORT_WAIT
from worker.clock import MARGIN, Deadline


def throttle(bench: Bench, wait: float, times: int = 1) -> None:
    bench.studio.fault(times=times, status=429, headers={"Retry-After": str(wait)})


@pytest.mark.parametrize("wait", [0, 1, SHORT_WAIT])
def test_a_short_wait_is_waited_out_and_the_call_made_again(deletions: Bench, wait: float) -> None:
    throttle(deletions, wait)

    assert deletions.deliver(deletions.message({"response_id": "resp_1"})).ends == [("done", "already_absent")]
    assert sum(deletions.clock.slept) == wait


def test_a_wait_that_is_asked_for_again_is_left_to_the_queue(deletions: Bench) -> None:
    throttle(deletions, 2, times=2)

    assert deletions.deliver(deletions.message({"response_id": "resp_1"})).ends == [("deferred", "throttled")]
    assert deletions.clock.slept == [2]


def test_no_wait_is_waited_out_that_ends_behind_the_time_for_calls(deletions: Bench) -> None:
    throttle(deletions, 3)
    deletions.hooks.before.append(lambda: deletions.clock.advance(46))

    assert deletions.deliver(deletions.message({"response_id": "resp_1"})).ends == [("deferred", "throttled")]
    assert deletions.calls() == 1


def test_one_throttled_call_makes_the_batch_wait_once(deletions: Bench) -> None:
    throttle(deletions, 2)

    delivered = deletions.deliver(*[deletions.message({"response_id": f"resp_{n}"}) for n in range(5)])

    assert delivered.ends == [("done", "already_absent")] * 5
    assert deletions.clock.slept == [2]


def test_holds_are_read_again_before_a_call_that_begins_later_than_their_window(deletions: Bench) -> None:
    deletions.studio.seed("resp_1", "resp_2")
    row = deletions.keys.key("delete_response", "resp_2")

    def a_hold_is_placed_while_the_first_call_takes_its_time() -> None:
        deletions.holds.place(row, "case-1", deletions.clock.now())
        deletions.clock.advance(11)

    deletions.hooks.before.append(a_hold_is_placed_while_the_first_call_takes_its_time)

    delivered = deletions.deliver(*[deletions.message({"response_id": f"resp_{n}"}) for n in (1, 2)])

    assert delivered.ends == [("done", "deleted"), ("done", "held")]
    assert deletions.studio.stored() == ["resp_2"]


@pytest.mark.parametrize(("seconds", "window"), [(60, 50), (600, 590), (30, 20), (9, 6), (0.6, 0.4)])
def test_a_margin_is_kept_for_settling(seconds: float, window: float) -> None:
    deadline = Deadline.after(seconds, FakeClock())

    assert deadline.left_for_calls() == pytest.approx(window)
    assert deadline.left() == seconds
    assert seconds - window <= MARGIN


def test_a_call_begins_only_with_the_least_time_that_it_needs(deletions: Bench) -> None:
    deletions.hooks.before.append(lambda: deletions.clock.advance(48.5))

    delivered = deletions.deliver(*[deletions.message({"response_id": f"resp_{n}"}) for n in (1, 2)], seconds=60)

    assert delivered.ends == [("done", "already_absent"), ("deferred", None)]
    assert deletions.calls() == 1
