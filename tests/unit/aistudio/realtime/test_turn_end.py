"""What counts as the end of a turn over WebSocket, and what does not."""

import pytest
from websockets.utils import accept_key

from tests.unit.aistudio.clients import EVENT, realtime_at, run
from tests.unit.aistudio.rawserver import Peer, raw_server
from tests.unit.aistudio.wsserver import Session


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
