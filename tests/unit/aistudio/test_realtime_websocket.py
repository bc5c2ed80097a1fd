"""A turn over WebSocket: what is sent, what counts as its end, and what a failure says at each step."""

import base64
import contextlib
import logging
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection
from websockets.utils import accept_key

from aistudio import (
    APIError,
    Forbidden,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unauthorized,
    Unavailable,
)
from aistudio.realtime import Realtime, RealtimeResult
from tests.unit.aistudio.clients import FOLDER, TOKEN, an_api
from tests.unit.aistudio.rawserver import Peer, raw_server, serve
from tests.unit.aistudio.wsserver import Gate, Script, Service, Session, ws_server


@dataclass(frozen=True)
class Context:
    session: Mapping[str, Any] | None = None
    items: Sequence[Mapping[str, Any]] = ()


EVENT = {"type": "response.create", "event_id": "ev-1"}
ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}


@contextlib.contextmanager
def turn(
    script: Script, gate: Gate | None = None, max_size: int | None = 2**20, **settings: Any
) -> Iterator[tuple[Realtime, Service]]:
    settings = {"realtime_transport": "websocket", "realtime_model": "speech-1", **settings}
    with ws_server(script, gate, max_size=max_size) as service, an_api(realtime_url=service.url, **settings) as api:
        yield Realtime(api), service


@contextlib.contextmanager
def realtime_at(url: str) -> Iterator[Realtime]:
    with an_api(realtime_url=url, realtime_model="m", realtime_transport="websocket") as api:
        yield Realtime(api)


def plain(session: Session) -> None:
    session.open()
    session.asked()
    session.created()
    session.text("output_text.delta", "Hel")
    session.text("output_text.delta", "lo")
    session.text("output_text.done", "Hello")
    session.done(usage={"input_tokens": 1, "output_tokens": 2})
    session.until_closed()


def run(script: Script, context: Context | None = None, timeout: float = 5.0, **settings: Any) -> RealtimeResult:
    with turn(script, **settings) as (realtime, _):
        return realtime.create(EVENT, context, timeout)


# A turn that goes well


def test_a_text_turn_gives_the_response_its_text_and_usage() -> None:
    result = run(plain)
    assert result.response is not None
    assert result.response["id"] == "resp_1"
    assert (result.text, result.usage) == ("Hello", {"input_tokens": 1, "output_tokens": 2})
    assert (result.accepted, result.transport, result.audio, result.transcript) == (False, "websocket", None, None)
    assert (result.trace.client_request_id, result.trace.status) == ("id-1", 101)


def test_the_handshake_names_the_model_the_credential_and_the_logging_switch() -> None:
    with turn(plain) as (realtime, service):
        realtime.create(EVENT, None, 5)
    handshake = service.handshakes[0]
    assert handshake.path == f"/v1/realtime?model=gpt%3A%2F%2F{FOLDER}%2Fspeech-1"
    assert handshake.headers["Authorization"] == f"Bearer {TOKEN}"
    assert handshake.headers["x-data-logging-enabled"] == "false"
    assert handshake.headers["x-client-request-id"] == "id-1"
    assert handshake.headers["OpenAI-Project"] == FOLDER
    assert handshake.headers["User-Agent"] == "aistudio-functions"
    assert "Sec-WebSocket-Extensions" not in handshake.headers


@pytest.mark.parametrize(
    ("model", "uri"),
    [
        ("speech-1", f"gpt://{FOLDER}/speech-1"),
        ("speech-1/latest", f"gpt://{FOLDER}/speech-1/latest"),
        ("gpt://other/speech-1", "gpt://other/speech-1"),
        ("prompt:abc", "prompt:abc"),
        ("a b&c", f"gpt://{FOLDER}/a b&c"),
    ],
)
def test_the_model_uri(model: str, uri: str) -> None:
    with turn(plain, realtime_model=model) as (realtime, service):
        realtime.create(EVENT, None, 5)
    assert parse_qs(urlsplit(service.handshakes[0].path).query) == {"model": [uri]}


