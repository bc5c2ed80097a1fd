"""The bounds of a call: how long it waits, how much it reads, and where it does not go."""

from collections.abc import Callable

import pytest

from aistudio import API, OutcomeUnknown, Rejected, Throttled
from aistudio.network.deadline import Exchange
from tests.support.waiting import GENEROUS
from tests.unit.aistudio.clients import an_api, create, delete
from tests.unit.aistudio.rawserver import DELETED, Peer, Script, answer, keep_serving, raw_server


def drip_headers(peer: Peer) -> None:
    peer.read_request()
    peer.drip(answer(200, b"{}", X_Long="x" * 1500))


def drip_body(peer: Peer) -> None:
    peer.read_request()
    head, _, _ = answer(200, b" " * 1500).partition(b"\r\n\r\n")
    peer.send(head + b"\r\n\r\n")
    peer.drip(b" " * 1500)


def silence(peer: Peer) -> None:
    peer.read_request()
    peer.stopping.wait(10)  # then all would be well: only the call's own deadline makes it fail
    peer.send(DELETED)


@pytest.mark.row(20)
@pytest.mark.parametrize("script", [drip_headers, drip_body, silence])
@pytest.mark.parametrize("call", [delete, create])
def test_the_deadline_cuts_a_slow_answer_and_the_call_is_not_repeated(
    script: Script, call: Callable[[API, float], object]
) -> None:
    with raw_server(script) as server, an_api(server.url) as api:
        with pytest.raises(OutcomeUnknown):
            call(api, GENEROUS)
        assert len(server.requests) == 1


def test_a_peer_that_reads_late_is_cut_while_we_write() -> None:
    def read_late(peer: Peer) -> None:
        peer.stopping.wait(15)  # then all would be well
        peer.read_request()
        peer.send(answer(200))

    with raw_server(read_late) as server, an_api(server.url) as api:
        with pytest.raises(OutcomeUnknown, match="WriteTimeout"):
            create(api, 4, {"text": "x" * 16_000_000})
        assert server.requests == []


def test_a_slow_body_does_not_hide_what_the_status_says() -> None:
    def throttle(peer: Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 429 Slow down\r\nRetry-After: 7\r\nContent-Length: 1500\r\n\r\n")
        peer.drip(b" " * 1500)

    with raw_server(throttle) as server, an_api(server.url) as api:
        with pytest.raises(Throttled) as caught:
            create(api, GENEROUS)
        assert caught.value.retry_after == 7
        assert len(server.requests) == 1


def test_an_exchanges_time_is_measured_on_the_clock_it_was_given() -> None:
    clock = iter([10.0, 14.0, 15.0])
    exchange = Exchange(deadline=15.0, monotonic=lambda: next(clock))
    assert [exchange.left(), exchange.left()] == [5.0, 1.0]
    with pytest.raises(TimeoutError):
        exchange.left()


# Sizes, redirects and proxies


@pytest.mark.row(16)
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
