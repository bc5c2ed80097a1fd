"""A service that answers before it has read all, and stops reading."""

import socket
import ssl
import threading

import pytest
import trustme

from aistudio import OutcomeUnknown, Rejected
from aistudio.answers import Answer
from aistudio.network.connecting import Dialer
from aistudio.network.transport import DeadlineTransport
from tests.unit.aistudio.clients import an_api, create, delete
from tests.unit.aistudio.rawserver import DELETED, NO_SUCH, Peer, answer, raw_server, serve

TOO_LARGE = {"text": "x" * 16_000_000}


def refuse_and_read_no_more(peer: Peer) -> None:
    peer.sock.recv(1000)
    peer.send(answer(413))
    peer.stopping.wait(20)


def refuse_and_hang_up(peer: Peer) -> None:
    peer.sock.recv(1000)
    peer.send(answer(413))
    peer.sock.shutdown(socket.SHUT_WR)
    peer.stopping.wait(20)


@pytest.mark.parametrize("script", [refuse_and_read_no_more, refuse_and_hang_up])
def test_an_answer_that_comes_while_we_write_is_the_answer(script: object) -> None:
    with raw_server(script) as server, an_api(server.url) as api:  # type: ignore[arg-type] # both are scripts
        with pytest.raises(Rejected, match="413") as caught:
            create(api, 30, TOO_LARGE)
        assert caught.value.trace.status == 413


def tls(issuer: trustme.CA) -> tuple[ssl.SSLContext, DeadlineTransport]:
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    issuer.issue_cert("localhost").configure_cert(server)
    issuer.configure_trust(client)
    return server, DeadlineTransport(client, Dialer())


def test_over_tls_too() -> None:
    context, transport = tls(trustme.CA())
    with (
        raw_server(refuse_and_read_no_more, tls=context) as server,
        an_api(server.url, transport=transport) as api,
        pytest.raises(Rejected, match="413"),
    ):
        create(api, 30, TOO_LARGE)


def test_tls_tickets_that_come_while_we_write_are_no_answer() -> None:
    context, transport = tls(trustme.CA())
    context.num_tickets = 8

    def read_late(peer: Peer) -> None:
        peer.stopping.wait(0.3)  # so that our writing stands still, with tickets waiting to be read
        peer.read_request()
        peer.send(answer(200))

    with raw_server(read_late, tls=context) as server, an_api(server.url, transport=transport) as api:
        assert create(api, 60, TOO_LARGE).status == 200


def test_a_peer_that_hangs_up_while_we_write_leaves_the_outcome_unknown() -> None:
    def leave(peer: Peer) -> None:
        peer.sock.recv(1000)

    with raw_server(leave) as server, an_api(server.url) as api, pytest.raises(OutcomeUnknown):
        create(api, 30, TOO_LARGE)


def test_a_connection_on_which_a_request_was_cut_short_is_not_used_again() -> None:
    answered = threading.Event()

    def refuse_and_read_on(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.send(answer(413))
        answered.wait(20)
        while peer.sock.recv(1_000_000):
            pass

    with raw_server(refuse_and_read_on, serve(DELETED)) as server, an_api(server.url) as api:
        early = api.call("POST", "/things", timeout=30, idempotent=True, body=TOO_LARGE)
        answered.set()
        assert not delete(api)
    assert isinstance(early, Answer)
    assert (early.status, [seen.connection for seen in server.requests]) == (413, [2])


SURPLUS = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"{}" + b" " * 8998 + NO_SUCH


@pytest.mark.parametrize("at", [0, 20])
def test_what_came_behind_an_answer_over_tls_never_answers_the_next_call(at: int) -> None:
    """It lies in the socket that decrypts, where no poll sees it; or a part of it is read already."""
    context, transport = tls(trustme.CA())
    first, rest = SURPLUS[: len(SURPLUS) - at], SURPLUS[len(SURPLUS) - at :]

    def lie(peer: Peer) -> None:
        peer.read_request()
        peer.send(first)
        peer.read_request()
        peer.send(rest)

    with (
        raw_server(lie, serve(DELETED), tls=context) as server,
        an_api(server.url, transport=transport) as api,
    ):
        assert not delete(api)
        assert not delete(api)
        assert server.requests[-1].connection == 2
