"""Faults of real sockets, and what the client makes of them: the class, and how often the service was asked."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import trustme

from aistudio import (
    API,
    OutcomeUnknown,
    Rejected,
    Responses,
    Throttled,
    Unavailable,
)
from aistudio.network import Flight
from aistudio.transport import DeadlineTransport
from tests.unit.aistudio.clients import an_api
from tests.unit.aistudio.rawserver import Peer, RawServer, Script, answer, keep_serving, raw_server, serve

DELETED = answer(200, b'{"id":"r1","deleted":true}', Content_Type="application/json")
NO_SUCH = answer(404, b'{"code":null,"message":"none","param":null,"type":"not_found"}')


def delete(api: API, timeout: float = 5.0) -> bool:
    return Responses(api).delete("r1", timeout).absent


def create(api: API, timeout: float = 5.0) -> None:
    api.call("POST", "/things", timeout=timeout, idempotent=False, body={})


def hang_up(peer: Peer) -> None:
    peer.read_request()


def reset(peer: Peer) -> None:
    peer.read_request()
    peer.reset()


def pause(peer: Peer) -> None:
    """Do nothing for so long that it must be noticed, then close."""
    peer.stopping.wait(2)


def then(data: bytes, end: Callable[[Peer], object]) -> Script:
    """Answer one request well, then do as told with the connection."""

    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(data)
        end(peer)

    return script


# Nothing was sent


def test_a_refused_connection_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with an_api(f"http://127.0.0.1:{port}/v1") as api:
        for call in (delete, create):
            with pytest.raises(Unavailable, match="nothing was sent"):
                call(api)


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
        cut.wait(2)
        looked_up.set()
        return look_up("127.0.0.1", *args, **kwargs)  # type: ignore[arg-type] # passed through

    with raw_server(keep_serving(DELETED)) as server:
        monkeypatch.setattr(socket, "getaddrinfo", slowly)
        with an_api(f"http://slow.example:{server.port}/v1") as api, pytest.raises(Unavailable):
            delete(api, timeout=0.1)
        assert not looked_up.is_set()
        cut.set()
        assert server.connections == 0


def test_a_connect_that_is_slow_is_cut_by_the_calls_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        full.settimeout(5)
        address = full.getsockname()

        def accept_late() -> None:
            cut.wait(0.6)  # the waiting client knocks again after a second
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


def server_tls(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    return context


def trusting(ca: trustme.CA) -> DeadlineTransport:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return DeadlineTransport(context)


@pytest.mark.parametrize(
    ("name", "trusted"), [("localhost", False), ("elsewhere.example", True)], ids=["unknown issuer", "another's name"]
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
        api.call("POST", "/things", timeout=10, idempotent=False, body={"text": "x" * 1_000_000})
        assert len(server.requests[0].body) == 1_000_011


# Stale and broken connections


def test_connections_are_reused() -> None:
    with raw_server(keep_serving(DELETED)) as server, an_api(server.url) as api:
        for _ in range(5):
            delete(api)
        assert server.connections == 1


def test_a_pooled_connection_that_the_peer_closed_is_not_used() -> None:
    with raw_server(serve(DELETED), keep_serving(DELETED)) as server, an_api(server.url) as api:
        delete(api)
        server.wait_ended(1)
        delete(api)
        # The second id went out at the first try.
        assert [(seen.connection, seen.headers["x-client-request-id"]) for seen in server.requests] == [
            (1, "id-1"),
            (2, "id-2"),
        ]


@pytest.mark.parametrize("end", [hang_up, reset])
def test_a_deletion_whose_pooled_connection_breaks_is_tried_once_more_on_a_fresh_one(end: Script) -> None:
    with raw_server(then(DELETED, end), serve(NO_SUCH)) as server, an_api(server.url) as api:
        delete(api)
        assert delete(api)
        assert [seen.connection for seen in server.requests] == [1, 1, 2]
        assert len({seen.headers["x-client-request-id"] for seen in server.requests}) == 3


def test_the_second_try_does_not_take_another_pooled_connection() -> None:
    both_in = threading.Barrier(2)

    def two_at_once(peer: Peer) -> None:
        peer.read_request()
        both_in.wait(5)  # so that two connections are open, and then idle
        peer.send(DELETED)
        peer.read_request()

    with raw_server(two_at_once, two_at_once, serve(DELETED)) as server, an_api(server.url) as api:
        threads = [threading.Thread(target=delete, args=(api,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        delete(api)
        assert server.requests[-1].connection == 3
        assert len(server.requests) == 4


@pytest.mark.parametrize("end", [hang_up, reset])
def test_a_deletion_that_breaks_twice_is_unknown(end: Script) -> None:
    with raw_server(end) as server, an_api(server.url) as api:
        with pytest.raises(OutcomeUnknown):
            delete(api)
        assert len(server.requests) == 2


def test_a_second_try_that_is_refused_does_not_unsend_the_first() -> None:
    with raw_server(hang_up) as server, an_api(server.url) as api:

        def id_that_shuts_the_door() -> str:
            if server.requests:
                server.close_door()
            return "id"

        api.new_id = id_that_shuts_the_door
        with pytest.raises(OutcomeUnknown):
            delete(api)


@pytest.mark.parametrize("end", [hang_up, reset])
def test_a_create_whose_connection_breaks_is_sent_once_and_unknown(end: Script) -> None:
    with raw_server(end) as server, an_api(server.url) as api:
        with pytest.raises(OutcomeUnknown):
            create(api)
        assert len(server.requests) == 1


def test_a_create_never_takes_a_connection_that_was_used_before() -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url) as api:
        delete(api)
        create(api)
        create(api)
        delete(api)
        assert [seen.connection for seen in server.requests] == [1, 2, 3, 1]


def test_an_answer_that_is_not_http_is_unknown() -> None:
    with raw_server(serve(b"\x16\x03\x01 nonsense\r\n\r\n")) as server, an_api(server.url) as api:
        with pytest.raises(OutcomeUnknown):
            create(api)
        assert len(server.requests) == 1


# Slowness


def drip_headers(peer: Peer) -> None:
    peer.read_request()
    peer.drip(DELETED + b" " * 500)


def drip_body(peer: Peer) -> None:
    peer.read_request()
    head, _, _ = answer(200, b" " * 500).partition(b"\r\n\r\n")
    peer.send(head + b"\r\n\r\n")
    peer.drip(b" " * 500)


def silence(peer: Peer) -> None:
    peer.read_request()
    peer.stopping.wait(20)


@pytest.mark.parametrize("script", [drip_headers, drip_body, silence])
@pytest.mark.parametrize("call", [delete, create])
def test_the_deadline_cuts_a_slow_answer_and_the_call_is_not_repeated(
    script: Script, call: Callable[[API, float], object]
) -> None:
    with raw_server(script) as server, an_api(server.url) as api:
        with pytest.raises(OutcomeUnknown):
            call(api, 0.3)
        assert len(server.requests) == 1


def test_a_peer_that_reads_late_is_cut_while_we_write() -> None:
    def read_late(peer: Peer) -> None:
        pause(peer)
        peer.read_request()
        peer.send(answer(200))

    with raw_server(read_late) as server, an_api(server.url) as api:
        with pytest.raises(OutcomeUnknown, match="WriteTimeout"):
            api.call("POST", "/things", timeout=1, idempotent=False, body={"text": "x" * 16_000_000})
        assert server.requests == []


def test_a_slow_body_does_not_hide_what_the_status_says() -> None:
    def throttle(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 429 Slow down\r\nRetry-After: 7\r\nContent-Length: 500\r\n\r\n")
        peer.drip(b" " * 500)

    with raw_server(throttle) as server, an_api(server.url) as api:
        with pytest.raises(Throttled) as caught:
            create(api, 0.3)
        assert caught.value.retry_after == 7
        assert len(server.requests) == 1


@contextlib.contextmanager
def at_once(count: int, call: Callable[[API], object]) -> Iterator[tuple[API, RawServer]]:
    """So many calls, all of which have reached the service before it answers any, at the end of the block."""
    gathered, answered = threading.Barrier(count + 1), threading.Event()

    def hold(peer: Peer) -> None:
        peer.read_request()
        gathered.wait(5)
        answered.wait(20)
        peer.send(DELETED)

    with raw_server(hold) as server, an_api(server.url) as api, ThreadPoolExecutor(count) as pool:
        calls = [pool.submit(call, api) for _ in range(count)]
        try:
            gathered.wait(5)
            yield api, server
        finally:
            answered.set()
        for each in calls:
            each.result()


def test_waiting_for_a_free_connection_is_unavailable_when_time_is_up() -> None:
    with at_once(20, delete) as (api, server):
        with pytest.raises(Unavailable, match="PoolTimeout"):
            delete(api, 0.1)
        assert len(server.requests) == 20


def test_a_call_that_must_not_repeat_waits_for_no_other_to_end() -> None:
    with at_once(24, create) as (_, server):
        assert len(server.requests) == 24


def test_a_flights_time_is_measured_on_the_clock_it_was_given() -> None:
    clock = iter([10.0, 14.0, 15.0])
    flight = Flight(deadline=15.0, monotonic=lambda: next(clock))
    assert [flight.left(), flight.left()] == [5.0, 1.0]
    with pytest.raises(TimeoutError):
        flight.left()


# Sizes and redirects


def test_a_body_over_the_bound_is_not_read_further() -> None:
    big = b'{"id":"r1","pad":"' + b"x" * 10_000_000 + b'"}'
    with raw_server(keep_serving(answer(200, big))) as server, an_api(server.url) as api:
        with pytest.raises(OutcomeUnknown):
            delete(api)
        assert len(server.requests) == 1


def test_a_404_with_a_body_over_the_bound_is_not_trusted() -> None:
    big = b'{"type":"not_found","code":null,"param":null,"message":"' + b"x" * 10_000_000 + b'"}'
    with raw_server(keep_serving(answer(404, big))) as server, an_api(server.url) as api, pytest.raises(OutcomeUnknown):
        delete(api)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with raw_server(keep_serving(answer(200))) as other:
        moved = answer(status, Location=f"{other.url}/responses/r1")
        with raw_server(keep_serving(moved)) as server, an_api(server.url) as api:
            with pytest.raises(Rejected):
                delete(api)
            assert len(server.requests) == 1
        assert other.connections == 0


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(keep_serving(answer(502))) as proxy, raw_server(keep_serving(DELETED)) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with an_api(server.url) as api:
            delete(api)
        assert proxy.connections == 0


def test_a_body_longer_than_announced_never_answers_the_next_call() -> None:
    lying = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + NO_SUCH
    with raw_server(then(lying, hang_up), serve(DELETED)) as server, an_api(server.url) as api:
        assert not delete(api)
        assert not delete(api)
        assert server.requests[-1].connection == 2