def test_the_ids_of_the_handshakes_answer_are_in_the_trace() -> None:
    def follow(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 404 No\r\nx-request-id: req-1\r\nx-server-trace-id: tr-1\r\nContent-Length: 0\r\n\r\n")

    with (
        raw_server(follow) as server,
        realtime_at(server.ws_url) as realtime,
        pytest.raises(Rejected) as caught,
    ):
        realtime.create(EVENT, None, 5)
    trace = caught.value.trace
    assert (trace.client_request_id, trace.request_id, trace.server_trace_id, trace.status) == (
        "id-1",
        "req-1",
        "tr-1",
        404,
    )


def test_the_frames_of_a_turn_with_context() -> None:
    def script(session: Session) -> None:
        session.open()
        session.take_item()
        session.take_item()
        session.asked()
        session.created()
        session.done()
        session.until_closed()

    context = Context({"output_modalities": ["text"], "instructions": "be brief"}, [ITEM, {**ITEM, "role": "system"}])
    with turn(script) as (realtime, service):
        event = {**EVENT, "response": {"metadata": {"a": None}, "x": [1]}, "context": "not the API's", "other": 1}
        realtime.create(event, context, 5)
    update, first, second, ask = service.frames
    assert update["session"] == {
        "type": "realtime",
        "output_modalities": ["text"],
        "instructions": "be brief",
        "audio": {"input": {"turn_detection": None}},
    }
    assert [first["item"], second["item"]] == [ITEM, {**ITEM, "role": "system"}]
    assert ask == {"type": "response.create", "event_id": "ev-1", "response": {"metadata": {"a": None}, "x": [1]}}
    assert len({frame["event_id"] for frame in service.frames}) == 4
    assert service.closes == [1000]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, {"type": "realtime", "audio": {"input": {"turn_detection": None}}}),
        ({"turn_detection": {"type": "server_vad"}}, {"type": "realtime", "turn_detection": {"type": "server_vad"}}),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}},
            {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "server_vad"}}}},
        ),
        (
            {"audio": {"input": {"format": "f"}, "output": {"voice": "v"}}},
            {"type": "realtime", "audio": {"input": {"format": "f", "turn_detection": None}, "output": {"voice": "v"}}},
        ),
        ({"audio": "odd"}, {"type": "realtime", "audio": "odd"}),
        ({"type": "transcription"}, {"type": "transcription", "audio": {"input": {"turn_detection": None}}}),
    ],
)
def test_turn_detection_is_off_unless_the_caller_asks_for_it(given: Any, sent: Any) -> None:
    with turn(plain) as (realtime, service):
        realtime.create(EVENT, Context(given), 5)
    assert service.frames[0]["session"] == sent


def test_a_message_without_an_event_id_is_sent_with_a_fresh_one() -> None:
    with turn(plain) as (realtime, service):
        realtime.create({"type": "response.create"}, None, 5)
        realtime.create({"type": "response.create"}, None, 5)
    first, second = (frame["event_id"] for frame in service.asked)
    assert first != second


def test_a_service_that_acknowledges_no_item_is_asked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aistudio.realtime_websocket.ACKNOWLEDGED_WITHIN", 0.05)

    def script(session: Session) -> None:
        session.open()
        session.take("conversation.item.create")
        session.asked()
        session.created()
        session.done()
        session.until_closed()

    assert run(script, Context(items=[ITEM])).response is not None


def test_a_session_over_tls() -> None:
    issuer = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert("localhost").configure_cert(context)
    with (
        ws_server(plain, ssl=context) as service,
        an_api(realtime_url=service.url, realtime_model="m", realtime_transport="websocket") as api,
    ):
        with pytest.raises(Unavailable):
            Realtime(api).create(EVENT, None, 5)
        api.tls = ssl.create_default_context()
        issuer.configure_trust(api.tls)
        assert Realtime(api).create(EVENT, None, 5).text == "Hello"


# Text, transcript and audio


def speaking(*steps: tuple[str, str], output: Any = None) -> Script:
    def script(session: Session) -> None:
        session.open()
        session.asked()
        session.created()
        for kind, value in steps:
            session.text(kind, value)
        session.done(output=output or [])
        session.until_closed()

    return script


