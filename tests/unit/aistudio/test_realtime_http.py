"""response.create by POST, and the choice between the two transports."""

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudio import (
    APIError,
    Forbidden,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Trace,
    Unauthorized,
    Unavailable,
)
from aistudio.event_stream import EventStream
from aistudio.realtime import Realtime, RealtimeResult
from aistudio.realtime_events import Turn
from tests.unit.aistudio.clients import an_api
from tests.unit.aistudio.rawserver import Peer, Script, answer, keep_serving, raw_server
from tests.unit.aistudio.test_answers import STATUSES
from tests.unit.aistudio.wsserver import Session, ws_server

EVENT = {"type": "response.create", "event_id": "ev-1", "response": {"instructions": "x"}}
RESPONSE = {
    "id": "resp_1",
    "object": "realtime.response",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}],
    "usage": {"total_tokens": 3},
}


@dataclass(frozen=True)
class Context:
    session: Mapping[str, Any] | None = None
    items: Sequence[Mapping[str, Any]] = ()


def events(*told: Any, end: str = "\n") -> bytes:
    return "".join(f"event: {one['type']}{end}data: {json.dumps(one)}{end}{end}" for one in told).encode()


def stream_of(*told: Any) -> bytes:
    return answer(200, events(*told), Content_Type="text/event-stream; charset=utf-8")


CREATED = {"type": "response.created", "response": {"id": "resp_1"}}
DONE = {"type": "response.done", "response": RESPONSE}


def post(script: Script, event: Mapping[str, Any] = EVENT, timeout: float = 5.0) -> RealtimeResult:
    with raw_server(script) as server, an_api(server.url, realtime_transport="http") as api:
        try:
            return Realtime(api).create(event, None, timeout)
        finally:
            assert len(server.requests) <= 1


def test_the_post_on_the_wire() -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url, realtime_transport="http") as api:
        Realtime(api).create({**EVENT, "context": {"a": 1}, "on_unknown": "retry"}, None, 5)
        Realtime(api).create({"type": "response.create", "event_id": None}, None, 5)
        full, bare = server.requests
    assert (full.method, full.target) == ("POST", "/v1/realtime/client-events/response.create")
    assert json.loads(full.body) == EVENT
    assert json.loads(bare.body) == {"type": "response.create"}
    assert full.headers["accept"] == "application/json, text/event-stream"
    assert full.headers["x-client-request-id"] != bare.headers["x-client-request-id"]


@pytest.mark.parametrize(
    "data",
    [
        answer(200),
        answer(204),
        answer(202, b"\r\n"),
        answer(200, b"{}"),
        answer(200, b'{"id":"resp_1","status":"in_progress","output":[]}'),
        answer(200, json.dumps(CREATED).encode()),
        answer(200, Content_Type="text/event-stream"),
    ],
    ids=["empty 200", "204", "empty 202", "empty object", "in progress", "response.created", "empty stream"],
)
def test_a_success_without_a_response_is_accepted(data: bytes) -> None:
    result = post(keep_serving(data))
    assert (result.accepted, result.response, result.transport) == (True, None, "http")


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
        "another's end",
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
        (keep_serving(stream_of(CREATED)), 5),
        (cut_stream, 5),
        (silent_stream, 0.3),
        (keep_serving(answer(200, b"<html>")), 5),
        (keep_serving(answer(200, b'["an array"]')), 5),
        (keep_serving(answer(200, b'{"id":"resp_1","out')), 5),
        (keep_serving(answer(200, b'{"pad":"' + b"x" * 9_000_000 + b'"}')), 5),
        (lambda peer: peer.read_request(), 5),
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


# Which transport


def say_done(session: Session) -> None:
    session.open()
    session.asked()
    session.created("resp_ws")
    session.done("resp_ws")
    session.until_closed()


def test_http_refuses_a_message_with_context_before_anything_is_sent() -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url, realtime_transport="http") as api:
        with pytest.raises(Rejected, match="nothing was sent"):
            Realtime(api).create(EVENT, Context(), 5)
        assert server.connections == 0


@pytest.mark.parametrize("status", [404, 405, 501])
def test_auto_learns_once_that_the_post_is_not_served(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "aistudio")
    with (
        raw_server(keep_serving(answer(status))) as server,
        ws_server(say_done) as service,
        an_api(server.url, realtime_url=service.url, realtime_model="m") as api,
    ):
        realtime = Realtime(api)
        for _ in range(3):
            result = realtime.create(EVENT, None, 5)
            assert (result.transport, result.accepted) == ("websocket", False)
        assert len(server.requests) == 1
    assert len(service.asked) == 3
    assert [frame["event_id"] for frame in service.asked] == ["ev-1"] * 3
    told = [record for record in caplog.records if record.name.startswith("aistudio")]
    assert [str(status) in record.getMessage() for record in told] == [True]


