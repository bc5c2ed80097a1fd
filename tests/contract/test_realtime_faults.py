import pytest

from infra.local.studio.process import StudioHandle
from tests.contract.realtime_client import (
    CREATE,
    QUESTION,
    TEXT_SESSION,
    closed_by,
    hear,
    hear_until,
    say,
    session,
    turn,
)


def test_without_a_session_created_the_connection_stays_silent(studio: StudioHandle) -> None:
    studio.fault(realtime="no_session_created")

    with session(studio) as connection, pytest.raises(TimeoutError):
        connection.recv(timeout=0.2)


def test_without_a_session_updated_the_turn_works_all_the_same(studio: StudioHandle) -> None:
    studio.fault(realtime="session_updated_missing")

    with session(studio) as connection:
        hear_until(connection, "session.created")
        say(connection, TEXT_SESSION, CREATE)
        kinds = [event["type"] for event in hear_until(connection, "response.done")]

    assert "session.updated" not in kinds
    assert not any("audio" in kind for kind in kinds)


@pytest.mark.parametrize("code", [1006, 1008, 1011])
@pytest.mark.parametrize("at", ["connect", "session.update", "conversation.item.create"])
def test_a_close_before_the_create_bills_nothing(studio: StudioHandle, at: str, code: int) -> None:
    studio.fault(realtime="close_before", at=at, close_code=code)

    with session(studio) as connection:
        if at != "connect":
            hear_until(connection, "session.created")
            say(connection, TEXT_SESSION if at == "session.update" else QUESTION)
        assert closed_by(connection) == code

    assert not any(call["billed"] for call in studio.requests())


@pytest.mark.parametrize("code", [1006, 1008, 1011])
@pytest.mark.parametrize("after_events", [0, 4])
def test_a_close_after_the_create_has_billed_it(studio: StudioHandle, after_events: int, code: int) -> None:
    studio.fault(realtime="close_after", match={"id": "event-1"}, close_code=code, after_events=after_events)

    with session(studio) as connection:
        hear_until(connection, "session.created")
        say(connection, CREATE)
        for _ in range(after_events):
            assert hear(connection)["type"].startswith("response.")
        assert closed_by(connection) == code

    assert studio.billed("event-1") == 1


@pytest.mark.parametrize("billed", [False, True])
def test_an_error_event_names_the_event_that_failed(studio: StudioHandle, billed: bool) -> None:
    code = "conversation_already_has_active_response"
    studio.fault(realtime="error_event", error_type="invalid_request_error", error_code=code, billed=billed)

    with session(studio) as connection:
        hear_until(connection, "session.created")
        say(connection, CREATE)
        failed = hear(connection)["error"]

    assert (failed["type"], failed["code"], failed["event_id"]) == ("invalid_request_error", code, "event-1")
    assert studio.billed("event-1") == billed


def test_an_error_event_can_come_before_the_create(studio: StudioHandle) -> None:
    studio.fault(realtime="error_event", at="session.update")

    with session(studio) as connection:
        hear_until(connection, "session.created")
        say(connection, {**TEXT_SESSION, "event_id": "update-1"})
        assert hear(connection)["error"]["event_id"] == "update-1"


def test_a_foreign_response_may_be_done_before_ours(studio: StudioHandle) -> None:
    studio.fault(realtime="foreign_done")

    with session(studio) as connection:
        foreign = turn(connection)
        ours = hear_until(connection, "response.done")

    created = [event["response"]["id"] for event in foreign if event["type"] == "response.created"]
    assert created == [ours[-1]["response"]["id"], foreign[-1]["response"]["id"]]
    assert foreign[-1]["response"]["output"][0]["content"][0]["text"] != "You said: hello"
    assert ours[-1]["response"]["output"][0]["content"][0]["text"] == "You said: hello"


def test_a_response_may_be_done_twice(studio: StudioHandle) -> None:
    studio.fault(realtime="two_dones")

    with session(studio) as connection:
        first = turn(connection)[-1]
        second = hear(connection)

    assert (second["type"], second["response"]) == (first["type"], first["response"])


@pytest.mark.parametrize("status", ["failed", "incomplete", "cancelled"])
def test_a_response_may_end_badly(studio: StudioHandle, status: str) -> None:
    studio.fault(realtime="done_status", done_status=status)

    with session(studio) as connection:
        done = turn(connection)[-1]["response"]

    assert (done["status"], done["status_details"]["type"]) == (status, status)


def test_events_and_fields_that_nobody_knows_may_come_in_between(studio: StudioHandle) -> None:
    studio.fault(realtime="unknown_events")

    with session(studio) as connection:
        events = turn(connection)

    assert "response.thinking_aloud.delta" in [event["type"] for event in events]
    assert any("x_unknown_field" in event for event in events)
    assert [event["text"] for event in events if event["type"] == "response.output_text.done"] == ["You said: hello"]


def test_audio_may_come_although_text_was_asked_for(studio: StudioHandle) -> None:
    studio.fault(realtime="audio_although_text")

    with session(studio) as connection:
        events = turn(connection)

    kinds = {event["type"] for event in events}
    assert {"response.output_text.done", "response.output_audio.delta", "response.output_audio.done"} <= kinds
    wrapped = {"type": "output_audio", "audio": None, "transcript": "You said: hello"}
    assert events[-1]["response"]["output"][0]["content"] == [wrapped]


def test_a_slow_response_waits_before_each_event(studio: StudioHandle) -> None:
    studio.fault(realtime="slow", delay=1)

    with session(studio) as connection:
        hear_until(connection, "session.created")
        say(connection, CREATE)
        with pytest.raises(TimeoutError):
            connection.recv(timeout=0.05)
        assert hear(connection)["type"] == "response.created"
