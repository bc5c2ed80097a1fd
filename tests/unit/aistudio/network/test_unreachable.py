"""A service out of reach: no name, no connection, no time, no trust. Nothing is sent; where there is trust, it is."""

import contextlib
import socket
import ssl
import threading
from typing import Any

import pytest
import trustme

from aistudio import Unavailable
from aistudio.network.connecting import Dialer
from aistudio.network.transport import DeadlineTransport
from tests.unit.aistudio.clients import an_api, create, delete
from tests.unit.aistudio.rawserver import DELETED, answer, keep_serving, pause, raw_server


@pytest.mark.row(17)
def test_a_refused_connection_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with an_api(f"http://127.0.0.1:{port}/v1") as api:
        for call in (delete, create):
            with pytest.raises(Unavailable, match="nothing was sent"):
                call(api)


@pytest.mark.row(17)
@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".example"], ids=["no address", "no name at all"])
def test_a_name_that_does_not_resolve_is_unavailable(host: str) -> None:
    with an_api(f"http://{host}/v1") as api, pytest.raises(Unavailable):
        delete(api)


def test_an_address_of_a_kind_that_the_host_lacks_does_not_hide_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = socket.getaddrinfo

    def with_another_first(host: str, port: int, **kwargs: Any) -> Any:
        unknown = (socket.AF_UNSPEC, socket.SOCK_STREAM, 99, "", (host, port))  # as IPv6 where there is none
        return [unknown, *look_up("127.0.0.1", port, **kwargs)]

    with raw_server(keep_serving(DELETED)) as server:
        monkeypatch.setattr(socket, "getaddrinfo", with_another_first)
        with an_api(f"http://both.example:{server.port}/v1") as api:
            assert delete(api) is False


# Here and below, what is slow would end well if it were waited for: only the call's deadline can make it fail.


def test_a_resolver_that_is_slow_is_cut_by_the_calls_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    look_up, cut, looked_up = socket.getaddrinfo, threading.Event(), threading.Event()

    def slowly(host: str, *args: object, **kwargs: object) -> object:
        cut.wait(60)
        looked_up.set()
        return look_up("127.0.0.1", *args, **kwargs)  # type: ignore[arg-type] # passed through

    with raw_server(keep_serving(DELETED)) as server:
        monkeypatch.setattr(socket, "getaddrinfo", slowly)
        with an_api(f"http://slow.example:{server.port}/v1") as api, pytest.raises(Unavailable):
            delete(api, timeout=0.1)
        assert not looked_up.is_set()
        cut.set()
        assert server.connections == 0


@pytest.mark.row(20)
def test_a_connect_that_is_slow_is_cut_by_the_calls_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        full.settimeout(60)
        address = full.getsockname()

        def accept_late() -> None:
            cut.wait(60)
            for _ in range(2):
                with contextlib.suppress(OSError):
                    full.accept()[0].close()

        cut, accepting = threading.Event(), threading.Thread(target=accept_late)
        with socket.create_connection(address), an_api(f"http://127.0.0.1:{address[1]}/v1") as api:
            accepting.start()  # the connection just made fills the queue
            with pytest.raises(Unavailable, match="ConnectTimeout"):
                create(api, timeout=0.2)
        full.settimeout(0.1)
        cut.set()
        accepting.join()


def test_no_time_left_sends_nothing() -> None:
    with raw_server(keep_serving(DELETED)) as server, an_api(server.url) as api:
        for timeout in (0.0, -1.0):
            with pytest.raises(Unavailable):
                delete(api, timeout)
        assert server.connections == 0


# TLS


def server_tls(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    return context


def trusting(ca: trustme.CA) -> DeadlineTransport:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return DeadlineTransport(context, Dialer())


@pytest.mark.row(17)
@pytest.mark.parametrize(
    ("name", "trusted"),
    [("localhost", False), ("elsewhere.example", True)],
    ids=["unknown issuer", "a certificate for another name"],
)
def test_a_certificate_that_proves_nothing_gets_no_request(name: str, trusted: bool) -> None:
    issuer = trustme.CA()
    with (
        raw_server(keep_serving(DELETED), tls=server_tls(issuer, name)) as server,
        an_api(server.url, transport=trusting(issuer if trusted else trustme.CA())) as api,
    ):
        for call in (delete, create):
            with pytest.raises(Unavailable, match="ConnectError"):
                call(api)
        assert server.requests == []


def test_tls_by_default_trusts_no_private_issuer() -> None:
    with (
        raw_server(keep_serving(DELETED), tls=server_tls(trustme.CA(), "localhost")) as server,
        an_api(server.url) as api,
        pytest.raises(Unavailable),
    ):
        delete(api)


def test_a_tls_handshake_that_is_slow_is_cut_by_the_calls_deadline() -> None:
    with raw_server(pause) as server:
        with an_api(server.url.replace("http:", "https:")) as api, pytest.raises(Unavailable, match="ConnectTimeout"):
            delete(api, timeout=0.2)
        assert server.requests == []


def test_calls_over_tls_work_and_share_a_connection() -> None:
    issuer = trustme.CA()
    with (
        raw_server(keep_serving(DELETED), tls=server_tls(issuer, "localhost")) as server,
        an_api(server.url, transport=trusting(issuer)) as api,
    ):
        assert [delete(api), delete(api)] == [False, False]
        assert [seen.connection for seen in server.requests] == [1, 1]


def test_a_large_body_goes_out_whole_over_tls() -> None:
    issuer = trustme.CA()
    with (
        raw_server(keep_serving(answer(200)), tls=server_tls(issuer, "localhost")) as server,
        an_api(server.url, transport=trusting(issuer)) as api,
    ):
        create(api, 10, {"text": "x" * 1_000_000})
        assert len(server.requests[0].body) == 1_000_011
