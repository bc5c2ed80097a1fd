"""The truth table of the answer reader."""

import json
import string
from collections.abc import Callable

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
from aistudio.answers import Answer, Failure, Reply, read_answer, retry_after

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
NOT_API_ERRORS = {
    "empty": b"",
    "html": b"<html><body>404 Not Found</body></html>",
    "plain text": b"404 page not found",
    "empty object": b"{}",
    "list": b"[]",
    "null": b"null",
    "string": b'"not found"',
    "truncated json": DOCUMENTED[:-5],
    "a framework's own": b'{"detail":"Not Found"}',
    "a gateway's own": b'{"message":"no Route matched with those values"}',
    "a grpc gateway that has no such route": b'{"code":5,"message":"Not Found","details":[]}',
    "a java server's own, with a message": b'{"timestamp":1,"status":404,"error":"Not Found","message":"No message available"}',
    "a framework's own, with a number": b'{"code":404,"message":"HTTP 404 Not Found"}',
    "a gateway's own, with a status": b'{"status":"error","message":"page not found"}',
    "a java server's own": b'{"timestamp":1,"status":404,"error":"Not Found","path":"/v1/responses/x"}',
    "not utf-8": b'\xff\xfe{"message":1}',
    "nested too deep": b'{"error":' * 100_000,
}


def read_delete(outcome: Answer | Failure) -> Reply | APIError:
    return read_answer(outcome, method="DELETE", idempotent=True, resource="r1")


def read_get(outcome: Answer | Failure) -> Reply | APIError:
    return read_answer(outcome, method="GET", idempotent=True, resource="r1")


def read_create(outcome: Answer | Failure) -> Reply | APIError:
    return read_answer(outcome, method="POST", idempotent=False)


