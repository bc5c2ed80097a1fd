"""What counts as the end of a turn over WebSocket, and what does not."""

import json
from typing import Any

import pytest
from websockets.utils import accept_key

from aistudio import OutcomeUnknown
from tests.unit.aistudio.clients import EVENT, realtime_at, run, turn
from tests.unit.aistudio.rawserver import Peer, raw_server
from tests.unit.aistudio.wsserver import Session

pytestmark = pytest.mark.row(31)


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


# Ends without a beginning, and ends that are not called response.done


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aistudio.realtime.turn.DOUBT", 0.2)


def stay(session: Session) -> None:
    """Say more only after a time for which a turn that is over must not wait."""
    if not session.service.stopping.wait(60):
        session.connection.close(1011)


ENDS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "no response.created": ([{"type": "response.done", "response": {"id": "r", "status": "completed"}}], "completed"),
    "no response.created, and no id": ([{"type": "response.done", "response": {"status": "failed"}}], "failed"),
    "a response.created without an id": (
        [
            {"type": "response.created", "response": {}},
            {"type": "response.done", "response": {"id": "r", "status": "x"}},
        ],
        "x",
    ),
    "a response.done without an id": (
        [
            {"type": "response.created", "response": {"id": "r"}},
            {"type": "response.done", "response": {"status": "incomplete"}},
        ],
        "incomplete",
    ),
    "response.cancelled": (
        [{"type": "response.created", "response": {"id": "r"}}, {"type": "response.cancelled", "response_id": "r"}],
        "cancelled",
    ),
    "response.cancelled with the response": (
        [
            {"type": "response.created", "response": {"id": "r"}},
            {"type": "response.cancelled", "response": {"id": "r", "status": "cancelled"}},
        ],
        "cancelled",
    ),
    "a response.done without its response": (
        [
            {"type": "response.created", "response": {"id": "r"}},
            {"type": "response.completed", "response_id": "r"},
            {"type": "response.done", "response_id": "r"},
        ],
        "completed",
    ),
    "response.cancelled alone": ([{"type": "response.cancelled"}], "cancelled"),
    "response.completed": (
        [{"type": "response.completed", "response": {"id": "r", "status": "completed"}}],
        "completed",
    ),
}


@pytest.mark.parametrize(("events", "status"), ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_whatever_ends_the_only_response_there_is_ends_the_turn(
    events: list[dict[str, Any]], status: str, *, closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)

    def script(session: Session) -> None:
        session.open()
        session.asked()
        for event in events:
            session.connection.send(json.dumps(event))
        session.connection.close(1000) if closed else stay(session)

    with turn(script) as (realtime, service):
        result = realtime.create(EVENT, None, 60)
        service.stopping.set()
    assert result.status == status


def test_a_bare_response_done_ends_the_turn_with_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)

    def script(session: Session) -> None:
        session.open()
        session.asked()
        session.created("resp_ours")
        session.text("output_text.done", "said", "resp_ours")
        session.emit("response.done")
        stay(session)

    with turn(script) as (realtime, service):
        result = realtime.create(EVENT, None, 60)
        service.stopping.set()
    assert (result.text, result.status) == ("said", None)


def test_after_the_end_of_another_response_ours_is_not_waited_for_as_long_as_the_call_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aistudio.realtime.turn.DOUBT_OF_ONE_THAT_GOES_ON", 0.2)

    def script(session: Session) -> None:
        session.open()
        session.asked()
        session.created("resp_ours")
        session.done("resp_other")
        stay(session)

    with turn(script) as (realtime, service):
        with pytest.raises(OutcomeUnknown) as raised:
            realtime.create(EVENT, None, 60)
        service.stopping.set()
    assert raised.value.response_id == "resp_ours"


def test_a_response_done_that_follows_a_cancellation_is_the_result() -> None:
    def script(session: Session) -> None:
        session.open()
        session.asked()
        session.created()
        session.emit("response.cancelled", response_id="resp_1")
        session.done(status="cancelled", usage={"total_tokens": 3})
        session.until_closed()

    assert run(script).usage == {"total_tokens": 3}


def test_a_response_that_was_there_before_we_asked_is_not_ours() -> None:
    def script(session: Session) -> None:
        session.emit("session.created", session={})
        session.take("session.update")
        session.created("resp_before")
        session.emit("session.updated", session={})
        session.asked()
        session.text("output_text.done", "theirs", "resp_before")
        session.done("resp_before")
        session.created("resp_ours")
        session.done("resp_ours")
        session.until_closed()

    result = run(script)
    assert result.response is not None
    assert (result.response["id"], result.text) == ("resp_ours", None)


def test_the_end_of_a_response_that_was_there_before_we_asked_is_no_end() -> None:
    def script(session: Session) -> None:
        session.emit("session.created", session={})
        session.take("session.update")
        session.created("resp_before")
        session.emit("session.updated", session={})
        session.asked()
        session.done("resp_before")
        session.connection.close(1000)

    with pytest.raises(OutcomeUnknown):
        run(script)
