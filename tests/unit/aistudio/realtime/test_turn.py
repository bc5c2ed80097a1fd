"""A turn over WebSocket that goes well: what is sent, and what is taken from what comes back."""

import base64
from typing import Any

import pytest

from tests.unit.aistudio.clients import EVENT, ITEM, Context, hurry, plain, run, turn
from tests.unit.aistudio.wsserver import Script, Session

pytestmark = pytest.mark.row(31)


def test_a_text_turn_gives_the_response_its_text_and_usage() -> None:
    result = run(plain)
    assert result.response is not None
    assert result.response["id"] == "resp_1"
    assert (result.text, result.usage) == ("Hello", {"input_tokens": 1, "output_tokens": 2})
    assert (result.accepted, result.transport, result.audio, result.transcript) == (False, "websocket", None, None)
    assert (result.trace.client_request_id, result.trace.status) == ("id-1", 101)


def test_a_turn_sends_its_session_then_its_items_in_order_then_the_apis_own_fields_alone() -> None:
    def script(session: Session) -> None:
        session.open()
        session.take_item()
        session.take_item()
        session.asked()
        session.created()
        session.done()
        session.until_closed()

    context = Context({"output_modalities": ["text"], "instructions": "be brief"}, [ITEM, {**ITEM, "role": "system"}])
    with turn(script) as (realtime, service):
        event = {**EVENT, "response": {"metadata": {"a": None}, "x": [1]}, "context": "not the API's", "other": 1}
        realtime.create(event, context, 30)
    update, first, second, ask = service.frames
    assert update["session"] == {
        "type": "realtime",
        "output_modalities": ["text"],
        "instructions": "be brief",
        "audio": {"input": {"turn_detection": None}},
    }
    assert [first["item"], second["item"]] == [ITEM, {**ITEM, "role": "system"}]
    assert ask == {"type": "response.create", "event_id": "ev-1", "response": {"metadata": {"a": None}, "x": [1]}}
    assert len({frame["event_id"] for frame in service.frames}) == 4
    assert service.closes == [1000]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, {"type": "realtime", "audio": {"input": {"turn_detection": None}}}),
        ({"turn_detection": {"type": "server_vad"}}, {"type": "realtime", "turn_detection": {"type": "server_vad"}}),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad"}}}},
            {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "server_vad"}}}},
        ),
        (
            {"audio": {"input": {"format": "f"}, "output": {"voice": "v"}}},
            {"type": "realtime", "audio": {"input": {"format": "f", "turn_detection": None}, "output": {"voice": "v"}}},
        ),
        ({"audio": "odd"}, {"type": "realtime", "audio": "odd"}),
        ({"type": "transcription"}, {"type": "transcription", "audio": {"input": {"turn_detection": None}}}),
    ],
)
def test_turn_detection_is_off_unless_the_caller_asks_for_it(given: Any, sent: Any) -> None:
    with turn(plain) as (realtime, service):
        realtime.create(EVENT, Context(given), 30)
    assert service.frames[0]["session"] == sent


def test_a_message_without_an_event_id_is_sent_with_a_fresh_one() -> None:
    with turn(plain) as (realtime, service):
        realtime.create({"type": "response.create"}, None, 30)
        realtime.create({"type": "response.create"}, None, 30)
    first, second = (frame["event_id"] for frame in service.asked)
    assert first != second


def test_a_service_that_acknowledges_no_item_is_asked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch, "conversation.item.create", 0.05)

    def script(session: Session) -> None:
        session.open()
        session.take("conversation.item.create")
        session.asked()
        session.created()
        session.done()
        session.until_closed()

    assert run(script, Context(items=[ITEM])).response is not None


# Text, transcript and audio


def speaking(*steps: tuple[str, str], output: Any = None) -> Script:
    def script(session: Session) -> None:
        session.open()
        session.asked()
        session.created()
        for kind, value in steps:
            session.text(kind, value)
        session.done(output=output or [])
        session.until_closed()

    return script


WRITTEN = [{"type": "message", "content": [{"type": "output_text", "text": "from done"}]}]
SPOKEN = [{"type": "message", "content": [{"type": "output_audio", "audio": None, "transcript": "said"}]}]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (speaking(("output_text.delta", "a"), ("output_text.done", "abc"), output=WRITTEN), "abc"),
        (speaking(("output_text.delta", "a"), ("output_text.delta", "b"), output=WRITTEN), "ab"),
        (speaking(output=WRITTEN), "from done"),
        (speaking(output=SPOKEN), "said"),
        (speaking(("output_audio_transcript.done", "heard")), "heard"),
        (speaking(), None),
        (speaking(output=[{"content": "odd"}, "odd", {"content": [None, {"text": 1}]}]), None),
    ],
    ids=[
        "done event",
        "deltas",
        "response.done",
        "its transcript",
        "transcript",
        "none",
        "odd output",
    ],
)
def test_the_text_is_the_done_events_else_the_deltas_else_the_responses_else_the_transcripts(
    script: Script, text: str | None
) -> None:
    assert run(script).text == text


def test_audio_is_joined_in_order_with_its_transcript() -> None:
    pieces = [b"one", b"twoo", b"three"]  # of lengths that leave different padding
    steps = [("output_audio.delta", base64.b64encode(piece).decode()) for piece in pieces]
    result = run(speaking(*steps, ("output_audio_transcript.delta", "a "), ("output_audio_transcript.delta", "b")))
    assert result.audio == b"onetwoothree"
    assert result.transcript == "a b"
    assert result.text == "a b"


def test_audio_that_is_not_base64_does_not_cost_the_answer() -> None:
    result = run(speaking(("output_audio.delta", "a"), ("output_text.done", "text")))
    assert (result.audio, result.audio_damaged, result.text) == (None, True, "text")