WRITTEN = [{"type": "message", "content": [{"type": "output_text", "text": "from done"}]}]
SPOKEN = [{"type": "message", "content": [{"type": "output_audio", "audio": None, "transcript": "said"}]}]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (speaking(("output_text.delta", "a"), ("output_text.done", "abc"), output=WRITTEN), "abc"),
        (speaking(("output_text.done", "abc"), ("output_text.done", "last")), "last"),
        (speaking(("output_text.delta", "a"), ("output_text.delta", "b"), output=WRITTEN), "ab"),
        (speaking(output=WRITTEN), "from done"),
        (speaking(output=SPOKEN), "said"),
        (speaking(("output_audio_transcript.done", "heard")), "heard"),
        (speaking(), None),
        (speaking(output=[{"content": "odd"}, "odd", {"content": [None, {"text": 1}]}]), None),
    ],
    ids=[
        "done event",
        "the last of two",
        "deltas",
        "response.done",
        "its transcript",
        "transcript",
        "none",
        "odd output",
    ],
)
def test_where_the_text_is_taken_from(script: Script, text: str | None) -> None:
    assert run(script).text == text


def test_audio_is_joined_in_order_with_its_transcript() -> None:
    pieces = [b"one", b"twoo", b"three"]  # of lengths that leave different padding
    steps = [("output_audio.delta", base64.b64encode(piece).decode()) for piece in pieces]
    result = run(speaking(*steps, ("output_audio_transcript.delta", "a "), ("output_audio_transcript.delta", "b")))
    assert result.audio == b"onetwoothree"
    assert result.transcript == "a b"
    assert result.text == "a b"


def test_audio_that_is_not_base64_does_not_cost_the_answer() -> None:
    result = run(speaking(("output_audio.delta", "a"), ("output_text.done", "text")))
    assert (result.audio, result.text) == (None, "text")


# What counts as the end


@pytest.mark.parametrize("status", ["completed", "cancelled", "failed", "incomplete"])
def test_a_response_done_of_any_status_is_a_result(status: str) -> None:
    def script(session: Session) -> None:
        session.open()
        session.asked()
        session.created()
        session.done(status=status)
        session.until_closed()

    result = run(script)
    assert result.response is not None
    assert result.response["status"] == status


def test_only_our_own_response_counts() -> None:
    def script(session: Session) -> None:
        session.open()
        session.asked()
        session.done("resp_before")
        session.created("resp_ours")
        session.created("resp_other")
        session.text("output_text.done", "theirs", "resp_other")
        session.done("resp_other")
        session.text("output_text.done", "ours", "resp_ours")
        session.done("resp_ours", status="completed")
        session.until_closed()

    result = run(script)
    assert result.response is not None
    assert (result.response["id"], result.text) == ("resp_ours", "ours")


def test_of_two_ends_the_first_counts() -> None:
    def script(session: Session) -> None:
        session.open()
        session.asked()
        session.created()
        session.done(status="completed")
        session.done(status="failed")
        session.until_closed()

    result = run(script)
    assert result.response is not None
    assert result.response["status"] == "completed"


def test_events_out_of_order_unknown_ones_and_odd_frames_do_no_harm() -> None:
    def script(session: Session) -> None:
        session.emit("rate_limits.updated")
        session.open()
        session.asked()
        session.text("output_text.done", "early")
        session.done()
        for frame in ("not json", "[]", "null", '{"type":1}', "{}", '{"type":"response.done"}', b"\x00\xff"):
            session.connection.send(frame)
        session.emit("response.thinking.delta", depth=[{}])
        session.emit("session.updated")
        session.emit("response.output_text.delta", response_id=["odd"], delta={"odd": 1})
        session.emit("error", error=None)
        session.emit("error", error={"type": "server_error", "message": "about nothing of ours", "event_id": None})
        session.created()
        session.until_closed()

    assert run(script).text == "early"


def test_an_answer_that_arrives_with_the_close_counts() -> None:
    def script(session: Session) -> None:
        session.open()
        session.asked()
        session.created()
        session.done()
        session.connection.close(1011)

    assert run(script).response is not None


