"""The truth table of the answer reader."""

import json
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aistudio import (
    APIError,
    Forbidden,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unauthorized,
    Unavailable,
)
from aistudio.answers import Answer, Failure, error_of, retry_after, success, trace_of
from aistudio.exceptions import Trace
from aistudio.responses.delete import deletion
from aistudio.responses.get import existence

DOCUMENTED = json.dumps({"code": None, "message": "No such response", "param": None, "type": "not_found"}).encode()
WRAPPED = json.dumps(
    {"error": {"message": "gone", "type": "invalid_request_error", "code": "x", "param": None}}
).encode()
PROBLEM = json.dumps({"type": "about:blank", "title": "Not Found", "status": 404, "detail": "No response"}).encode()
GRPC = json.dumps({"code": 5, "message": "response abc not found", "details": []}).encode()
GRPC_WRAPPED = json.dumps(
    {"error": {"grpcCode": 5, "httpCode": 404, "message": "not found", "httpStatus": "Not Found", "details": []}}
).encode()
API_ERRORS = {
    "documented": DOCUMENTED,
    "wrapped": WRAPPED,
    "problem": PROBLEM,
    "grpc": GRPC,
    "grpc wrapped": GRPC_WRAPPED,
}


def repeatable(status: int, body: bytes = b"", **headers: str) -> APIError | None:
    return error_of(Answer(status, headers, body), idempotent=True)


def create(status: int, body: bytes = b"", **headers: str) -> APIError | None:
    return error_of(Answer(status, headers, body), idempotent=False)


# status: (a call that may be repeated, a call that must not)
STATUSES: dict[int, tuple[type[APIError], type[APIError]]] = {
    101: (OutcomeUnknown, OutcomeUnknown),
    301: (Rejected, Rejected),
    302: (Rejected, Rejected),
    307: (Rejected, Rejected),
    400: (Rejected, Rejected),
    401: (Unauthorized, Unauthorized),
    402: (Rejected, Rejected),
    403: (Forbidden, Forbidden),
    404: (Rejected, Rejected),
    405: (Rejected, Rejected),
    408: (OutcomeUnknown, OutcomeUnknown),
    409: (Rejected, Rejected),
    413: (Rejected, Rejected),
    422: (Rejected, Rejected),
    429: (Throttled, Throttled),
    500: (OutcomeUnknown, OutcomeUnknown),
    501: (Rejected, Rejected),
    502: (OutcomeUnknown, OutcomeUnknown),
    503: (Throttled, OutcomeUnknown),
    504: (OutcomeUnknown, OutcomeUnknown),
    520: (OutcomeUnknown, OutcomeUnknown),
    999: (OutcomeUnknown, OutcomeUnknown),
}


@pytest.mark.parametrize("body", [b"", b"<html>", *API_ERRORS.values()], ids=["empty body", "html body", *API_ERRORS])
@pytest.mark.parametrize("status", STATUSES, ids=lambda status: f"HTTP {status}")
def test_a_status_that_is_no_success_decides_the_class_whatever_the_body_says(status: int, body: bytes) -> None:
    on_repeatable, on_create = STATUSES[status]
    assert type(repeatable(status, body)) is on_repeatable
    assert type(create(status, body)) is on_create
    cut = Answer(status, {}, body, cut="broken off")
    assert type(error_of(cut, idempotent=False)) is on_create


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b'{"id":"r1"}', b'{"code":0,"message":"ok"}', b"[]"], ids=repr)
@pytest.mark.parametrize("status", [200, 202, 204], ids=lambda status: f"HTTP {status}")
def test_a_2xx_that_carries_no_error_is_a_success(status: int, body: bytes) -> None:
    answer = Answer(status, {}, body)
    assert success(answer, idempotent=False) is answer


@pytest.mark.parametrize(
    "body",
    [
        {"id": "r1", "object": "response", "status": "failed", "error": {"code": "server_error", "message": "m"}},
        {"id": "r1", "object": "realtime.response", "status": "failed", "error": {"code": "x", "message": "m"}},
        {"id": "r1", "status": "failed", "output": [], "error": {"code": "server_error", "message": "m"}},
        {"id": "r1", "error": None, "errors": []},
    ],
    ids=["a failed response", "of realtime", "by its output", "no error"],
)
def test_a_response_that_failed_is_an_answer_and_no_error(body: object) -> None:
    assert create(200, json.dumps(body).encode()) is None


