"""Rows 24 and 34 of the fault matrix: waits by clocks that are wrong, and on a quota that is too small."""

import pytest

from tests.integration.steps import DELETE, delete, deletion, question
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import reasons

SKEWS = [-300, 300]


@pytest.mark.parametrize("ahead", SKEWS)
@pytest.mark.row(24)
def test_a_wait_counted_by_a_clock_that_is_wrong_still_ends(stored: Bench, ahead: int) -> None:
    stored.studio.fault(match=DELETE, status=429, headers={"Retry-After": "2000"})
    delete(stored, clock=stored.clock.skewed(ahead))

    ends: list[tuple[str, str | None]] = []
    for _ in range(3):
        stored.clock.advance(900)
        ends += stored.deliver(*stored.take_retry_messages()).ends

    assert ends == [("deferred", None)] * (len(ends) - 1) + [("done", "deleted")]
    assert stored.calls() == 2


@pytest.mark.parametrize("second", SKEWS)
@pytest.mark.parametrize("first", SKEWS)
@pytest.mark.row(24)
def test_clocks_that_differ_make_no_second_receipt_and_no_second_call(
    stored: Bench, creates: Bench, first: int, second: int
) -> None:
    for bench, message in ((stored, deletion(stored)), (creates, question(creates))):
        ended = bench.deliver(message, clock=bench.clock.skewed(first))
        record = bench.records()[0]
        assert ended.ends == bench.deliver(again(message), clock=bench.clock.skewed(second)).ends
        assert bench.records() == [record]
    assert (stored.calls("resp_1"), creates.billed()) == (1, 1)


@pytest.mark.row(34)
def test_a_quota_far_below_the_load_dead_letters_nothing_and_is_used_up_each_time(stored: Bench) -> None:
    ids = [f"resp_{number}" for number in range(100)]
    stored.studio.seed(*ids)
    waiting, rounds = [stored.message({"response_id": each}) for each in ids], 0
    while waiting and rounds < 50:
        stored.studio.clear_faults()
        for allowed in range(10):
            stored.studio.fault(match=DELETE, status=200, effect="before", headers={"x-request-id": f"r-{allowed}"})
        stored.studio.fault(match=DELETE, status=429, headers={"Retry-After": "60"}, times=None)
        assert stored.deliver(*waiting).acknowledged
        stored.clock.advance(900)
        waiting, rounds = stored.take_retry_messages(), rounds + 1

    assert reasons(stored.dead_letters()) == []
    assert {stored.record(each).state for each in ids} == {"deleted"}
    assert rounds == 10
    assert stored.calls() == 100 + 9, "ten deletions a round, and one that is told to wait"