def test_a_peer_that_will_not_close_does_not_keep_the_result() -> None:
    gone: list[bool] = []

    def tell(peer: Peer, event: bytes) -> None:
        peer.send(bytes([0x81, len(event)]) + event)

    def follow(peer: Peer) -> None:
        # The handshake by hand, then frames and silence: no close frame is ever answered.
        seen = peer.read_request()
        assert seen is not None
        accept = accept_key(seen.headers["sec-websocket-key"])
        peer.send(
            "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        tell(peer, b'{"type":"session.created"}')
        peer.sock.recv(65536)  # session.update
        tell(peer, b'{"type":"session.updated"}')
        peer.sock.recv(65536)  # response.create
        tell(peer, b'{"type":"response.created","response":{"id":"r"}}')
        tell(peer, b'{"type":"response.done","response":{"id":"r"}}')
        peer.sock.settimeout(5)
        while peer.sock.recv(65536):
            continue
        gone.append(True)

    with raw_server(follow) as server, realtime_at(server.ws_url) as realtime:
        assert realtime.create(EVENT, None, 8).response == {"id": "r"}
        server.wait_ended(1)
    assert gone == [True]


# Failures: before the response.create frame nothing has happened


def refuse(status: int, body: str = "", **headers: str) -> Gate:
    def gate(connection: ServerConnection, request: Request) -> Response | None:
        response = connection.respond(HTTPStatus(status), body)
        for name, value in headers.items():
            response.headers[name.replace("_", "-")] = value
        return response

    return gate


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, Unavailable),
        (301, Rejected),
        (400, Rejected),
        (401, Unauthorized),
        (403, Forbidden),
        (404, Rejected),
        (408, Unavailable),
        (429, Throttled),
        (500, Unavailable),
        (501, Rejected),
        (502, Unavailable),
        (503, Throttled),
        (504, Unavailable),
    ],
)
def test_a_refused_handshake_is_classed_by_its_status(status: int, kind: type[APIError]) -> None:
    with turn(plain, refuse(status)) as (realtime, service), pytest.raises(APIError) as caught:
        realtime.create(EVENT, None, 5)
    assert type(caught.value) is kind
    assert caught.value.trace.status == status
    assert service.frames == []


def test_a_refused_handshakes_retry_after_is_kept() -> None:
    with turn(plain, refuse(429, Retry_After="7")) as (realtime, _), pytest.raises(Throttled) as caught:
        realtime.create(EVENT, None, 5)
    assert caught.value.retry_after == 7


def test_a_redirected_handshake_is_not_followed() -> None:
    with (
        turn(plain) as (_, other),
        turn(plain, refuse(302, Location=other.url)) as (realtime, _),
        pytest.raises(Rejected),
    ):
        realtime.create(EVENT, None, 5)
    assert other.handshakes == []


def before(step: str, end: Script) -> Script:
    """Go as far as the step, then do as told in place of going on."""

    def script(session: Session) -> None:
        if step != "session.created":
            session.emit("session.created", session={})
            session.take("session.update")
        if step == "item":
            session.emit("session.updated")
            session.take("conversation.item.create")
        end(session)

    return script


STEPS = ["session.created", "session.updated", "item"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1011, 4000])
def test_a_close_before_the_frame_says_that_nothing_happened(step: str, code: int) -> None:
    def close(session: Session) -> None:
        session.drop() if code == 1006 else session.connection.close(code, "the user asked")

    with turn(before(step, close)) as (realtime, service), pytest.raises(APIError) as caught:
        realtime.create(EVENT, Context(items=[ITEM]), 5)
    assert type(caught.value) is (Rejected if code == 1008 else Unavailable)
    assert str(code) in caught.value.detail
    assert "asked" not in caught.value.detail
    assert service.asked == []


@pytest.mark.parametrize("step", ["session.created", "session.updated"])
def test_silence_before_the_frame_ends_with_the_deadline_and_nothing_happened(step: str) -> None:
    with turn(before(step, Session.until_closed)) as (realtime, service), pytest.raises(Unavailable):
        realtime.create(EVENT, None, 0.3)
    assert service.asked == []


