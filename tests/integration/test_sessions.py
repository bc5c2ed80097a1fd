"""Rows 15 and 31 of the fault matrix against servers that follow a script: events in an order that none promises."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from aistudio.realtime import Realtime
from tests.integration.transports import DONE, UNKNOWN, client_of, event, one_answer
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import numbers
from tests.support.waiting import GENEROUS
from tests.unit.aistudio.rawserver import answer, raw_server, serve
from tests.unit.aistudio.wsserver import Script, Service, Session, ws_server

BUSY = {"type": "invalid_request_error", "code": "conversation_already_has_active_response", "message": "busy"}
THROTTLED = {"type": "rate_limit_error", "message": "slow down"}
DEFERRED = [("deferred", "unavailable")]

pytestmark = pytest.mark.parametrize("transport", ["websocket"], indirect=True)


@contextmanager
def service(bench: Bench, script: Script) -> Iterator[tuple[Realtime, Service]]:
    with ws_server(script) as service, client_of(bench.kit, "websocket", realtime_url=service.url) as client:
        yield client, service


def fail(session: Session, error: dict[str, Any]) -> None:
    """Say that it failed, about the response.create."""
    session.emit("error", error={**error, "event_id": "evt_1"})
    session.until_closed()


@pytest.mark.row(15)
def test_while_another_response_is_active_the_message_is_put_off_and_asked_once_later(bench: Bench) -> None:
    def busy(session: Session) -> None:
        session.emit("session.created", session={})
        session.take("session.update")
        session.created("another's")
        session.emit("session.updated", session={})
        session.asked()
        session.text("output_text.delta", "hm", "another's")
        fail(session, BUSY)

    sent = event(bench)
    with service(bench, busy) as (client, seen):
        assert bench.deliver(sent, client=client).ends == DEFERRED
        assert len(seen.asked) == 1
    assert [numbers(retry) for retry in bench.retry_messages()] == [(0, 1, 0)]

    assert [bench.deliver(*bench.take_retry_messages()).ends, bench.deliver(again(sent)).ends] == [DONE, DONE]
    assert one_answer(bench)
    assert bench.record("evt_1").attempt == 1


@pytest.mark.parametrize("begun", ["created", "text", "item"])
@pytest.mark.row(31)
def test_an_error_behind_anything_of_a_response_is_unknown_whatever_its_type(bench: Bench, begun: str) -> None:
    def fails_late(session: Session) -> None:
        session.open()
        session.asked()
        match begun:
            case "created":
                session.created()
            case "text":
                session.text("output_text.delta", "It has")
            case _:
                session.emit("response.content_part.added", response_id="resp_1", part={})
        fail(session, THROTTLED)

    with service(bench, fails_late) as (client, _):
        assert bench.deliver(event(bench), client=client).ends == UNKNOWN
    assert bench.retry_messages() == []


@pytest.mark.row(31)
def test_an_error_behind_anything_of_a_response_in_a_stream_over_http_is_unknown_too(bench: Bench) -> None:
    stream = (
        b'data: {"type": "response.output_text.delta", "response_id": "resp_1", "delta": "It has"}\n\n'
        b'data: {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}\n\n'
    )
    with (
        raw_server(serve(answer(200, stream, Content_Type="text/event-stream"))) as server,
        client_of(bench.kit, "http", base_url=server.url) as client,
    ):
        assert bench.deliver(event(bench), client=client).ends == UNKNOWN


@pytest.mark.parametrize("code", [1008, 1001])
@pytest.mark.row(31)
def test_a_session_that_is_over_after_the_frame_leaves_the_outcome_unknown(bench: Bench, code: int) -> None:
    bench.studio.fault(realtime="close_after", close_code=code, after_events=2)
    sent = event(bench)

    assert [bench.deliver(sent).ends, bench.deliver(again(sent)).ends] == [UNKNOWN, UNKNOWN]
    assert bench.studio.billed("evt_1") == 1


@pytest.mark.parametrize(
    ("error", "end"),
    [
        ({"error_type": "invalid_request_error", "error_code": "session_expired"}, DEFERRED),
        ({"error_type": "server_error"}, DEFERRED),
        ({"error_type": "rate_limit_error"}, [("deferred", "throttled")]),
        ({"error_type": "invalid_request_error"}, [("dead_lettered", "rejected")]),
    ],
    ids=str,
)
@pytest.mark.parametrize("at", ["session.update", "conversation.item.create"])
@pytest.mark.row(31)
def test_an_error_before_the_frame_says_that_nothing_happened(
    bench: Bench, at: str, error: dict[str, str], end: list[tuple[str, str]]
) -> None:
    bench.studio.fault(realtime="error_event", at=at, **error)
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}

    assert bench.deliver(event(bench, more={"context": {"items": [item]}})).ends == end
    assert bench.studio.billed("evt_1") == 0


@pytest.mark.row(31)
def test_a_session_that_begins_late_is_begun_anew_by_the_retry_message(bench: Bench) -> None:
    bench.studio.fault(realtime="no_session_created")

    assert bench.deliver(event(bench), seconds=GENEROUS).ends == DEFERRED
    assert bench.deliver(*bench.take_retry_messages()).ends == DONE
    assert one_answer(bench)


@pytest.mark.row(31)
def test_events_in_any_order_and_frames_of_any_kind_do_not_hide_our_answer(bench: Bench) -> None:
    def disorderly(session: Session) -> None:
        session.emit("response.thinking", depth=[1, {"two": None}])
        session.open()
        session.asked()
        session.connection.send(b"\x00\x01")
        session.connection.send("[]")
        session.emit("error", error={**THROTTLED, "event_id": "somebody's"})
        session.done("another's", output=[])
        session.text("output_text.done", "It has arrived.", "resp_1")
        session.text("output_text.done", "Not this.", "another's")
        session.done("resp_1")
        session.created("resp_1")
        session.until_closed()

    with service(bench, disorderly) as (client, _):
        assert bench.deliver(event(bench), client=client).ends == DONE
    assert [result["data"]["text"] for result in bench.results()] == ["It has arrived."]
