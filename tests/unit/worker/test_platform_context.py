"""What the platform says beside the event, in the forms in which it may say it."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.clock import START, FakeClock
from worker.platform_context import LONGEST, Token, seconds_left


@pytest.mark.parametrize(
    "context",
    [
        SimpleNamespace(get_remaining_time_in_millis=lambda: 42_500),
        SimpleNamespace(get_remaining_time_in_millis=lambda: "42500"),
        SimpleNamespace(get_remaining_time_in_millis=None, deadline_ms=(START + 42.5) * 1000),
        SimpleNamespace(deadline_ms=int((START + 42.5) * 1000)),
        SimpleNamespace(deadline_ms=str(int((START + 42.5) * 1000))),
    ],
)
def test_how_long_there_is_is_read_in_any_of_its_forms(context: Any) -> None:
    assert seconds_left(context, FakeClock()) == pytest.approx(42.5)


@pytest.mark.parametrize(
    "context",
    [
        *(None, SimpleNamespace(), SimpleNamespace(deadline_ms=None), {"deadline_ms": 1}),
        *(SimpleNamespace(deadline_ms=odd) for odd in ("nan", float("inf"), 10**400)),
    ],
)
def test_a_context_that_does_not_say_how_long_there_is_is_an_error_that_names_it(context: Any) -> None:
    with pytest.raises(ValueError, match="neither get_remaining_time_in_millis"):
        seconds_left(context, FakeClock())


def test_no_invocation_lasts_longer_than_any_may() -> None:
    """With a time in other units than milliseconds no socket could be given its timeout."""
    assert seconds_left(SimpleNamespace(get_remaining_time_in_millis=lambda: 10**18), FakeClock()) == LONGEST


@pytest.mark.parametrize(
    ("given", "value", "problem"),
    [
        ({"access_token": "t1.a"}, "t1.a", "is empty"),
        (None, "", "is empty"),
        ({}, "", "is empty"),
        ({"access_token": None}, "", "is empty"),
        ("t1.a", "", "is a str, not an object with access_token"),
        (["t1.a"], "", "is a list, not an object with access_token"),
    ],
)
def test_a_token_is_what_an_object_says_and_anything_else_is_told(given: Any, value: str, problem: str) -> None:
    token = Token()

    token.renew(SimpleNamespace(token=given))

    assert (token(), token.problem) == (value, problem)


def test_a_token_lives_for_one_invocation() -> None:
    token = Token()
    token.renew(SimpleNamespace(token={"access_token": "t1.a"}))

    token.renew(SimpleNamespace())

    assert token() == ""