ERRORS = [
    ({"type": "invalid_request_error", "code": None}, Rejected, Rejected),
    ({"type": "invalid_request_error", "code": "rate_limit_exceeded"}, Throttled, Throttled),
    ({"type": "rate_limit_error"}, Throttled, Throttled),
    ({"type": "authentication_error"}, Unauthorized, Unauthorized),
    ({"type": "permission_error"}, Forbidden, Forbidden),
    ({"type": "invalid_request_error", "code": "conversation_already_has_active_response"}, Unavailable, Unavailable),
    ({"type": "invalid_request_error", "code": "session_expired"}, Unavailable, OutcomeUnknown),
    ({"type": "server_error"}, Unavailable, OutcomeUnknown),
    ({"type": "something_new", "code": 13}, Unavailable, OutcomeUnknown),
    ({}, Unavailable, OutcomeUnknown),
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("error", "kind", "_"), ERRORS, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_an_error_event_before_the_frame_is_classed_by_its_type(
    step: str, error: dict[str, Any], kind: type[APIError], _: object
) -> None:
    def complain(session: Session) -> None:
        session.emit("error", error={**error, "message": "the user asked", "event_id": None})
        session.until_closed()

    with turn(before(step, complain)) as (realtime, service), pytest.raises(APIError) as caught:
        realtime.create(EVENT, Context(items=[ITEM]), 5)
    assert type(caught.value) is kind
    assert "asked" not in caught.value.detail
    assert service.asked == []


def test_a_handshake_that_is_slow_is_cut_by_the_deadline() -> None:
    def refuse_late(peer: Peer) -> None:
        peer.drip(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n" + b"x-slow: 1\r\n" * 12 + b"\r\n")

    with raw_server(refuse_late) as server, realtime_at(server.ws_url) as realtime, pytest.raises(Unavailable):
        realtime.create(EVENT, None, 0.3)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 101 Fine\r\n\r\n", b"nonsense\r\n\r\n"], ids=["eof", "no upgrade", "junk"]
)
def test_a_handshake_that_is_none_is_unavailable(answer: bytes) -> None:
    with raw_server(serve(answer)) as server, realtime_at(server.ws_url) as realtime, pytest.raises(Unavailable):
        realtime.create(EVENT, None, 5)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:9/v1/realtime", "ws://no-such-host.invalid/v1/realtime"])
def test_a_service_out_of_reach_is_unavailable(url: str) -> None:
    with realtime_at(url) as realtime, pytest.raises(Unavailable):
        realtime.create(EVENT, None, 5)


def test_a_peer_that_reads_late_is_cut_by_the_deadline() -> None:
    def script(session: Session) -> None:
        with session.connection.recv_flow_control:  # the server's receiving thread stands still
            session.emit("session.created")
            session.service.stopping.wait(2)
        session.take("session.update")

    with turn(script, max_size=None) as (realtime, service):
        with pytest.raises(Unavailable):
            realtime.create(EVENT, Context({"instructions": "x" * 30_000_000}), 0.5)
        service.stopping.set()
    assert service.frames == []


@pytest.mark.parametrize("event", [{**EVENT, "response": {"a": float("nan")}}, {**EVENT, "response": {"a": object()}}])
def test_what_json_can_not_carry_is_rejected_before_anything_is_opened(event: dict[str, Any]) -> None:
    with turn(plain) as (realtime, service), pytest.raises(Rejected):
        realtime.create(event, None, 5)
    assert service.handshakes == []


def test_no_time_left_opens_nothing() -> None:
    with turn(plain) as (realtime, service), pytest.raises(Unavailable):
        realtime.create(EVENT, None, 0)
    assert service.handshakes == []


# Failures: after it, nobody knows until our response.done


def after(end: Script) -> Script:
    def script(session: Session) -> None:
        session.open()
        session.asked()
        end(session)

    return script


@pytest.mark.parametrize("created", [False, True], ids=["before response.created", "after response.created"])
@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1011, 4000])
def test_a_close_after_the_frame_leaves_the_outcome_unknown(created: bool, code: int) -> None:
    def close(session: Session) -> None:
        if created:
            session.created()
            session.text("output_text.done", "all of it")
        session.drop() if code == 1006 else session.connection.close(code)

    with turn(after(close)) as (realtime, service), pytest.raises(OutcomeUnknown, match=str(code)):
        realtime.create(EVENT, None, 5)
    assert len(service.asked) == 1


def test_silence_after_the_frame_leaves_the_outcome_unknown() -> None:
    with turn(after(Session.until_closed)) as (realtime, service), pytest.raises(OutcomeUnknown):
        realtime.create(EVENT, None, 0.3)
    assert len(service.asked) == 1


