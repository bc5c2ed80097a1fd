"""What an error means for a message: the table of its ends, budgets, and how long is waited."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudio import APIError, Forbidden, OutcomeUnknown, Rejected, Throttled, Unauthorized, Unavailable
from worker.settle.retry_policy import Again, Limits, Park, backoff, judge, patience, stops_batch

LIMITS = Limits(attempts=8, age=86_400)
FRESH, OLD = 0.0, 86_401.0


def verdict(
    error: APIError, *, may_repeat: bool = True, attempt: int = 0, seq: int = 0, age: float = FRESH
) -> Again | Park:
    return judge(error, may_repeat=may_repeat, attempt=attempt, seq=seq, age=age, limits=LIMITS, rng=Random(1))


# error, then what it is for an idempotent call, and for one that must not repeat: p(arked), r(etried), d(eferred)
TABLE: list[tuple[APIError, str, str]] = [
    (Rejected("no"), "p", "p"),
    (Unauthorized("no"), "d", "d"),
    (Forbidden("no"), "d", "d"),
    (Throttled("no"), "d", "d"),
    (Throttled("no", retry_after=5), "d", "d"),
    (Unavailable("no"), "d", "d"),
    (OutcomeUnknown("no"), "r", "p"),
]


@pytest.mark.parametrize("may_repeat", [True, False])
@pytest.mark.parametrize(("error", "repeatable", "single"), TABLE)
def test_an_error_parks_retries_or_defers_its_message_as_the_table_says(
    error: APIError, repeatable: str, single: str, may_repeat: bool
) -> None:
    got = verdict(error, may_repeat=may_repeat)

    ended = "p" if isinstance(got, Park) else "r" if got.counted else "d"
    assert (ended, got.reason) == (repeatable if may_repeat else single, error.reason)


@pytest.mark.parametrize(("attempt", "parked"), [(0, False), (6, False), (7, True), (8, True)])
def test_counted_attempts_end_at_their_number(attempt: int, parked: bool) -> None:
    assert isinstance(verdict(OutcomeUnknown("no"), attempt=attempt), Park) is parked


@pytest.mark.parametrize(
    "error", [Unauthorized("no"), Forbidden("no"), Throttled("no", retry_after=9), Unavailable("no")]
)
def test_deferrals_end_at_their_age_and_at_no_number(error: APIError) -> None:
    assert isinstance(verdict(error, attempt=100, seq=1_000), Again)
    assert verdict(error, age=OLD) == Park(error.reason, "no")


def test_an_attempt_that_counts_is_not_ended_by_age() -> None:
    assert isinstance(verdict(OutcomeUnknown("no"), age=OLD), Again)


@given(st.integers(0, 2_000), st.integers(0, 100_000))
def test_a_backoff_stays_within_its_bounds(times: int, seed: int) -> None:
    assert 1 <= backoff(times, Random(seed)) <= min(900.0, 2.0 ** min(times + 1, 10))


def test_a_message_that_has_waited_for_its_date_backs_off_like_a_new_one() -> None:
    hops, soon = 2_880, 2.0
    assert all(patience(hops, 0.0, Random(seed)) <= soon for seed in range(200))
    assert max(patience(hops, 86_000.0, Random(seed)) for seed in range(200)) > 850


def test_backoff_grows_and_is_spread_over_all_of_its_range() -> None:
    longest = [max(backoff(times, Random(seed)) for seed in range(200)) for times in range(12)]
    assert longest == sorted(longest)
    assert longest[-1] > 850
    assert min(backoff(11, Random(seed)) for seed in range(200)) < 50


@given(st.floats(0, 86_400), st.integers(0, 20))
def test_nothing_is_tried_again_before_retry_after(retry_after: float, seq: int) -> None:
    got = verdict(Throttled("no", retry_after=retry_after), seq=seq)

    assert isinstance(got, Again)
    assert got.wait >= max(1.0, retry_after)


@pytest.mark.parametrize(
    ("error", "stops"),
    [
        (Throttled("no"), True),
        (Unauthorized("no"), True),
        (Forbidden("no"), True),
        (Rejected("no"), False),
        (Unavailable("no"), False),
        (OutcomeUnknown("no"), False),
    ],
)
def test_only_what_concerns_every_call_stops_the_batch(error: APIError, stops: bool) -> None:
    assert stops_batch(error) is stops
