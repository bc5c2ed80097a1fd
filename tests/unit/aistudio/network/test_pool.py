"""Pooled, stale and broken connections: which one a call takes, and how often the service is asked."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from aistudio import API, OutcomeUnknown, Unavailable
from aistudio.answers import Answer
from aistudio.network.connecting import Dialer
from aistudio.network.deadline import Exchange
from tests.unit.aistudio.clients import an_api, create, delete
from tests.unit.aistudio.rawserver import (
    DELETED,
    NO_SUCH,
    Peer,
    RawServer,
    Script,
    answer,
    hang_up,
    keep_serving,
    raw_server,
    reset,
    serve,
    then,
)


def test_connections_are_reused() -> None:
    with raw_server(keep_serving(DELETED)) as server, an_api(server.url) as api:
        for _ in range(5):
            delete(api)
        assert server.connections == 1


@pytest.mark.row(18)
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


@pytest.mark.row(19)
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
        both_in.wait(60)  # so that two connections are open, and then idle
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


@pytest.mark.row(19)
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


HEAD = b"HTTP/1.1 200 OK\r\n"
UNSURE = {
    "a head that is cut off": HEAD + b"Content-Type: text/pl",
    "a status line that is cut off": b"HTTP/1.1 200",
    "a line that is no header": HEAD + b"no header\r\nContent-Length: 2\r\n\r\n{}",
    "a length that is no number": HEAD + b"Content-Length: 1_0\r\n\r\n0123456789",
    "a status that is no number": b"HTTP/1.1 2_00 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a status behind a blank": b" HTTP/1.1 2_00 OK\r\nContent-Length: 2\r\n\r\n{}",
    "another protocol, unasked": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "a chunk of less than nothing": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n",
    "two transfer encodings": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -2\r\n\r\n{}",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "an unknown transfer encoding": HEAD + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "a body that is cut off": HEAD + b"Content-Length: 9\r\n\r\n{}",
    "a chunk that is longer than it says": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}  0\r\n\r\n",
    "a chunk that is cut off": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
    "a chunk's size that is cut off": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0",
}


@pytest.mark.parametrize("said", UNSURE.values(), ids=UNSURE)
def test_an_answer_that_does_not_say_surely_where_it_ends_is_unknown(said: bytes) -> None:
    with raw_server(serve(said)) as server, an_api(server.url) as api, pytest.raises(OutcomeUnknown):
        create(api)


WHOLE = {
    "of a stated length": DELETED,
    "in chunks": HEAD + b'Transfer-Encoding: chunked\r\n\r\n11\r\n{"deleted": true}\r\n0\r\n\r\n',
    "without a body": HEAD + b"X-Request-Id: 1\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("whole", WHOLE.values(), ids=WHOLE)
def test_an_answer_that_is_cut_off_anywhere_is_no_deletion(whole: bytes) -> None:
    with raw_server(*(serve(whole[:length]) for length in range(len(whole)) for _ in range(2))) as server:
        for _ in whole:
            with an_api(server.url) as api, pytest.raises(OutcomeUnknown):
                delete(api)
    with raw_server(serve(whole)) as server, an_api(server.url) as api:
        assert not delete(api)


def test_answers_that_only_tell_how_things_stand_are_passed_over() -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    with raw_server(then(early + DELETED, keep_serving(DELETED))) as server, an_api(server.url) as api:
        assert [delete(api), delete(api)] == [False, False]
        assert server.connections == 1


def test_a_body_in_chunks_is_read_to_its_end_and_the_connection_used_again() -> None:
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    chunked += b'6;x=y\r\n{"id":\r\n15\r\n"r1","deleted": true}\r\n0\r\nLate: yes\r\n\r\n'
    with raw_server(keep_serving(chunked)) as server, an_api(server.url) as api:
        assert create(api).body == b'{"id":"r1","deleted": true}'
        assert [delete(api), delete(api)] == [False, False]
        assert server.connections == 2


def test_a_header_that_would_begin_another_line_is_not_sent() -> None:
    with raw_server(keep_serving(DELETED)) as server, an_api(server.url) as api:
        api.new_id = lambda: "id\r\nX-Other: 1"
        with pytest.raises(Unavailable, match="nothing was sent"):
            create(api)
        assert server.requests == []


def test_a_body_longer_than_announced_never_answers_the_next_call() -> None:
    lying = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" + NO_SUCH
    with raw_server(then(lying, hang_up), serve(DELETED)) as server, an_api(server.url) as api:
        assert not delete(api)
        assert not delete(api)
        assert server.requests[-1].connection == 2


def test_of_a_deletion_without_a_body_no_body_is_awaited() -> None:
    empty = b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"
    with raw_server(keep_serving(empty)) as server, an_api(server.url) as api:
        answered = api.call("DELETE", "/responses/r1", timeout=30, idempotent=True)
    assert isinstance(answered, Answer)
    assert (answered.status, answered.body, answered.cut) == (204, b"", "")


# The pool


@contextlib.contextmanager
def at_once(count: int, call: Callable[[API], object], connections: int = 20) -> Iterator[tuple[API, RawServer]]:
    """So many calls, all of which have reached the service before it answers any, at the end of the block."""
    gathered, answered = threading.Barrier(count + 1), threading.Event()

    def hold(peer: Peer) -> None:
        peer.read_request()
        gathered.wait(60)
        answered.wait(20)
        peer.send(DELETED)

    with (
        raw_server(hold) as server,
        an_api(server.url, connections=connections) as api,
        ThreadPoolExecutor(count) as pool,
    ):
        calls = [pool.submit(call, api) for _ in range(count)]
        try:
            gathered.wait(60)
            yield api, server
        finally:
            answered.set()
        for each in calls:
            each.result()


def test_as_many_connections_are_kept_as_calls_are_to_be_in_flight() -> None:
    with at_once(24, delete, connections=24) as (_, server):
        assert len(server.requests) == 24


def test_waiting_for_a_free_connection_is_unavailable_when_time_is_up() -> None:
    with at_once(20, delete) as (api, server):
        with pytest.raises(Unavailable, match="PoolTimeout"):
            delete(api, 0.1)
        assert len(server.requests) == 20


def test_a_call_that_must_not_repeat_waits_for_no_other_to_end() -> None:
    with at_once(24, create) as (_, server):
        assert len(server.requests) == 24


# Between two invocations


def test_idle_connections_are_dropped_when_an_instance_has_slept() -> None:
    def go_silent(peer: Peer) -> None:
        peer.read_request()
        peer.send(DELETED)
        peer.stopping.wait(20)  # as where a firewall forgot the connection; then it would answer
        peer.read_request()
        peer.send(DELETED)

    with raw_server(go_silent, keep_serving(DELETED)) as server, an_api(server.url) as api:
        delete(api)
        api.now = lambda: 60.0
        api.drop_idle()
        assert delete(api, 10) is False
        assert [seen.connection for seen in server.requests] == [1, 2]


def test_connections_are_used_on_by_an_invocation_that_begins_as_the_one_before_it_ends() -> None:
    with raw_server(keep_serving(DELETED)) as server, an_api(server.url) as api:
        delete(api)
        api.drop_idle()
        delete(api)
        assert [seen.connection for seen in server.requests] == [1, 1]


def test_dropping_idle_connections_leaves_those_in_use_alone() -> None:
    with at_once(5, delete) as (api, server):
        api.now = lambda: 60.0
        api.drop_idle()
        assert server.connections == 5


def test_connections_are_kept_alive_by_the_kernel() -> None:
    with (
        raw_server(keep_serving(DELETED)) as server,
        Dialer().open("127.0.0.1", server.port, Exchange(time.monotonic() + 5)) as sock,
    ):
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
