"""Rows 10 to 13 of the fault matrix: throttling, server errors, refusals, and a deployment that is broken."""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from tests.integration.steps import DELETE, POST, Ends, ask, delete, not_before
from tests.support.bench import Bench
from tests.support.observations import numbers, reasons


@pytest.mark.row(10)
def test_a_short_retry_after_is_waited_for_in_the_process(stored: Bench) -> None:
    stored.studio.fault(match=DELETE, status=429, headers={"Retry-After": "2"})

    assert delete(stored) == [("done", "deleted")]
    assert stored.clock.slept == [2.0]


@pytest.mark.row(10)
def test_a_short_retry_after_that_does_not_fit_any_more_is_left_to_the_queue(stored: Bench) -> None:
    stored.studio.fault(match=DELETE, status=429, headers={"Retry-After": "3"})
    stored.hooks.before.append(lambda: stored.clock.advance(46))

    assert delete(stored) == [("deferred", "throttled")]
    assert (stored.calls(), stored.clock.slept) == (1, [])


@pytest.mark.row(10)
def test_a_create_waits_under_its_claim_and_calls_again(creates: Bench) -> None:
    creates.studio.fault(match=POST, status=429, headers={"Retry-After": "2"})

    assert ask(creates) == [("done", "done")]
    assert (creates.calls(), creates.billed()) == (2, 1)


@pytest.mark.parametrize(("wait", "hops"), [(600, False), (1000, True), (80000, True)])
@pytest.mark.row(10)
def test_a_long_retry_after_is_left_to_the_queue(stored: Bench, wait: int, hops: bool) -> None:
    stored.studio.fault(match=DELETE, status=429, headers={"Retry-After": str(wait)})

    assert delete(stored) == [("deferred", "throttled")]
    assert numbers(stored.retry_messages()[0]) == (0, 1, 0)
    (delay,) = stored.delays()
    promised = not_before(stored) - stored.clock.now() if hops else delay
    assert wait + 1 <= promised <= wait + 3
    assert (not_before(stored) > 0) is hops
    assert stored.clock.slept == []


@pytest.mark.row(10)
def test_what_was_throttled_together_does_not_come_back_at_the_same_second(stored: Bench) -> None:
    stored.studio.fault(match=DELETE, times=None, status=429, headers={"Retry-After": "60"})
    since = int(stored.clock.now()) - 100
    waiting = [stored.retry_message({"response_id": f"resp_{n}"}, copy=5, first_seen=since) for n in range(20)]

    stored.deliver(*waiting)

    delays = stored.delays()
    assert min(delays) > 60
    assert len(set(delays)) > 10


@pytest.mark.parametrize("wait", ["soon", "-5", "", "1e9", "NaN"])
@pytest.mark.row(10)
def test_a_senseless_retry_after_leaves_the_usual_wait(stored: Bench, wait: str) -> None:
    stored.studio.fault(match=DELETE, status=429, headers={"Retry-After": wait})

    assert delete(stored) == [("deferred", "throttled")]
    assert not_before(stored) == 0


@pytest.mark.row(10, 13)
def test_what_is_put_off_again_and_again_waits_longer_each_time(stored: Bench) -> None:
    """Waits are spread at random, so the longest of many messages tells."""
    stored.studio.fault(match=DELETE, times=None, status=403)
    since = int(stored.clock.now())

    def longest(puts_off: int, age: int) -> int:
        seen = len(stored.delays())
        stored.deliver(
            *[
                stored.retry_message({"response_id": f"resp_{age}_{n}"}, copy=puts_off, first_seen=since - age)
                for n in range(40)
            ]
        )
        return max(stored.delays()[seen:])

    waits = [longest(*each) for each in ((0, 0), (3, 15), (6, 120), (9, 3_600))]
    assert waits == sorted(waits)
    assert waits[0] <= 2
    assert waits[-1] > 500


@pytest.mark.row(10)
def test_a_retry_after_may_be_a_date(stored: Bench) -> None:
    date = format_datetime(datetime.fromtimestamp(datetime.now(UTC).timestamp() + 5_000, UTC), usegmt=True)
    stored.studio.fault(match=DELETE, status=429, headers={"Retry-After": date})

    assert delete(stored) == [("deferred", "throttled")]
    assert 4_900 < not_before(stored) - stored.clock.now() <= 5_004


@pytest.mark.row(10)
def test_after_a_throttling_the_batch_begins_no_further_calls(stored: Bench) -> None:
    stored.studio.fault(match=DELETE, times=None, status=429, headers={"Retry-After": "60"})

    delivered = stored.deliver(*[stored.message({"response_id": f"resp_{n}"}) for n in range(5)])

    assert delivered.ends == [("deferred", "throttled")] * 5
    assert stored.calls() == 1
    assert {numbers(retry) for retry in stored.retry_messages()} == {(0, 1, 0)}


