"""What an error means for a message: the table of its ends, budgets, and how long is waited."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudio import APIError, Forbidden, OutcomeUnknown, Rejected, Throttled, Unauthorized, Unavailable
from worker.settle.retry_policy import Again, DeadLetter, History, Limits, after_failure, backoff, defer

LIMITS = Limits(attempts=8, age=86_400)
FRESH, OLD = 0.0, 86_401.0


def verdict(
    error: APIError,
    *,
    may_repeat: bool = True,
    deployment: bool = False,
    attempt: int = 0,
    copy: int = 0,
    age: float = FRESH,
) -> Again | DeadLetter:
    history = History(attempt, copy, age)
    return after_failure(error, history, may_repeat=may_repeat, deployment=deployment, limits=LIMITS, rng=Random(1))


# error, then what it is for an idempotent call, and for one that must not repeat: dead letter, retry, later (deferred)
TABLE: list[tuple[APIError, str, str]] = [
    (Rejected("no"), "dead letter", "dead letter"),
    (Unauthorized("no"), "later", "later"),
    (Forbidden("no"), "later", "later"),
    (Throttled("no"), "later", "later"),
    (Throttled("no", retry_after=5), "later", "later"),
    (Unavailable("no"), "later", "later"),
    (OutcomeUnknown("no"), "retry", "dead letter"),
]


@pytest.mark.parametrize("may_repeat", [True, False])
@pytest.mark.parametrize(("error", "repeatable", "single"), TABLE)
def test_an_error_dead_letters_retries_or_defers_its_message_as_the_table_says(
    error: APIError, repeatable: str, single: str, may_repeat: bool
) -> None:
    got = verdict(error, may_repeat=may_repeat)

    ended = "dead letter" if isinstance(got, DeadLetter) else "retry" if got.counted else "later"
    assert (ended, got.reason) == (repeatable if may_repeat else single, error.reason)


def test_a_rejection_that_all_calls_meet_puts_its_message_off_until_it_is_too_old() -> None:
    assert isinstance(verdict(Rejected("no"), deployment=True), Again)
    assert verdict(Rejected("no"), deployment=True, age=OLD) == DeadLetter("rejected", "no")


@pytest.mark.parametrize(("attempt", "ends"), [(0, False), (6, False), (7, True), (8, True)])
def test_counted_attempts_end_at_their_number(attempt: int, ends: bool) -> None:
    assert isinstance(verdict(OutcomeUnknown("no"), attempt=attempt), DeadLetter) is ends


@pytest.mark.parametrize(
    "error", [Unauthorized("no"), Forbidden("no"), Throttled("no", retry_after=9), Unavailable("no")]
)
def test_deferrals_end_at_their_age_and_at_no_number(error: APIError) -> None:
    assert isinstance(verdict(error, attempt=100, copy=1_000), Again)
    assert verdict(error, age=OLD) == DeadLetter(error.reason, "no")


def test_an_attempt_that_counts_is_not_ended_by_age() -> None:
    assert isinstance(verdict(OutcomeUnknown("no"), age=OLD), Again)


@pytest.mark.parametrize("error", [None, Throttled("no"), Forbidden("no"), Rejected("no")])
@pytest.mark.parametrize(("called", "copy", "ends"), [(False, 0, False), (False, 1, True), (True, 0, True)])
def test_age_ends_only_what_was_called_or_was_put_off_before(
    error: APIError | None, called: bool, copy: int, ends: bool
) -> None:
    got = defer(error, History(0, copy, OLD), called=called, limits=LIMITS, rng=Random(1))

    assert isinstance(got, DeadLetter) is ends


@given(st.integers(0, 2_000), st.integers(0, 100_000))
def test_a_backoff_stays_within_its_bounds(times: int, seed: int) -> None:
    assert 1 <= backoff(times, Random(seed)) <= min(900.0, 2.0 ** min(times + 1, 10))


def test_backoff_grows_and_is_spread_over_all_of_its_range() -> None:
    longest = [max(backoff(times, Random(seed)) for seed in range(200)) for times in range(12)]
    assert longest == sorted(longest)
    assert longest[-1] > 850
    assert min(backoff(11, Random(seed)) for seed in range(200)) < 50


@given(st.floats(0, 86_400), st.integers(0, 20))
def test_nothing_is_tried_again_before_retry_after(retry_after: float, copy: int) -> None:
    got = verdict(Throttled("no", retry_after=retry_after), copy=copy)

    assert isinstance(got, Again)
    assert got.wait >= max(1.0, retry_after)
