"""Waiting in the process, and beginning only what can be finished."""

from dataclasses import replace
from typing import Any

import pytest

from aistudio import OutcomeUnknown, Trace
from tests.support.bench import Bench
from tests.support.clock import FakeClock
from worker.clock import MARGIN, Deadline
from worker.outcome import Outcome
from worker.settle.calling import SHORT_WAIT

pytestmark = pytest.mark.row(10)


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
    record_key = deletions.keys.key("response", "resp_2")

    def a_hold_is_placed_while_the_first_call_takes_its_time() -> None:
        deletions.holds.place(record_key, "case-1", deletions.clock.now())
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


class StandIn:
    """A call that notes how many seconds it may take; the first `hanging` ones take them all."""

    def __init__(self, bench: Bench, state: str, hanging: int = 0) -> None:
        self._clock, self._state, self._hanging = bench.clock, state, hanging
        self.timeouts: list[float] = []
        bench.function = replace(bench.function, call=self, when_held=self)

    def __call__(self, message: Any, client: Any, timeout: float) -> Outcome:
        self.timeouts.append(timeout)
        if len(self.timeouts) <= self._hanging:
            self._clock.advance(timeout)
            raise OutcomeUnknown("no answer in time", Trace())
        return Outcome(self._state, Trace(), {})


@pytest.mark.parametrize(("seconds", "given"), [(600, 15), (60, 15), (18, 12)])
def test_a_call_that_may_be_repeated_gets_at_most_fifteen_seconds(
    deletions: Bench, seconds: float, given: float
) -> None:
    call = StandIn(deletions, "deleted")
    deletions.deliver(deletions.message({"response_id": "resp_1"}), seconds=seconds)

    assert call.timeouts == [pytest.approx(given)]


def test_a_call_under_a_hold_gets_no_more(deletions: Bench) -> None:
    call = StandIn(deletions, "held")
    deletions.holds.place(deletions.keys.key("response", "resp_1"), "case-1", deletions.clock.now())
    deletions.deliver(deletions.message({"response_id": "resp_1"}), seconds=600)

    assert call.timeouts == [15]


@pytest.mark.parametrize(("seconds", "given"), [(600, 590), (60, 50)])
def test_a_call_that_must_not_be_repeated_gets_all_that_is_left(creates: Bench, seconds: float, given: float) -> None:
    call = StandIn(creates, "done")
    creates.deliver(creates.message({"event_id": "evt_1"}), seconds=seconds)

    assert call.timeouts == [pytest.approx(given)]


def test_calls_that_hang_leave_time_for_the_rest_of_the_batch(deletions: Bench) -> None:
    StandIn(deletions, "deleted", hanging=2)

    delivered = deletions.deliver(*[deletions.message({"response_id": f"resp_{n}"}) for n in range(5)])

    assert sorted(delivered.ends) == [("done", "deleted")] * 3 + [("retry", "outcome_unknown")] * 2