def test_auto_learns_once_also_when_many_find_out_together(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "aistudio")
    together = threading.Barrier(3)

    def not_here(peer: Peer) -> None:
        peer.read_request()
        together.wait(5)
        peer.send(answer(404))

    with (
        raw_server(not_here) as server,
        ws_server(say_done) as service,
        an_api(server.url, realtime_url=service.url, realtime_model="m") as api,
    ):
        realtime = Realtime(api)
        threads = [threading.Thread(target=realtime.create, args=(EVENT, None, 5)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(service.asked) == 3
    assert len([record for record in caplog.records if record.name.startswith("aistudio")]) == 1


def test_auto_posts_as_long_as_that_is_served() -> None:
    with (
        raw_server(keep_serving(answer(200))) as server,
        ws_server(say_done) as service,
        an_api(server.url, realtime_url=service.url, realtime_model="m") as api,
    ):
        realtime = Realtime(api)
        assert [realtime.create(EVENT, None, 5).transport for _ in range(2)] == ["http", "http"]
        assert realtime.create(EVENT, Context(), 5).transport == "websocket"
        assert len(server.requests) == 2
    assert len(service.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_auto_takes_no_other_refusal_for_a_missing_post(status: int) -> None:
    with (
        raw_server(keep_serving(answer(status))) as server,
        ws_server(say_done) as service,
        an_api(server.url, realtime_url=service.url, realtime_model="m") as api,
    ):
        for _ in range(2):
            with pytest.raises(APIError):
                Realtime(api).create(EVENT, None, 5)
        assert len(server.requests) == 2
    assert service.handshakes == []


def test_websocket_never_posts() -> None:
    with (
        raw_server(keep_serving(answer(200))) as server,
        ws_server(say_done) as service,
        an_api(server.url, realtime_url=service.url, realtime_model="m", realtime_transport="websocket") as api,
    ):
        assert Realtime(api).create(EVENT, None, 5).transport == "websocket"
        assert server.connections == 0


@pytest.mark.parametrize("missing", [{"realtime_model": ""}, {"realtime_url": ""}], ids=str)
def test_a_websocket_that_is_not_configured_is_unavailable(missing: dict[str, str]) -> None:
    settings: dict[str, Any] = {"realtime_url": "ws://127.0.0.1:9/x", "realtime_model": "m", **missing}
    with (
        an_api(realtime_transport="websocket", **settings) as api,
        pytest.raises(Unavailable, match="nothing was sent"),
    ):
        Realtime(api).create(EVENT, None, 5)


def test_learning_leaves_the_websocket_the_rest_of_the_time() -> None:
    def late(session: Session) -> None:
        session.service.stopping.wait(0.45)
        say_done(session)

    def slow_404(peer: Peer) -> None:
        peer.read_request()
        peer.stopping.wait(0.3)
        peer.send(answer(404))

    with (
        raw_server(slow_404) as server,
        ws_server(late) as service,
        an_api(server.url, realtime_url=service.url, realtime_model="m") as api,
        pytest.raises(Unavailable),
    ):
        Realtime(api).create(EVENT, None, 0.6)


# Any input


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)
ids = st.sampled_from(["resp_1", "resp_2", "ev-1", "item-1"])
kinds = st.sampled_from(
    [
        "error",
        "response.created",
        "response.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.output_audio.delta",
        "response.output_audio_transcript.done",
        "session.updated",
        "response.output_item.added",
    ]
)
odd_events = st.fixed_dictionaries(
    {},
    optional={
        "type": kinds | json_values,
        "response": st.fixed_dictionaries(
            {}, optional={"id": ids | json_values, "output": json_values, "usage": json_values}
        )
        | json_values,
        "response_id": ids | json_values,
        "delta": json_values,
        "text": json_values,
        "transcript": json_values,
        "error": st.fixed_dictionaries({}, optional=dict.fromkeys(("type", "code", "event_id"), ids | json_values))
        | json_values,
    },
)


@given(told=st.lists(odd_events, max_size=12), event_id=st.none() | st.just("ev-1"))
def test_any_events_make_a_result_or_an_api_error(told: list[dict[str, Any]], event_id: str | None) -> None:
    turn = Turn(event_id, {"item-1"})
    for event in told:
        turn.read(event)
    if not turn.over:
        with pytest.raises(OutcomeUnknown):
            turn.result("http", Trace())
        return
    try:
        result = turn.result("http", Trace())
    except APIError:
        assert any(event.get("type") == "error" for event in told)
    else:
        assert result.response in [event.get("response") for event in told if event.get("type") == "response.done"]


@given(
    told=st.lists(st.dictionaries(st.text(max_size=5), json_values, max_size=3), max_size=5),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(0, 400)),
)
def test_a_stream_is_the_same_however_it_is_cut(told: list[dict[str, Any]], end: str, cuts: list[int]) -> None:
    data = "".join(f"data: {json.dumps(one)}{end}{end}" for one in told).encode()
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    stream = EventStream()
    heard = [one for start, stop in pairwise(edges) for one in stream.feed(data[start:stop])]
    assert [*heard, *stream.feed(b"\n\n")] == told


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_event_of_several_lines_is_one_event_however_it_is_cut(end: bytes) -> None:
    data = end.join([b"data: {", b'data:"a": 1', b"data: }", b"", b""])
    for cut in range(len(data) + 1):
        stream = EventStream()
        assert [*stream.feed(data[:cut]), *stream.feed(data[cut:]), *stream.feed(b"\n\n")] == [{"a": 1}]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_stream(data: bytes) -> None:
    assert all(isinstance(event, dict) for event in EventStream().feed(data + b"\n\n"))
