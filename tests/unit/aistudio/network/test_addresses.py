"""Names with several addresses, of which some are dead; and a host that has no thread left."""

import contextlib
import gc
import socket
import threading

import pytest

from aistudio import Unavailable
from tests.support.addresses import resolving_to
from tests.support.clock import FakeClock
from tests.unit.aistudio.clients import EVENT, an_api, create, delete, plain, realtime_at
from tests.unit.aistudio.rawserver import DELETED, answer, keep_serving, raw_server
from tests.unit.aistudio.wsserver import ws_server


def test_dead_addresses_leave_time_for_the_live_one_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    gone, clock = ("127.0.0.2", "127.0.0.3", "127.0.0.4"), FakeClock()
    connect = socket.socket.connect

    def time_out(sock: socket.socket, address: tuple[str, int]) -> None:
        if address[0] in gone:
            clock.advance(sock.gettimeout() or 60.0)
            raise TimeoutError
        connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", time_out)
    with raw_server(keep_serving(DELETED)) as server:
        resolving_to(monkeypatch, *gone, "127.0.0.1")
        with an_api(f"http://four.example:{server.port}/v1", monotonic=clock.monotonic) as api:
            assert delete(api, timeout=8) is False


def test_the_address_that_worked_is_the_first_to_be_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(keep_serving(answer(200))) as server:
        resolving_to(monkeypatch, "127.0.0.2", "127.0.0.1")
        with an_api(f"http://two.example:{server.port}/v1") as api:
            create(api)  # the first address refuses
            with socket.create_server(("127.0.0.2", server.port)) as late:
                create(api)
                create(api)
                late.setblocking(False)
                with pytest.raises(BlockingIOError):
                    late.accept()
        assert server.connections == 3


def test_an_address_that_worked_once_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(keep_serving(answer(200))) as server:
        resolving_to(monkeypatch, "127.0.0.1", "127.0.0.2")
        with an_api(f"http://two.example:{server.port}/v1") as api:
            create(api)
            server.close_door()
            with contextlib.closing(socket.create_server(("127.0.0.2", server.port))) as other:

                def serve_one() -> None:
                    peer, _ = other.accept()
                    with peer:
                        peer.recv(65536)
                        peer.sendall(answer(200))

                serving = threading.Thread(target=serve_one)
                serving.start()
                create(api)
                serving.join()


# A host that has no thread left


def without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)


def test_a_call_for_which_there_is_no_thread_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(keep_serving(DELETED)) as server, an_api(server.url) as api:
        with monkeypatch.context() as patched:
            without_threads(patched)
            for call in (delete, create):
                with pytest.raises(Unavailable, match="nothing was sent"):
                    call(api)
        assert server.requests == []


# The library leaves a pair of sockets to the garbage collector where its thread can't be started.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("started", [0, 1, 2], ids=["lookup", "reader", "watchdog"])
def test_a_session_for_which_there_is_no_thread_is_unavailable(monkeypatch: pytest.MonkeyPatch, started: int) -> None:
    with ws_server(plain) as service, realtime_at(service.url) as realtime:
        start, left = threading.Thread.start, [started]
        ours = threading.get_ident()

        def some(self: threading.Thread) -> None:
            if threading.get_ident() == ours:
                if not left[0]:
                    raise RuntimeError("can't start new thread")
                left[0] -= 1
            start(self)

        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", some)
            with pytest.raises(Unavailable):
                realtime.create(EVENT, None, 30)
        gc.collect()
        assert service.asked == []
