"""What the answers to a cancel mean, and the question that follows a refusal."""

import json
from typing import Any

import httpx
import pytest

from aistudio import Absent, APIError, OutcomeUnknown, Rejected, Response, Responses, Throttled
from tests.unit.aistudio.clients import an_api
from tests.unit.aistudio.test_answers import STATUSES

GONE = {
    "code": "not_found",
    "message": "Response with id 'r1' not found.",
    "param": None,
    "type": "invalid_request_error",
}


def stored(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "r1", "object": "response", "status": status, "background": True, "output": [], **more}


def cancel(*answers: tuple[int, object]) -> tuple[Response | Absent | APIError, list[str]]:
    """What a cancel comes to that gets these answers in turn, and what was asked."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        status, body = answers[len(asked)]
        asked.append(f"{request.method} {request.url.path}")
        return httpx.Response(status, stream=httpx.ByteStream(b"" if body is None else json.dumps(body).encode()))

    with an_api(transport=httpx.MockTransport(answer)) as api:
        try:
            return Responses(api).cancel("r1", 30), asked
        except APIError as error:
            return error, asked


@pytest.mark.parametrize("status", ["cancelled", "completed", "failed", "incomplete", "in_progress", "queued"])
def test_the_answer_is_how_the_response_stands(status: str) -> None:
    found, asked = cancel((200, stored(status)))
    assert isinstance(found, Response)
    assert found.status == status
    assert asked == ["POST /v1/responses/r1/cancel"]


@pytest.mark.parametrize("refusal", [400, 409])
@pytest.mark.parametrize("status", ["cancelled", "completed", "failed", "incomplete"])
def test_a_cancel_refused_of_what_is_over_is_no_error(refusal: int, status: str) -> None:
    found, asked = cancel((refusal, None), (200, stored(status)))
    assert isinstance(found, Response)
    assert found.status == status
    assert asked == ["POST /v1/responses/r1/cancel", "GET /v1/responses/r1"]


def test_a_cancel_refused_of_what_still_runs_is_the_refusal() -> None:
    assert type(cancel((400, None), (200, stored("in_progress")))[0]) is Rejected
    assert type(cancel((409, None), (200, stored("in_progress")))[0]) is OutcomeUnknown


def test_a_cancel_refused_of_what_never_ran_in_the_background_is_the_refusal() -> None:
    assert type(cancel((400, None), (200, stored("completed", background=False)))[0]) is Rejected
    unsaid = {name: value for name, value in stored("completed").items() if name != "background"}
    assert isinstance(cancel((400, None), (200, unsaid))[0], Response)


def test_where_the_second_question_fails_that_is_the_error() -> None:
    assert type(cancel((400, None), (429, None))[0]) is Throttled
    assert isinstance(cancel((409, None), (404, GONE))[0], Absent)


@pytest.mark.parametrize("status", [200, 404])
def test_only_what_speaks_of_this_response_is_its_absence(status: int) -> None:
    wrapped = {"error": {**GONE, "code": 404}}
    assert isinstance(cancel((status, wrapped))[0], Absent)
    folder = {"error": {**GONE, "code": 404, "message": "Folder not found."}}
    assert type(cancel((status, folder))[0]) is Rejected


@pytest.mark.parametrize("body", [None, [], {"id": "r2", "object": "response", "status": "cancelled"}, {"id": "r1"}])
def test_a_2xx_that_is_not_this_response_says_nothing(body: object) -> None:
    assert type(cancel((200, body))[0]) is OutcomeUnknown


@pytest.mark.parametrize("status", [each for each in STATUSES if each not in (400, 409)], ids=str)
def test_other_statuses_mean_what_they_mean_for_any_call_that_may_be_repeated(status: int) -> None:
    assert type(cancel((status, None))[0]) is STATUSES[status][0]
