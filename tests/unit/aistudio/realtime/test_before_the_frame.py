"""What goes wrong in a session before its response.create frame: nothing has happened."""

from typing import Any

import pytest

from aistudio import APIError, Forbidden, Rejected, Unauthorized, Unavailable
from tests.unit.aistudio.clients import EVENT, ITEM, Context, hurry, plain, turn
from tests.unit.aistudio.realtime.error_events import ERRORS
from tests.unit.aistudio.wsserver import Script, Session

pytestmark = pytest.mark.row(31)


def before(step: str, end: Script) -> Script:
    """Go as far as the step, then do as told in place of going on."""

    def script(session: Session) -> None:
        if step != "session.created":
            session.emit("session.created", session={})
            session.take("session.update")
        if step == "item":
            session.emit("session.updated")
            session.take("conversation.item.create")
        end(session)

    return script


STEPS = ["session.created", "session.updated", "item"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1011, 1013, 3000, 3003, 4000])
def test_a_close_before_the_frame_says_that_nothing_happened(step: str, code: int) -> None:
    def close(session: Session) -> None:
        session.drop() if code == 1006 else session.connection.close(code, "the user asked")

    with turn(before(step, close)) as (realtime, service), pytest.raises(APIError) as caught:
        realtime.create(EVENT, Context(items=[ITEM]), 30)
    assert type(caught.value) is {1008: Forbidden, 3000: Unauthorized, 3003: Forbidden}.get(code, Unavailable)
    assert str(code) in caught.value.detail
    assert "asked" not in caught.value.detail
    assert service.asked == []


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("error", "kind", "_"), ERRORS, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_an_error_event_before_the_frame_is_classed_by_its_type(
    step: str, error: dict[str, Any], kind: type[APIError], _: object
) -> None:
    def complain(session: Session) -> None:
        session.emit("error", error={**error, "message": "the user asked", "event_id": None})
        session.until_closed()

    with turn(before(step, complain)) as (realtime, service), pytest.raises(APIError) as caught:
        realtime.create(EVENT, Context(items=[ITEM]), 30)
    assert type(caught.value) is kind
    assert "asked" not in caught.value.detail
    assert service.asked == []


@pytest.mark.parametrize("step", ["session.created", "session.updated"])
def test_a_refusal_before_anything_of_the_message_was_sent_concerns_the_deployment(step: str) -> None:
    def complain(session: Session) -> None:
        session.emit("error", error={"type": "invalid_request_error", "message": "Unknown model"})
        session.until_closed()

    with turn(before(step, complain)) as (realtime, service), pytest.raises(Forbidden):
        realtime.create(EVENT, None, 30)
    assert service.asked == []


@pytest.mark.parametrize("step", STEPS)
def test_a_model_that_is_not_there_concerns_the_deployment(step: str) -> None:
    def complain(session: Session) -> None:
        session.emit("error", error={"type": "invalid_request_error", "code": "model_not_found", "message": "m"})
        session.until_closed()

    with turn(before(step, complain)) as (realtime, _), pytest.raises(Forbidden):
        realtime.create(EVENT, Context(items=[ITEM]), 30)


@pytest.mark.parametrize("step", ["session.created", "session.updated"])
@pytest.mark.parametrize("talks", [False, True], ids=["silent", "talking"])
def test_a_session_that_does_not_come_is_given_up_long_before_the_deadline(
    step: str, *, talks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aistudio.realtime.script.PREPARED_WITHIN", 1.0)
    hurry(monkeypatch, "session.update", 1.0)

    def late(session: Session) -> None:
        for _ in range(200):  # then all would go well, and in time
            if session.service.stopping.wait(0.05):
                return
            if talks:
                session.emit("rate_limits.updated")
        if step == "session.created":
            session.emit("session.created", session={})
            session.take("session.update")
        session.emit("session.updated", session={})
        session.asked()
        session.created()
        session.done()
        session.until_closed()

    with turn(before(step, late)) as (realtime, service):
        with pytest.raises(Unavailable, match=f"no {step} in time"):
            realtime.create(EVENT, None, 60)
        service.stopping.set()
    assert service.asked == []


def test_a_peer_that_reads_late_is_cut_by_the_deadline() -> None:
    def script(session: Session) -> None:
        with session.connection.recv_flow_control:  # the server's receiving thread stands still
            session.emit("session.created")
            session.service.stopping.wait(2)
        session.take("session.update")

    with turn(script, max_size=None) as (realtime, service):
        with pytest.raises(Unavailable):
            realtime.create(EVENT, Context({"instructions": "x" * 8_000_000}), 0.5)
        service.stopping.set()
    assert service.frames == []


@pytest.mark.parametrize("event", [{**EVENT, "response": {"a": float("nan")}}, {**EVENT, "response": {"a": object()}}])
def test_what_json_can_not_carry_is_rejected_before_anything_is_opened(event: dict[str, Any]) -> None:
    with turn(plain) as (realtime, service), pytest.raises(Rejected):
        realtime.create(event, None, 30)
    assert service.handshakes == []


def test_no_time_left_opens_nothing() -> None:
    with turn(plain) as (realtime, service), pytest.raises(Unavailable):
        realtime.create(EVENT, None, 0)
    assert service.handshakes == []
