"""What goes wrong in a session after its response.create frame: the outcome is unknown, until our response.done."""

import json
import logging
import time
from typing import Any

import pytest

from aistudio import APIError, Forbidden, OutcomeUnknown, Rejected, Throttled
from tests.unit.aistudio.clients import EVENT, ITEM, Context, hurry, run, turn
from tests.unit.aistudio.realtime.error_events import ERRORS
from tests.unit.aistudio.wsserver import Script, Session

pytestmark = pytest.mark.row(31)


def after(end: Script) -> Script:
    def script(session: Session) -> None:
        session.open()
        session.asked()
        end(session)

    return script


@pytest.mark.parametrize("created", [False, True], ids=["before response.created", "after response.created"])
@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1011, 4000])
def test_a_close_after_the_frame_leaves_the_outcome_unknown(created: bool, code: int) -> None:
    def close(session: Session) -> None:
        if created:
            session.created()
            session.text("output_text.done", "all of it")
        session.drop() if code == 1006 else session.connection.close(code)

    with turn(after(close)) as (realtime, service), pytest.raises(OutcomeUnknown, match=str(code)):
        realtime.create(EVENT, None, 30)
    assert len(service.asked) == 1


def test_silence_after_the_frame_leaves_the_outcome_unknown() -> None:
    def speak_late(session: Session) -> None:
        if not session.service.stopping.wait(10):  # then it would end well
            session.created()
            session.done()

    with turn(after(speak_late)) as (realtime, service):
        with pytest.raises(OutcomeUnknown):
            realtime.create(EVENT, None, 2)
        service.stopping.set()
    assert len(service.asked) == 1


def test_a_service_that_talks_for_ever_is_cut_by_the_deadline() -> None:
    def talk(session: Session) -> None:
        session.created()
        for _ in range(500):  # it would end well if it were waited for
            if session.service.stopping.wait(0.01):
                return
            session.text("output_text.delta", "x")
        session.done()

    with turn(after(talk)) as (realtime, service):
        with pytest.raises(OutcomeUnknown):
            realtime.create(EVENT, None, 2)
        service.stopping.set()


def test_a_peer_that_pings_without_reading_is_cut_by_the_deadline() -> None:
    waited_out: list[bool] = []

    def ping(session: Session) -> None:
        over = time.monotonic() + 60
        with session.connection.recv_flow_control:  # the server's receiving thread stands still
            while not session.service.stopping.is_set() and time.monotonic() < over:
                session.connection.socket.sendall(b"\x89\x7d" + bytes(125))
        waited_out.append(time.monotonic() >= over)

    with turn(after(ping)) as (realtime, _):
        with pytest.raises(OutcomeUnknown):
            realtime.create(EVENT, None, 2)
        assert waited_out == [], "it pings still"


