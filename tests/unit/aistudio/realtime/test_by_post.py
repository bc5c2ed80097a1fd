"""response.create by POST: what is sent, and what is made of each form of answer."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from aistudio import APIError, Forbidden, OutcomeUnknown, Rejected, Throttled, Unauthorized, Unavailable
from aistudio.realtime import Realtime, RealtimeResult
from tests.unit.aistudio.clients import an_api
from tests.unit.aistudio.rawserver import Peer, Script, answer, keep_serving, raw_server
from tests.unit.aistudio.test_answers import ERRORS_IN_A_2XX, STATUSES

EVENT = {"type": "response.create", "event_id": "ev-1", "response": {"instructions": "x"}}
RESPONSE = {
    "id": "resp_1",
    "object": "realtime.response",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}],
    "usage": {"total_tokens": 3},
}


def events(*told: Any, end: str = "\n") -> bytes:
    return "".join(f"event: {one['type']}{end}data: {json.dumps(one)}{end}{end}" for one in told).encode()


def stream_of(*told: Any) -> bytes:
    return answer(200, events(*told), Content_Type="text/event-stream; charset=utf-8")


CREATED = {"type": "response.created", "response": {"id": "resp_1"}}
DONE = {"type": "response.done", "response": RESPONSE}


def post(script: Script, event: Mapping[str, Any] = EVENT, timeout: float = 30.0) -> RealtimeResult:
    with raw_server(script) as server, an_api(server.url, realtime_transport="http") as api:
        try:
            return Realtime(api).create(event, None, timeout)
        finally:
            assert len(server.requests) <= 1


def test_the_post_sends_the_apis_own_fields_alone() -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url, realtime_transport="http") as api:
        Realtime(api).create({**EVENT, "context": {"a": 1}, "on_unknown": "retry"}, None, 30)
        Realtime(api).create({"type": "response.create", "event_id": None}, None, 30)
        full, bare = server.requests
    assert (full.method, full.target) == ("POST", "/v1/realtime/client-events/response.create")
    assert json.loads(full.body) == EVENT
    assert json.loads(bare.body) == {"type": "response.create"}
    assert full.headers["accept"] == "application/json, text/event-stream"
    assert full.headers["x-client-request-id"] != bare.headers["x-client-request-id"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (answer(200), None),
        (answer(204), None),
        (answer(202, b"\r\n"), None),
        (answer(200, Content_Type="text/event-stream"), None),
        (answer(200, b"{}"), {}),
        (answer(200, b'{"text":"planted answer"}'), {"text": "planted answer"}),
        (
            answer(200, b'{"id":"resp_1","status":"in_progress","output":[]}'),
            {"id": "resp_1", "status": "in_progress", "output": []},
        ),
        (answer(200, json.dumps(CREATED).encode()), CREATED["response"]),
    ],
    ids=["empty 200", "204", "empty 202", "empty stream", "empty object", "others", "in progress", "response.created"],
)
def test_a_success_without_a_finished_response_is_accepted_and_what_it_says_is_kept(
    data: bytes, told: dict[str, Any] | None
) -> None:
    result = post(keep_serving(data))
    assert (result.accepted, result.response, result.transport) == (True, told, "http")


def test_a_bare_response_that_failed_is_a_result_whether_or_not_it_has_output() -> None:
    failed = {"id": "resp_1", "object": "realtime.response", "status": "failed", "status_details": {"type": "failed"}}
    result = post(keep_serving(answer(200, json.dumps(failed).encode())))
    assert (result.accepted, result.response) == (False, failed)


@pytest.mark.parametrize(
    "data",
    [
        answer(200, json.dumps(RESPONSE).encode(), Content_Type="application/json"),
        answer(200, json.dumps(DONE).encode()),
        stream_of(CREATED, {"type": "rate_limits.updated"}, DONE),
        stream_of(DONE),
        stream_of(DONE, {**DONE, "response": {"id": "resp_1", "status": "failed"}}),
        stream_of(CREATED, {**DONE, "response": {"id": "resp_2"}}, DONE),
        answer(200, b": comment\n\ndata: [DONE]\n\n" + events(CREATED, DONE), Content_Type="TEXT/EVENT-STREAM"),
        answer(200, events(CREATED, DONE, end="\r\n"), Content_Type="text/event-stream"),
        answer(200, events(CREATED, DONE, end="\r"), Content_Type="text/event-stream"),
        answer(200, events(DONE).rstrip(), Content_Type="text/event-stream"),
        answer(200, events(CREATED, DONE), Content_Type="text/plain"),
    ],
    ids=[
        "json",
        "json event",
        "stream",
        "stream of the end alone",
        "two ends",
        "the end of another response",
        "comments",
        "crlf",
        "cr",
        "last event without its empty line",
        "a stream by another name",
    ],
)
def test_a_response_is_read_from_each_form(data: bytes) -> None:
    result = post(keep_serving(data))
    assert (result.response, result.text, result.usage) == (RESPONSE, "Hello", {"total_tokens": 3})
    assert (result.accepted, result.trace.status) == (False, 200)


def test_a_stream_gives_text_as_a_session_does() -> None:
    delta = {"type": "response.output_text.delta", "response_id": "resp_1"}
    done = {"type": "response.done", "response": {"id": "resp_1", "status": "completed", "output": []}}
    data = stream_of(CREATED, {**delta, "delta": "Hel"}, {**delta, "delta": "lo"}, done)
    assert post(keep_serving(data)).text == "Hello"


def test_a_stream_that_stays_open_behind_its_end_does_not_hold_the_call() -> None:
    def stay(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + events(CREATED, DONE))
        peer.stopping.wait(20)

    assert post(stay).response == RESPONSE


def test_a_stream_may_come_in_any_pieces() -> None:
    def drip(peer: Peer) -> None:
        peer.read_request()
        body = events(CREATED, DONE)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for at in range(0, len(body), 7):
            piece = body[at : at + 7]
            peer.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        peer.send(b"0\r\n\r\n")

    assert post(drip).response == RESPONSE


def silent_stream(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + events(CREATED))
    peer.stopping.wait(20)


def cut_stream(peer: Peer) -> None:
    peer.read_request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9999\r\n\r\n" + events(CREATED))


@pytest.mark.parametrize(
    ("script", "timeout"),
    [
        (keep_serving(stream_of(CREATED)), 30),
        (cut_stream, 30),
        (silent_stream, 1),
        (keep_serving(answer(200, b"<html>")), 30),
        (keep_serving(answer(200, b'["an array"]')), 30),
        (keep_serving(answer(200, b'{"id":"resp_1","out')), 30),
        (keep_serving(answer(200, b'{"pad":"' + b"x" * 9_000_000 + b'"}')), 30),
        (lambda peer: peer.read_request(), 30),
    ],
    ids=[
        "stream without an end",
        "cut stream",
        "silent stream",
        "html",
        "array",
        "broken json",
        "too long",
        "no answer",
    ],
)
def test_an_answer_that_says_nothing_is_unknown(script: Script, timeout: float) -> None:
    with pytest.raises(OutcomeUnknown):
        post(script, timeout=timeout)


@pytest.mark.parametrize("status", [status for status in STATUSES if status >= 200], ids=lambda s: f"HTTP {s}")
def test_statuses_are_classed_as_for_any_call_that_must_not_repeat(status: int) -> None:
    with pytest.raises(APIError) as caught:
        post(keep_serving(answer(status)))
    assert type(caught.value) is STATUSES[status][1]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "invalid_request_error"}, Rejected),
        ({"type": "rate_limit_error"}, Throttled),
        ({"type": "authentication_error"}, Unauthorized),
        ({"type": "permission_error"}, Forbidden),
        ({"type": "x", "code": "conversation_already_has_active_response"}, Unavailable),
        ({"type": "server_error"}, OutcomeUnknown),
        ({"type": "new"}, OutcomeUnknown),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_an_error_event_in_an_answer_is_classed_by_its_type(error: dict[str, Any], kind: type[APIError]) -> None:
    told = {"type": "error", "error": {**error, "message": "the user asked"}}
    flat = {"type": "error", "code": error.get("code", error["type"]), "message": "the user asked"}
    bare = {"error": {**error, "message": "the user asked"}}
    for data in (
        stream_of(told),
        stream_of(flat),
        answer(200, json.dumps(told).encode()),
        answer(200, json.dumps(bare).encode()),
    ):
        with pytest.raises(APIError) as caught:
            post(keep_serving(data))
        assert type(caught.value) is kind
        assert "asked" not in caught.value.detail
        assert caught.value.trace.status == 200


def test_an_error_in_a_stream_behind_response_created_is_unknown() -> None:
    with pytest.raises(OutcomeUnknown):
        post(keep_serving(stream_of(CREATED, {"type": "error", "error": {"type": "rate_limit_error", "message": "m"}})))


# Streams that are long, or end early, and errors of any shape


def test_a_stream_longer_than_a_body_may_be_is_read_to_its_end() -> None:
    delta = {"type": "response.output_audio.delta", "response_id": "resp_1", "delta": "AAAA" * 25_000}
    assert len(events(*[delta] * 100)) > 9_000_000
    assert len(post(keep_serving(stream_of(CREATED, *[delta] * 100, DONE)), timeout=30).audio or b"") == 7_500_000


def test_a_stream_over_its_own_bound_is_unknown_and_names_its_response(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aistudio.exchange.MAX_STREAM", 10_000)
    delta = {"type": "response.output_text.delta", "response_id": "resp_1", "delta": "x" * 20_000}
    with pytest.raises(OutcomeUnknown, match="longer than 10000 bytes") as caught:
        post(keep_serving(stream_of(CREATED, delta, DONE)))
    assert caught.value.response_id == "resp_1"


@pytest.mark.parametrize(
    ("script", "why"), [(silent_stream, "not there in time"), (cut_stream, "broken off")], ids=["silent", "cut"]
)
def test_a_stream_that_ends_early_says_why_and_names_its_response(script: Script, why: str) -> None:
    with pytest.raises(OutcomeUnknown, match=why) as caught:
        post(script, timeout=2)
    assert caught.value.response_id == "resp_1"
    assert "resp_1" not in str(caught.value)


def test_a_body_that_is_cut_names_the_response_that_it_begins_with() -> None:
    def cut(peer: Peer) -> None:
        peer.read_request()
        peer.send(
            b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"id":"resp_1","out'
        )

    with pytest.raises(OutcomeUnknown, match="broken off") as caught:
        post(cut)
    assert caught.value.response_id == "resp_1"


def test_a_cancelled_stream_is_a_result() -> None:
    data = stream_of(CREATED, {"type": "response.cancelled", "response_id": "resp_1"})
    assert post(keep_serving(data)).status == "cancelled"


@pytest.mark.parametrize(("body", "_", "kind"), ERRORS_IN_A_2XX.values(), ids=ERRORS_IN_A_2XX)
def test_a_2xx_that_carries_an_error_in_any_shape_is_that_error(body: Any, _: object, kind: type[APIError]) -> None:
    with pytest.raises(APIError) as caught:
        post(keep_serving(answer(200, json.dumps(body).encode(), Content_Type="application/json")))
    assert type(caught.value) is kind


def test_json_that_is_called_a_stream_is_read_as_json() -> None:
    error = b'{"error":{"message":"m","type":"permission_error"}}'
    with pytest.raises(Forbidden):
        post(keep_serving(answer(200, error, Content_Type="text/event-stream")))
    whole = json.dumps(RESPONSE).encode()
    assert post(keep_serving(answer(200, whole, Content_Type="text/event-stream"))).response == RESPONSE


def test_a_stream_that_begins_with_empty_lines_is_no_empty_answer() -> None:
    with pytest.raises(OutcomeUnknown):
        post(keep_serving(answer(200, b"\n\n" + events(CREATED), Content_Type="text/event-stream")))


def test_a_busy_conversation_is_come_back_to_whatever_the_status() -> None:
    body = b'{"error":{"message":"m","type":"invalid_request_error","code":"conversation_already_has_active_response"}}'
    for status in (200, 400, 409):
        with pytest.raises(Unavailable):
            post(keep_serving(answer(status, body)))