# status: (a deletion, a call that must not repeat)
STATUSES: dict[int, tuple[type[APIError], type[APIError]]] = {
    101: (OutcomeUnknown, OutcomeUnknown),
    301: (Rejected, Rejected),
    302: (Rejected, Rejected),
    307: (Rejected, Rejected),
    400: (Rejected, Rejected),
    401: (Unauthorized, Unauthorized),
    402: (Rejected, Rejected),
    403: (Forbidden, Forbidden),
    404: (OutcomeUnknown, Rejected),  # here with a body that is not the API's
    405: (Rejected, Rejected),
    408: (OutcomeUnknown, OutcomeUnknown),
    409: (OutcomeUnknown, Rejected),
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


@pytest.mark.parametrize("body", [b"", b"<html>", None], ids=["empty body", "html body", "unreadable body"])
@pytest.mark.parametrize("status", STATUSES, ids=lambda status: f"HTTP {status}")
def test_status_alone_decides_the_class(status: int, body: bytes | None) -> None:
    on_delete, on_create = STATUSES[status]
    assert type(read_delete(Answer(status, {}, body))) is on_delete
    assert type(read_create(Answer(status, {}, body))) is on_create


@pytest.mark.parametrize("body", API_ERRORS.values(), ids=API_ERRORS)
@pytest.mark.parametrize("status", [status for status in STATUSES if status != 404], ids=lambda s: f"HTTP {s}")
def test_an_error_body_changes_no_class_but_that_of_a_404(status: int, body: bytes) -> None:
    assert type(read_delete(Answer(status, {}, body))) is STATUSES[status][0]
    assert type(read_create(Answer(status, {}, body))) is STATUSES[status][1]


@pytest.mark.parametrize("body", API_ERRORS.values(), ids=API_ERRORS)
def test_a_404_of_the_api_is_absence_for_a_resource_and_a_refusal_for_a_create(body: bytes) -> None:
    for reply in (read_delete(Answer(404, {}, body)), read_get(Answer(404, {}, body))):
        assert isinstance(reply, Reply)
        assert reply.absent
    assert type(read_create(Answer(404, {}, body))) is Rejected


@pytest.mark.parametrize("body", NOT_API_ERRORS.values(), ids=NOT_API_ERRORS)
def test_a_404_of_anybody_else_proves_nothing(body: bytes) -> None:
    assert type(read_delete(Answer(404, {}, body))) is OutcomeUnknown
    assert type(read_get(Answer(404, {}, body))) is OutcomeUnknown


DELETED = {
    "empty": b"",
    "white space": b" \r\n",
    "an empty object": b"{}",
    "as OpenAI answers": b'{"id":"r1","object":"response","deleted":true}',
    "only deleted": b'{"deleted":true}',
    "only the id": b'{"id":"r1"}',
}
NOT_DELETED = {
    "deleted false": b'{"id":"r1","deleted":false}',
    "deleted null": b'{"deleted":null}',
    "deleted a word": b'{"deleted":"true"}',
    "another id": b'{"id":"r2","deleted":true}',
    "html": b"<html>maintenance</html>",
    "a list": b"[]",
    "cut off": b'{"id":"r1","dele',
    "nested too deep": b'{"a":' * 100_000,
    "unreadable": None,
}


@pytest.mark.parametrize("status", [200, 202, 204], ids=lambda status: f"HTTP {status}")
@pytest.mark.parametrize("body", DELETED.values(), ids=DELETED)
def test_a_2xx_is_a_deletion(status: int, body: bytes) -> None:
    reply = read_delete(Answer(status, {}, body))
    assert isinstance(reply, Reply)
    assert not reply.absent


@pytest.mark.parametrize("body", NOT_DELETED.values(), ids=NOT_DELETED)
def test_a_2xx_that_says_otherwise_or_nothing_readable_is_not_a_deletion(body: bytes | None) -> None:
    assert type(read_delete(Answer(200, {}, body))) is OutcomeUnknown


def test_a_stored_response_is_there_whatever_its_body_is() -> None:
    for body in (b"", b"{}", None):
        reply = read_get(Answer(200, {}, body))
        assert isinstance(reply, Reply)
        assert not reply.absent


def test_a_creates_unreadable_success_is_unknown() -> None:
    assert type(read_create(Answer(200, {}, None))) is OutcomeUnknown


@pytest.mark.parametrize("read", [read_delete, read_get, read_create])
def test_without_an_answer_what_was_sent_decides(read: Callable[[Failure], object]) -> None:
    assert type(read(Failure(sent=False, what="ConnectError"))) is Unavailable
    assert type(read(Failure(sent=True, what="ReadTimeout"))) is OutcomeUnknown


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
    error = read_answer(Answer(429, headers, b""), method="DELETE", idempotent=True, now=NOW)
    assert isinstance(error, Throttled)
    assert error.retry_after == seconds


def test_an_error_names_the_status_and_the_apis_identifiers_but_never_its_words() -> None:
    words = "the prompt was: my card is 4111-1111"
    for body in (
        {"code": "bad_input", "message": words, "param": words, "type": "invalid_request_error"},
        {"error": {"code": "bad_input", "message": words, "type": "invalid_request_error", "param": words}},
    ):
        error = read_create(Answer(400, {}, json.dumps(body).encode()))
        assert isinstance(error, Rejected)
        assert error.detail == "HTTP 400 code=bad_input type=invalid_request_error"


def test_rejections_that_say_the_same_have_one_fingerprint_and_others_another() -> None:
    def fingerprint(status: int = 400, **said: object) -> object:
        body = {"message": "m", "type": "invalid_request_error", "code": "bad_input", "param": "model"} | said
        error = read_create(Answer(status, {}, json.dumps(body).encode()))
        assert isinstance(error, Rejected)
        return error.fingerprint

    assert fingerprint() == fingerprint(message="other words")
    others = [fingerprint(422), fingerprint(type="x"), fingerprint(code=None), fingerprint(param="the prompt: planted")]
    assert len({fingerprint(), *others}) == 5
    assert "planted" not in repr(others)


def test_what_does_not_look_like_an_identifier_is_not_told() -> None:
    body = {"message": "m", "type": "my card is 4111", "code": "x" * 65, "status": 10**30}
    error = read_create(Answer(400, {}, json.dumps(body).encode()))
    assert isinstance(error, Rejected)
    assert error.detail == "HTTP 400"


def test_the_ids_of_the_exchange_are_kept_and_bad_ones_dropped() -> None:
    headers = {"x-request-id": "req-1", "x-server-trace-id": "spaces in it\x00"}
    error = read_answer(Answer(500, headers, b""), method="DELETE", idempotent=True, client_request_id="mine")
    assert isinstance(error, OutcomeUnknown)
    assert (error.trace.client_request_id, error.trace.request_id, error.trace.server_trace_id, error.trace.status) == (
        "mine",
        "req-1",
        None,
        500,
    )


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
bodies = st.none() | st.binary() | (error_like | json_values).map(lambda value: json.dumps(value).encode())
headers_in = st.dictionaries(
    st.sampled_from(["retry-after", "retry-after-ms", "x-request-id", "x-server-trace-id", "content-type"]),
    st.text(string.printable) | st.text(),
)


@given(
    status=st.integers(100, 999),
    headers=headers_in,
    body=bodies,
    method=st.sampled_from(["DELETE", "GET", "POST"]),
    idempotent=st.booleans(),
    resource=st.none() | st.just("r1"),
)
@example(404, {}, b"[" * 100_000, "DELETE", True, "r1")
@example(429, {"retry-after": "Tue, 14 Nov 99999 22:15:20 GMT"}, b"", "DELETE", True, "r1")
def test_any_answer_means_something(
    status: int, headers: dict[str, str], body: bytes | None, method: str, idempotent: bool, resource: str | None
) -> None:
    meaning = read_answer(
        Answer(status, headers, body), method=method, idempotent=idempotent, resource=resource, now=NOW
    )
    if isinstance(meaning, APIError):
        assert type(meaning) in {Rejected, Unauthorized, Forbidden, Throttled, OutcomeUnknown}
        assert len(meaning.detail) <= 256
        assert meaning.detail.isascii()
        assert meaning.detail.isprintable()
    else:
        assert 200 <= status < 300 or (status == 404 and resource)


@given(body=bodies, status=st.integers(100, 999))
def test_only_a_2xx_or_a_404_can_settle_a_deletion(body: bytes | None, status: int) -> None:
    if isinstance(read_delete(Answer(status, {}, body)), Reply):
        assert 200 <= status < 300 or status == 404