@pytest.mark.row(10)
def test_after_a_throttling_no_further_create_is_claimed(creates: Bench) -> None:
    creates.studio.fault(match=POST, times=None, status=429, headers={"Retry-After": "60"})

    delivered = creates.deliver(*[creates.message({"event_id": f"evt_{n}"}) for n in range(5)])

    assert delivered.ends == [("deferred", "throttled")] * 5
    assert creates.calls() == 1
    assert {creates.record(f"evt_{n}").state for n in range(5)} == {"open"}


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 502, "html": True}, {"status": 504, "html": True}])
@pytest.mark.row(11)
def test_a_server_error_of_a_deletion_is_retried_within_its_budget(stored: Bench, fault: dict[str, Any]) -> None:
    stored.studio.fault(match=DELETE, times=None, **fault)
    waiting = [stored.message({"response_id": "resp_1"})]
    ends: Ends = []
    while waiting and len(ends) < 20:
        ends += stored.deliver(*waiting).ends
        waiting = stored.take_retry_messages()

    assert ends == [("retry", "outcome_unknown")] * 7 + [("dead_lettered", "outcome_unknown")]
    assert stored.calls() == 8
    assert reasons(stored.dead_letters()) == ["outcome_unknown"]


@pytest.mark.row(11)
def test_a_503_of_a_deletion_is_a_throttling(stored: Bench) -> None:
    stored.studio.fault(match=DELETE, status=503, html=True)

    assert delete(stored) == [("deferred", "throttled")]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
@pytest.mark.row(11)
def test_a_server_error_of_a_create_is_never_sent_again(creates: Bench, status: int) -> None:
    creates.studio.fault(match=POST, status=status, html=True, headers={"Retry-After": "1"})

    assert ask(creates) == [("dead_lettered", "outcome_unknown")]
    assert (creates.calls(), creates.retry_messages()) == (1, [])


@pytest.mark.row(11)
def test_a_create_whose_producer_accepts_a_second_call_is_retried(creates: Bench) -> None:
    creates.studio.fault(match=POST, status=500)
    message = creates.message({"event_id": "evt_1", "on_unknown": "retry"})

    assert creates.deliver(message).ends == [("retry", "outcome_unknown")]
    assert [numbers(retry) for retry in creates.retry_messages()] == [(1, 1, 0)]
    assert creates.deliver(*creates.take_retry_messages()).ends == [("done", "done")]


@pytest.mark.parametrize("status", [400, 422, 405, 301, 501])
@pytest.mark.row(12)
def test_a_refusal_is_dead_lettered_at_once(stored: Bench, status: int) -> None:
    stored.studio.fault(match=DELETE, status=status)

    assert delete(stored) == [("dead_lettered", "rejected")]
    (dead_letter,) = stored.dead_letters()
    assert dead_letter.attributes["detail"].startswith(f"HTTP {status}")
    assert (stored.calls(), stored.retry_messages()) == (1, [])


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.row(12)
def test_a_refused_create_is_dead_lettered_at_once(creates: Bench, status: int) -> None:
    creates.studio.fault(match=POST, status=status)

    assert ask(creates) == [("dead_lettered", "rejected")]
    assert (creates.record("evt_1").state, reasons(creates.dead_letters())) == ("dead_lettered", ["rejected"])


@pytest.mark.parametrize(("status", "reason"), [(401, "unauthorized"), (403, "forbidden")])
@pytest.mark.row(13)
def test_a_broken_deployment_dead_letters_nothing_and_stops_the_batch(stored: Bench, status: int, reason: str) -> None:
    stored.studio.fault(match=DELETE, times=None, status=status)

    delivered = stored.deliver(*[stored.message({"response_id": f"resp_{n}"}) for n in range(3)])

    assert delivered.ends == [("deferred", reason)] * 3
    assert {line["level"] for line in delivered.lines} == {"ERROR"}
    assert (stored.calls(), stored.dead_letters()) == (2, [])
    assert {numbers(retry) for retry in stored.retry_messages()} == {(0, 1, 0)}


@pytest.mark.parametrize(("status", "reason"), [(401, "unauthorized"), (403, "forbidden")])
@pytest.mark.row(13)
def test_a_broken_deployment_dead_letters_only_what_is_too_old(creates: Bench, status: int, reason: str) -> None:
    creates.studio.fault(match=POST, times=None, status=status)
    message = creates.message({"event_id": "evt_1"})
    assert creates.deliver(message).ends == [("deferred", reason)]

    creates.clock.advance(86_401)

    assert creates.deliver(*creates.take_retry_messages()).ends == [("dead_lettered", reason)]
    assert reasons(creates.dead_letters()) == [reason]