# The body of a 2xx, and the error that it is: for a call that may be repeated, and for one that must not.
ERRORS_IN_A_2XX: dict[str, tuple[object, type[APIError], type[APIError]]] = {
    "documented": (
        {"code": None, "message": "m", "param": None, "type": "invalid_request_error"},
        Rejected,
        Rejected,
    ),
    "documented, without words that are known": (
        {"code": None, "message": "m", "param": None, "type": "x"},
        OutcomeUnknown,
        OutcomeUnknown,
    ),
    "documented, with a code that is none": (
        {"code": [7], "message": "m", "param": {}, "type": "invalid_request_error"},
        Rejected,
        Rejected,
    ),
    "wrapped": ({"error": {"message": "m", "type": "rate_limit_error"}}, Throttled, Throttled),
    "wrapped, of the credential": ({"error": {"message": "m", "code": "invalid_api_key"}}, Unauthorized, Unauthorized),
    "wrapped, by the code first": (
        {"error": {"message": "m", "type": "invalid_request_error", "code": "rate_limit_exceeded"}},
        Throttled,
        Throttled,
    ),
    "wrapped, of the server": ({"error": {"type": "server_error"}}, OutcomeUnknown, OutcomeUnknown),
    "wrapped, with a status as text": ({"error": {"code": "403", "message": "m"}}, Forbidden, Forbidden),
    "wrapped, empty": ({"error": {}}, OutcomeUnknown, OutcomeUnknown),
    "beside an id": ({"id": "r1", "error": {"message": "m", "type": "permission_error"}}, Forbidden, Forbidden),
    "a word": ({"error": "invalid_grant", "error_description": "m"}, OutcomeUnknown, OutcomeUnknown),
    "several": ({"errors": [{"message": "m"}], "data": None}, OutcomeUnknown, OutcomeUnknown),
    "problem": ({"type": "about:blank", "title": "t", "status": 503, "detail": "d"}, Throttled, OutcomeUnknown),
    "problem, without a type": ({"title": "t", "status": 422, "detail": "d"}, Rejected, Rejected),
    "grpc": ({"code": 7, "message": "m", "details": []}, Forbidden, Forbidden),
    "grpc, unavailable": ({"code": 14, "message": "m", "details": []}, Throttled, OutcomeUnknown),
    "grpc wrapped": (
        {"error": {"grpcCode": 16, "httpCode": 401, "message": "m", "httpStatus": "U", "details": []}},
        Unauthorized,
        Unauthorized,
    ),
    "google's": ({"error": {"code": 8, "message": "m", "status": "RESOURCE_EXHAUSTED"}}, Throttled, Throttled),
    "numbered": ({"code": 500, "message": "m"}, OutcomeUnknown, OutcomeUnknown),
    "an event": ({"type": "error", "message": "m", "code": "server_error"}, OutcomeUnknown, OutcomeUnknown),
    "a status in words": ({"status": "error", "message": "m"}, OutcomeUnknown, OutcomeUnknown),
    "no success": ({"success": False}, OutcomeUnknown, OutcomeUnknown),
}


@pytest.mark.parametrize(("body", "on_repeatable", "on_create"), ERRORS_IN_A_2XX.values(), ids=ERRORS_IN_A_2XX)
def test_a_2xx_that_carries_an_error_is_that_error(
    body: object, on_repeatable: type[APIError], on_create: type[APIError]
) -> None:
    assert type(repeatable(200, json.dumps(body).encode())) is on_repeatable
    assert type(create(201, json.dumps(body).encode())) is on_create
    with pytest.raises(on_create):
        success(Answer(200, {}, json.dumps(body).encode()), idempotent=False)


def test_a_2xx_that_calls_itself_a_problem_is_no_success() -> None:
    assert type(create(200, b"{}", **{"content-type": "application/problem+json"})) is OutcomeUnknown


def test_a_success_whose_body_is_cut_is_unknown_and_says_why() -> None:
    error = error_of(Answer(200, {}, b"", cut="not there in time"), idempotent=False)
    assert type(error) is OutcomeUnknown
    assert error.detail == "HTTP 200, body not there in time"


@pytest.mark.parametrize(
    ("body", "learned"),
    [
        (b'{"id":"resp_1","object":"resp', "resp_1"),
        (b' { "id" : "r" ', "r"),
        (b'{"a":1,"id":"r"', "r"),
        (b'{"type":"response.created","response":{"output":[{"id":"item_1"}],"id":"r"', "r"),
        (b'{"id":"event","response":{', None),
        (b'{"output":[{"id":"item_1"', None),
        (b'{"a":1,"id":"r', None),
        (b"", None),
    ],
)
def test_of_a_body_that_did_not_come_whole_the_id_is_learned(body: bytes, learned: str | None) -> None:
    error = error_of(Answer(200, {}, body, cut="broken off"), idempotent=False)
    assert error is not None
    assert error.response_id == learned
    assert "resp_1" not in str(error)


@pytest.mark.parametrize("idempotent", [True, False])
def test_without_an_answer_what_was_sent_decides(idempotent: bool) -> None:
    assert type(error_of(Failure(sent=False, what="ConnectError"), idempotent=idempotent)) is Unavailable
    assert type(error_of(Failure(sent=True, what="ReadTimeout"), idempotent=idempotent)) is OutcomeUnknown


