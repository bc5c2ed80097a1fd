"""What the answers to the question whether a response is stored mean, but for the 404 (test_absence.py)."""

import json

import pytest

from aistudio import APIError, OutcomeUnknown
from aistudio.answers import Answer
from aistudio.responses.get import Existence, existence
from tests.unit.aistudio.test_answers import ERRORS_IN_A_2XX, STATUSES


@pytest.mark.parametrize(
    "body",
    [
        {"id": "r1", "object": "response", "status": "completed", "output": []},
        {"id": "r1", "object": "response", "status": "failed", "error": {"code": "server_error", "message": "m"}},
        {"object": "response"},
    ],
    ids=["completed", "failed", "without an id"],
)
def test_a_stored_response_is_there(body: object) -> None:
    found = existence(Answer(200, {}, json.dumps(body).encode()), "r1")
    assert isinstance(found, Existence)
    assert found.exists


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"[]", b'{"id":"r2"}', b'{"id":"r1"'], ids=repr)
def test_an_answer_that_is_not_this_response_says_nothing(body: bytes) -> None:
    assert type(existence(Answer(200, {}, body), "r1")) is OutcomeUnknown


def test_a_promise_says_nothing() -> None:
    assert type(existence(Answer(202, {}, b'{"id":"r1"}'), "r1")) is OutcomeUnknown


@pytest.mark.parametrize(("body", "kind", "_"), ERRORS_IN_A_2XX.values(), ids=ERRORS_IN_A_2XX)
def test_a_2xx_that_carries_an_error_is_that_error(body: object, kind: type[APIError], _: object) -> None:
    assert type(existence(Answer(200, {}, json.dumps(body).encode()), "r1")) is kind


@pytest.mark.parametrize("status", STATUSES, ids=lambda status: f"HTTP {status}")
def test_other_statuses_mean_what_they_mean_for_any_call_that_may_be_repeated(status: int) -> None:
    assert type(existence(Answer(status, {}, b""), "r1")) is STATUSES[status][0]
