"""What the answers to a GET mean, but for the 404, which test_absence.py has."""

import json

import pytest

from aistudio import Absent, APIError, OutcomeUnknown, Response
from aistudio.answers import Answer
from aistudio.responses.get import Existence, existence, got
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


@pytest.mark.parametrize("status", ["queued", "in_progress", "completed", "failed", "incomplete", "cancelled"])
def test_a_stored_response_is_given_as_it_is(status: str) -> None:
    body = {"id": "r1", "object": "realtime.response", "status": status, "output": [], "more": {"a": [1]}}
    found = got(Answer(200, {}, json.dumps(body).encode()), "r1")
    assert isinstance(found, Response)
    assert (found.body, found.status) == (body, status)


def test_a_404_about_it_is_its_absence() -> None:
    body = b'{"code":null,"message":"Response with id \'r1\' not found.","param":null,"type":"not_found"}'
    assert isinstance(got(Answer(404, {}, body), "r1"), Absent)
    assert type(got(Answer(404, {}, body, cut="broken off"), "r1")) is OutcomeUnknown


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"[]", b'{"id":"r2"}', b'{"id":"r1"'], ids=repr)
def test_an_answer_that_is_not_this_response_says_nothing(body: bytes) -> None:
    assert type(existence(Answer(200, {}, body), "r1")) is OutcomeUnknown
    assert type(got(Answer(200, {}, body), "r1")) is OutcomeUnknown


def test_a_promise_says_nothing() -> None:
    assert type(existence(Answer(202, {}, b'{"id":"r1"}'), "r1")) is OutcomeUnknown


@pytest.mark.parametrize(("body", "kind", "_"), ERRORS_IN_A_2XX.values(), ids=ERRORS_IN_A_2XX)
def test_a_2xx_that_carries_an_error_is_that_error(body: object, kind: type[APIError], _: object) -> None:
    assert type(existence(Answer(200, {}, json.dumps(body).encode()), "r1")) is kind
    assert type(got(Answer(200, {}, json.dumps(body).encode()), "r1")) is kind


@pytest.mark.parametrize("status", STATUSES, ids=lambda status: f"HTTP {status}")
def test_other_statuses_mean_what_they_mean_for_any_call_that_may_be_repeated(status: int) -> None:
    assert type(existence(Answer(status, {}, b""), "r1")) is STATUSES[status][0]
    assert type(got(Answer(status, {}, b""), "r1")) is STATUSES[status][0]
