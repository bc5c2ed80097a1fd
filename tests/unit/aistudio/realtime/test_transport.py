"""Which of the two transports a response.create takes."""

import logging
import threading
from typing import Any

import pytest

from aistudio import APIError, Rejected, Unavailable
from aistudio.realtime import Realtime
from tests.unit.aistudio.clients import EVENT, Context, an_api
from tests.unit.aistudio.rawserver import Peer, answer, keep_serving, raw_server
from tests.unit.aistudio.wsserver import Session, ws_server


def say_done(session: Session) -> None:
    session.open()
    session.asked()
    session.created("resp_ws")
    session.done("resp_ws")
    session.until_closed()


def test_http_refuses_a_message_with_context_before_anything_is_sent() -> None:
    with raw_server(keep_serving(answer(200))) as server, an_api(server.url, realtime_transport="http") as api:
        with pytest.raises(Rejected, match="nothing was sent"):
            Realtime(api).create(EVENT, Context(), 30)
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
            result = realtime.create(EVENT, None, 30)
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
        together.wait(60)
        peer.send(answer(404))

    with (
        raw_server(not_here) as server,
        ws_server(say_done) as service,
        an_api(server.url, realtime_url=service.url, realtime_model="m") as api,
    ):
        realtime = Realtime(api)
        threads = [threading.Thread(target=realtime.create, args=(EVENT, None, 30)) for _ in range(3)]
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
        assert [realtime.create(EVENT, None, 30).transport for _ in range(2)] == ["http", "http"]
        assert realtime.create(EVENT, Context(), 30).transport == "websocket"
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
                Realtime(api).create(EVENT, None, 30)
        assert len(server.requests) == 2
    assert service.handshakes == []


def test_websocket_never_posts() -> None:
    with (
        raw_server(keep_serving(answer(200))) as server,
        ws_server(say_done) as service,
        an_api(server.url, realtime_url=service.url, realtime_model="m", realtime_transport="websocket") as api,
    ):
        assert Realtime(api).create(EVENT, None, 30).transport == "websocket"
        assert server.connections == 0


@pytest.mark.parametrize("missing", [{"realtime_model": ""}, {"realtime_url": ""}], ids=str)
def test_a_websocket_that_is_not_configured_is_unavailable(missing: dict[str, str]) -> None:
    settings: dict[str, Any] = {"realtime_url": "ws://127.0.0.1:9/x", "realtime_model": "m", **missing}
    with (
        an_api(realtime_transport="websocket", **settings) as api,
        pytest.raises(Unavailable, match="nothing was sent"),
    ):
        Realtime(api).create(EVENT, None, 30)


def test_learning_leaves_the_websocket_the_rest_of_the_time() -> None:
    def late(session: Session) -> None:
        session.service.stopping.wait(1.7)  # within the whole time, not within what is left of it
        say_done(session)

    def slow_404(peer: Peer) -> None:
        peer.read_request()
        peer.stopping.wait(1.5)
        peer.send(answer(404))

    with (
        raw_server(slow_404) as server,
        ws_server(late) as service,
        an_api(server.url, realtime_url=service.url, realtime_model="m") as api,
        pytest.raises(Unavailable),
    ):
        Realtime(api).create(EVENT, None, 3)