@pytest.mark.parametrize(
    ("error", "_", "kind"), ERRORS, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_an_error_event_about_our_frame_ends_the_turn_by_its_type(
    error: dict[str, Any], _: object, kind: type[APIError]
) -> None:
    def complain(session: Session) -> None:
        session.emit("error", error={**error, "message": "the user asked", "event_id": "ev-1"})
        session.until_closed()

    with turn(after(complain)) as (realtime, service), pytest.raises(APIError) as caught:
        realtime.create(EVENT, None, 30)
    assert type(caught.value) is kind
    assert "asked" not in caught.value.detail
    assert len(service.asked) == 1


@pytest.mark.parametrize("error", [error for error, _, _ in ERRORS], ids=str)
def test_once_the_response_has_begun_no_error_says_that_it_did_not_happen(error: dict[str, Any]) -> None:
    def complain(session: Session) -> None:
        session.created()
        session.emit("error", error={**error, "message": "m", "event_id": "ev-1"})
        session.until_closed()

    with pytest.raises(OutcomeUnknown):
        run(after(complain))


@pytest.mark.parametrize("created", [False, True], ids=["before response.created", "after response.created"])
@pytest.mark.parametrize("about", ["another-event", None])
def test_an_error_that_names_no_event_of_ours_does_not_end_a_turn_that_goes_on(
    *, created: bool, about: str | None
) -> None:
    def go_on(session: Session) -> None:
        if created:
            session.created()
        session.emit("error", error={"type": "invalid_request_error", "message": "m", "event_id": about})
        session.created()
        session.done()
        session.until_closed()

    assert run(after(go_on)).status == "completed"


FLAT = {"type": "error", "event_id": "event_of_the_server", "code": "rate_limit_exceeded", "message": "the user asked"}
UNNAMED: list[tuple[dict[str, Any], type[APIError], str]] = [
    (
        {"type": "error", "error": {"type": "invalid_request_error", "code": "bad", "message": "m"}},
        Rejected,
        "code=bad",
    ),
    (
        {"type": "error", "error": {"type": "rate_limit_error", "message": "m", "event_id": None}},
        Throttled,
        "type=rate_limit_error",
    ),
    ({"type": "error", "error": {"type": "new", "code": 7, "message": "m", "event_id": "x"}}, Forbidden, "code=7"),
    ({"type": "error", "error": {"code": "odd", "message": "m"}}, OutcomeUnknown, "code=odd"),
    (FLAT, Throttled, "code=rate_limit_exceeded"),
]


@pytest.mark.parametrize(
    ("event", "kind", "told"), UNNAMED, ids=lambda value: str(value) if isinstance(value, str) else ""
)
@pytest.mark.parametrize("then", ["silence", "talk", "close"])
def test_an_error_that_names_no_event_ends_the_turn_within_seconds_by_its_type(
    event: dict[str, Any], kind: type[APIError], told: str, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aistudio.realtime.turn.DOUBT", 0.2)

    def complain(session: Session) -> None:
        session.connection.send(json.dumps(event))
        if then == "close":
            session.connection.close(1011)
            return
        for _ in range(60):  # then it would end well, and in time
            if session.service.stopping.wait(0.05):
                return
            if then == "talk":
                session.emit("rate_limits.updated")
        session.created()
        session.done()

    with turn(after(complain)) as (realtime, service):
        with pytest.raises(APIError) as caught:
            realtime.create(EVENT, None, 60)
        service.stopping.set()
    assert type(caught.value) is kind
    assert told in caught.value.detail
    assert "asked" not in caught.value.detail
    assert len(service.asked) == 1


@pytest.mark.parametrize("event", [event for event, _, _ in UNNAMED], ids=str)
def test_an_error_that_names_no_event_while_ours_goes_on_leaves_it_unknown_and_says_the_code_and_the_id(
    event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aistudio.realtime.turn.DOUBT", 0.2)

    def complain(session: Session) -> None:
        session.created("resp_ours")
        session.text("output_text.delta", "half", "resp_ours")
        session.connection.send(json.dumps(event))
        session.service.stopping.wait(60)
        session.done("resp_ours")

    with turn(after(complain)) as (realtime, service):
        with pytest.raises(OutcomeUnknown, match=r"code=|type=") as caught:
            realtime.create(EVENT, None, 60)
        service.stopping.set()
    assert caught.value.response_id == "resp_ours"
    assert "resp_ours" not in str(caught.value)


def test_a_flat_error_that_names_our_frame_ends_the_turn_at_once() -> None:
    def complain(session: Session) -> None:
        session.connection.send(json.dumps({**FLAT, "event_id": "ev-1"}))
        session.created()  # of whatever it is, our frame was refused
        session.done()
        session.until_closed()

    with pytest.raises(Throttled):
        run(after(complain))


def test_an_unknown_outcome_carries_the_id_of_the_response_that_had_begun() -> None:
    def leave(session: Session) -> None:
        session.created("resp_ours")
        session.drop()

    with pytest.raises(OutcomeUnknown) as caught:
        run(after(leave))
    assert caught.value.response_id == "resp_ours"
    assert "resp_ours" not in str(caught.value)


def test_equal_refusals_can_be_compared() -> None:
    def complain(session: Session) -> None:
        session.emit("error", error={"type": "invalid_request_error", "code": "bad", "event_id": "ev-1"})
        session.until_closed()

    found = []
    for _ in range(2):
        with pytest.raises(Rejected) as caught:
            run(after(complain))
        found.append(caught.value.fingerprint)
    assert found[0] == found[1] != (101, None, None, None)


def test_an_item_refused_too_late_leaves_the_outcome_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch, "conversation.item.create", 0.05)

    def script(session: Session) -> None:
        session.open()
        item = session.take("conversation.item.create")
        session.asked()
        session.emit("error", error={"type": "invalid_request_error", "message": "m", "event_id": item["event_id"]})
        session.created()
        session.done()
        session.until_closed()

    with pytest.raises(OutcomeUnknown):
        run(script, Context(items=[ITEM]))


def test_a_frame_over_the_bound_leaves_the_outcome_unknown() -> None:
    def script(session: Session) -> None:
        session.created()
        session.text("output_text.delta", "x" * (8 * 1024 * 1024))
        session.until_closed()

    with pytest.raises(OutcomeUnknown, match="1009"):
        run(after(script))


def test_frames_over_the_bound_together_leave_the_outcome_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aistudio.realtime.frames.MAX_STREAM", 10_000)

    def script(session: Session) -> None:
        session.created()
        for _ in range(20):
            session.text("output_text.delta", "x" * 1000)
        session.until_closed()

    with pytest.raises(OutcomeUnknown, match="10000 bytes"):
        run(after(script))


def test_nothing_of_a_session_is_logged_or_chained(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def script(session: Session) -> None:
        session.open()
        session.take_item()
        session.asked()
        session.created()
        session.text("output_text.delta", "planted answer")
        session.connection.close(1011, "planted reason")

    item = {**ITEM, "content": [{"type": "input_text", "text": "planted question"}]}
    with turn(script, api_key="planted-key") as (realtime, _), pytest.raises(OutcomeUnknown) as caught:
        realtime.create(EVENT, Context(items=[item]), 30)
    assert "planted" not in caplog.text
    assert "planted" not in repr(caught.value) + str(caught.value)
    assert caught.value.__context__ is None
