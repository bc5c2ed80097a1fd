"""The handshake of a session over WebSocket: what it says, and what a refused one means."""

import ssl
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection

from aistudio import APIError, Forbidden, Throttled, Unauthorized, Unavailable
from aistudio.realtime import Realtime
from tests.unit.aistudio.clients import EVENT, FOLDER, TOKEN, an_api, plain, realtime_at, turn
from tests.unit.aistudio.rawserver import Peer, raw_server, serve
from tests.unit.aistudio.wsserver import Gate, ws_server

pytestmark = pytest.mark.row(31)


def test_the_handshake_names_the_model_the_credential_and_the_logging_switch() -> None:
    with turn(plain) as (realtime, service):
        realtime.create(EVENT, None, 30)
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
def test_a_bare_model_name_becomes_a_uri_of_the_folder_and_a_uri_stays(model: str, uri: str) -> None:
    with turn(plain, realtime_model=model) as (realtime, service):
        realtime.create(EVENT, None, 30)
    assert parse_qs(urlsplit(service.handshakes[0].path).query) == {"model": [uri]}


def test_the_ids_of_the_handshakes_answer_are_in_the_trace() -> None:
    def follow(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 404 No\r\nx-request-id: req-1\r\nx-server-trace-id: tr-1\r\nContent-Length: 0\r\n\r\n")

    with (
        raw_server(follow) as server,
        realtime_at(server.ws_url) as realtime,
        pytest.raises(Forbidden) as caught,
    ):
        realtime.create(EVENT, None, 30)
    trace = caught.value.trace
    assert (trace.client_request_id, trace.request_id, trace.server_trace_id, trace.status) == (
        "id-1",
        "req-1",
        "tr-1",
        404,
    )


def test_a_session_is_opened_only_with_a_service_whose_certificate_is_trusted() -> None:
    issuer = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert("localhost").configure_cert(context)
    with (
        ws_server(plain, ssl=context) as service,
        an_api(realtime_url=service.url, realtime_model="m", realtime_transport="websocket") as api,
    ):
        with pytest.raises(Unavailable):
            Realtime(api).create(EVENT, None, 30)
        api.tls = ssl.create_default_context()
        issuer.configure_trust(api.tls)
        assert Realtime(api).create(EVENT, None, 30).text == "Hello"


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
        (301, Forbidden),
        (400, Forbidden),
        (401, Unauthorized),
        (403, Forbidden),
        (404, Forbidden),
        (408, Unavailable),
        (429, Throttled),
        (500, Unavailable),
        (501, Forbidden),
        (502, Unavailable),
        (503, Throttled),
        (504, Unavailable),
    ],
)
def test_a_refused_handshake_is_classed_by_its_status(status: int, kind: type[APIError]) -> None:
    with turn(plain, refuse(status)) as (realtime, service), pytest.raises(APIError) as caught:
        realtime.create(EVENT, None, 30)
    assert type(caught.value) is kind
    assert caught.value.trace.status == status
    assert service.frames == []


def test_a_refused_handshakes_retry_after_is_kept() -> None:
    with turn(plain, refuse(429, Retry_After="7")) as (realtime, _), pytest.raises(Throttled) as caught:
        realtime.create(EVENT, None, 30)
    assert caught.value.retry_after == 7


def test_a_redirected_handshake_is_not_followed() -> None:
    with (
        turn(plain) as (_, other),
        turn(plain, refuse(302, Location=other.url)) as (realtime, _),
        pytest.raises(Forbidden),
    ):
        realtime.create(EVENT, None, 30)
    assert other.handshakes == []


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
        realtime.create(EVENT, None, 30)


@pytest.mark.parametrize("url", ["ws://127.0.0.1:9/v1/realtime", "ws://no-such-host.invalid/v1/realtime"])
def test_a_service_out_of_reach_is_unavailable(url: str) -> None:
    with realtime_at(url) as realtime, pytest.raises(Unavailable):
        realtime.create(EVENT, None, 30)


def test_a_handshake_that_is_not_answered_is_given_up_long_before_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aistudio.realtime.opening.PREPARED_WITHIN", 0.2)

    def refuse_late(peer: Peer) -> None:
        peer.read_request()
        peer.stopping.wait(60)  # then it would be refused as unauthorized
        peer.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")

    with raw_server(refuse_late) as server, realtime_at(server.ws_url) as realtime, pytest.raises(Unavailable):
        realtime.create(EVENT, None, 60)
