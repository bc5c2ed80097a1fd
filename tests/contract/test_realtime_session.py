import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus

from infra.local.studio.process import StudioHandle
from tests.contract.realtime_client import (
    CREATE,
    closed_by,
    hear,
    hear_until,
    say,
    session,
    turn,
)


@pytest.mark.parametrize(
    ("model", "key", "status"),
    [
        (None, "wrong", 401),
        ("gpt://another/speech-realtime-local", None, 403),
        ("gpt://b1glocalfolder/retired-model", None, 404),
    ],
)
def test_a_handshake_with_a_wrong_key_folder_or_model_is_refused(
    studio: StudioHandle, model: str | None, key: str | None, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refusal, session(studio, model, key):
        pass

    assert refusal.value.response.status_code == status
    assert [call["status"] for call in studio.requests()] == [status]


def test_a_bare_model_name_is_closed_with_1008(studio: StudioHandle) -> None:
    with session(studio, "speech-realtime-local") as connection:
        assert closed_by(connection) == 1008


def test_a_branch_of_the_model_is_the_model(studio: StudioHandle) -> None:
    with session(studio, f"{studio.realtime_model_uri}/latest") as connection:
        assert hear(connection)["type"] == "session.created"


def test_a_fault_can_refuse_the_handshake(studio: StudioHandle) -> None:
    studio.faults([{"status": 429, "headers": {"Retry-After": "3"}}, {"drop": "before"}])

    with pytest.raises(InvalidStatus) as refusal, session(studio):
        pass
    assert refusal.value.response.status_code == 429
    assert refusal.value.response.headers["Retry-After"] == "3"
    with pytest.raises((InvalidMessage, EOFError)), session(studio):
        pass
    with session(studio) as connection:
        assert turn(connection)[-1]["response"]["status"] == "completed"


def test_every_create_is_logged_with_its_event_id_and_what_it_cost(studio: StudioHandle) -> None:
    with session(studio) as connection:
        turn(connection)
        say(connection, CREATE, {**CREATE, "event_id": "event-2"})
        hear_until(connection, "response.done")
        hear_until(connection, "response.done")

    assert (studio.billed("event-1"), studio.billed("event-2")) == (2, 1)
    assert [call["transport"] for call in studio.requests("event-1")] == ["websocket"] * 2


@pytest.mark.parametrize(
    ("frame", "about"),
    [
        ("{", "not JSON"),
        ("[]", "no type"),
        (b"\x00", "text frames"),
        ('{"type":"input_audio_buffer.clear"}', "not supported"),
        ('{"type":"session.update"}', "session"),
        ('{"type":"session.update","session":{"modalities":["text"]}}', "old session format"),
        ('{"type":"session.update","session":{"output_modalities":["smell"]}}', "output_modalities"),
        ('{"type":"conversation.item.create","item":{"type":"message","role":"assistant"}}', "not supported yet"),
        ('{"type":"response.create","surprise":1}', "surprise"),
        ('{"type":"response.create","response":{"output_modalities":7}}', "output_modalities"),
    ],
)
def test_a_wrong_frame_is_an_error_event_and_the_session_goes_on(
    studio: StudioHandle, frame: str | bytes, about: str
) -> None:
    with session(studio) as connection:
        hear_until(connection, "session.created")
        connection.send(frame)
        complaint = hear(connection)
        say(connection, CREATE)
        assert hear_until(connection, "response.done")

    assert (complaint["type"], complaint["error"]["type"]) == ("error", "invalid_request_error")
    assert set(complaint["error"]) == {"type", "code", "message", "param", "event_id"}
    assert about in complaint["error"]["message"]