NOW = 1_700_000_000.0
RETRY_AFTER: dict[str, tuple[dict[str, str], float | None]] = {
    "seconds": ({"retry-after": "2"}, 2.0),
    "fractions": ({"retry-after": "0.5"}, 0.5),
    "zero": ({"retry-after": "0"}, 0.0),
    "spaces": ({"retry-after": " 600 "}, 600.0),
    "a date": ({"retry-after": "Tue, 14 Nov 2023 22:15:20 GMT"}, 120.0),
    "a date without a zone": ({"retry-after": "Tue, 14 Nov 2023 22:15:20"}, 120.0),
    "a date long past": ({"retry-after": "Tue, 14 Nov 2000 22:15:20 GMT"}, None),
    "a date far ahead is a day": ({"retry-after": "Tue, 14 Nov 2090 22:15:20 GMT"}, 86400.0),
    "milliseconds": ({"retry-after-ms": "1500"}, 1.5),
    "milliseconds beat seconds": ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
    "bad milliseconds don't": ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
    "absurd is a day": ({"retry-after": "9" * 80}, 86400.0),
    "absent": ({}, None),
    "empty": ({"retry-after": ""}, None),
    "negative": ({"retry-after": "-5"}, None),
    "garbage": ({"retry-after": "in a while"}, None),
    "infinite": ({"retry-after": "inf"}, None),
    "not a number": ({"retry-after": "nan"}, None),
    "other digits": ({"retry-after": "٣"}, None),
    "two values": ({"retry-after": "2, 3"}, None),
    "an impossible date": ({"retry-after": "Tue, 99 Foo 99999 99:99:99 GMT"}, None),
}


@pytest.mark.parametrize(("headers", "seconds"), RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_retry_after_is_read_as_seconds_or_not_at_all(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds
    error = error_of(Answer(429, headers, b"", received=NOW), idempotent=True)
    assert isinstance(error, Throttled)
    assert error.retry_after == seconds


def test_an_error_names_the_status_and_the_apis_identifiers_but_never_its_words() -> None:
    words = "the prompt was: my card is 4111-1111"
    for body in (
        {"code": "bad_input", "message": words, "param": words, "type": "invalid_request_error"},
        {"error": {"code": "bad_input", "message": words, "type": "invalid_request_error", "param": words}},
    ):
        error = create(400, json.dumps(body).encode())
        assert isinstance(error, Rejected)
        assert error.detail == "HTTP 400 code=bad_input type=invalid_request_error"


def test_rejections_that_say_the_same_have_one_fingerprint_and_others_another() -> None:
    def fingerprint(status: int = 400, **said: object) -> object:
        body = {"message": "m", "type": "invalid_request_error", "code": "bad_input", "param": "model"} | said
        error = create(status, json.dumps(body).encode())
        assert isinstance(error, Rejected)
        return error.fingerprint

    assert fingerprint() == fingerprint(message="other words")
    others = [fingerprint(422), fingerprint(type="x"), fingerprint(code=None), fingerprint(param="the prompt: planted")]
    assert len({fingerprint(), *others}) == 5
    assert "planted" not in repr(others)


def test_what_does_not_look_like_an_identifier_is_not_told() -> None:
    body = {"message": "m", "type": "my card is 4111", "code": "x" * 65, "status": 10**30}
    error = create(400, json.dumps(body).encode())
    assert isinstance(error, Rejected)
    assert error.detail == "HTTP 400"


def test_the_ids_of_the_exchange_are_kept_and_bad_ones_dropped() -> None:
    headers = {"x-request-id": "req-1", "x-server-trace-id": "spaces in it\x00"}
    assert trace_of(headers, "mine", 500) == Trace("mine", "req-1", None, 500)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=8,
)
error_like = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("error", "message", "code", "type", "status", "title", "detail", "id", "deleted"), json_values
    ),
)
bodies = st.binary() | (error_like | json_values).map(lambda value: json.dumps(value).encode())
headers_in = st.dictionaries(
    st.sampled_from(["retry-after", "retry-after-ms", "x-request-id", "x-server-trace-id", "content-type"]),
    st.text(string.printable) | st.text(),
)


@given(
    status=st.integers(100, 999),
    headers=headers_in,
    body=bodies,
    cut=st.sampled_from(["", "broken off"]),
    idempotent=st.booleans(),
)
@example(404, {}, b"[" * 100_000, "", True)
@example(200, {}, b'{"error":' * 100_000, "", True)
@example(429, {"retry-after": "Tue, 14 Nov 99999 22:15:20 GMT"}, b"", "", True)
def test_any_answer_means_something(
    status: int, headers: dict[str, str], body: bytes, cut: str, idempotent: bool
) -> None:
    answer = Answer(status, headers, body, cut, received=NOW)
    meaning = error_of(answer, idempotent=idempotent)
    if meaning is None:
        assert 200 <= status < 300
        assert not cut
    else:
        assert type(meaning) in {Rejected, Unauthorized, Forbidden, Throttled, OutcomeUnknown}
        assert len(meaning.detail) <= 256
        assert meaning.detail.isascii()
        assert meaning.detail.isprintable()
    for read in (deletion, existence):
        known = read(answer, "r1")
        if not isinstance(known, APIError):
            assert 200 <= status < 300 or status == 404
            assert not cut