def test_a_service_that_talks_for_ever_is_cut_by_the_deadline() -> None:
    def talk(session: Session) -> None:
        session.created()
        while not session.service.stopping.wait(0.01):
            session.text("output_text.delta", "x")

    with turn(after(talk)) as (realtime, service):
        with pytest.raises(OutcomeUnknown):
            realtime.create(EVENT, None, 0.4)
        service.stopping.set()


def test_a_peer_that_pings_without_reading_is_cut_by_the_deadline() -> None:
    def ping(session: Session) -> None:
        with session.connection.recv_flow_control:  # the server's receiving thread stands still
            while not session.service.stopping.is_set():
                session.connection.socket.sendall(b"\x89\x7d" + bytes(125))

    with turn(after(ping)) as (realtime, _):
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            realtime.create(EVENT, None, 2)
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("error", "_", "kind"), ERRORS, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_an_error_event_about_our_frame_ends_the_turn_by_its_type(
    error: dict[str, Any], _: object, kind: type[APIError]
) -> None:
    def complain(session: Session) -> None:
        session.emit("error", error={**error, "message": "the user asked", "event_id": "ev-1"})
        session.until_closed()

    with turn(after(complain)) as (realtime, service), pytest.raises(APIError) as caught:
        realtime.create(EVENT, None, 5)
    assert type(caught.value) is kind
    assert "asked" not in caught.value.detail
    assert len(service.asked) == 1


@pytest.mark.parametrize("error", [error for error, _, _ in ERRORS], ids=str)
def test_once_the_response_has_begun_no_error_says_that_it_did_not_happen(error: dict[str, Any]) -> None:
    def complain(session: Session) -> None:
        session.created()
        session.emit("error", error={**error, "message": "m", "event_id": "ev-1"})
        session.until_closed()

    with pytest.raises(OutcomeUnknown):
        run(after(complain))


def test_an_error_about_nothing_of_ours_changes_nothing() -> None:
    def script(session: Session) -> None:
        session.open()
        session.asked()
        session.emit("error", error={"type": "invalid_request_error", "message": "m", "event_id": "somebody's"})
        session.created()
        session.done()
        session.until_closed()

    assert run(script).response is not None


def test_an_item_refused_too_late_leaves_the_outcome_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aistudio.realtime_websocket.ACKNOWLEDGED_WITHIN", 0.05)

    def script(session: Session) -> None:
        session.open()
        item = session.take("conversation.item.create")
        session.asked()
        session.emit("error", error={"type": "invalid_request_error", "message": "m", "event_id": item["event_id"]})
        session.created()
        session.done()
        session.until_closed()

    with pytest.raises(OutcomeUnknown):
        run(script, Context(items=[ITEM]))


def test_a_frame_over_the_bound_leaves_the_outcome_unknown() -> None:
    def script(session: Session) -> None:
        session.created()
        session.text("output_text.delta", "x" * (8 * 1024 * 1024))
        session.until_closed()

    with pytest.raises(OutcomeUnknown, match="1009"):
        run(after(script))


def test_frames_over_the_bound_together_leave_the_outcome_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aistudio.realtime_websocket.MAX_TURN", 10_000)

    def script(session: Session) -> None:
        session.created()
        for _ in range(20):
            session.text("output_text.delta", "x" * 1000)
        session.until_closed()

    with pytest.raises(OutcomeUnknown, match="10000 bytes"):
        run(after(script))


# Secrets


def test_nothing_of_a_session_is_logged_or_chained(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def script(session: Session) -> None:
        session.open()
        session.take_item()
        session.asked()
        session.created()
        session.text("output_text.delta", "planted answer")
        session.connection.close(1011, "planted reason")

    item = {**ITEM, "content": [{"type": "input_text", "text": "planted question"}]}
    with turn(script, api_key="planted-key") as (realtime, _), pytest.raises(OutcomeUnknown) as caught:
        realtime.create(EVENT, Context(items=[item]), 5)
    assert "planted" not in caplog.text
    assert "planted" not in repr(caught.value) + str(caught.value)
    assert caught.value.__context__ is None
