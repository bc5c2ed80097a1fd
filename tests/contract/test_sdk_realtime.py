import base64
from typing import Literal

from openai import OpenAI
from openai.types.realtime import RealtimeServerEvent
from openai.types.websocket_connection_options import WebSocketConnectionOptions

from infra.local.studio.process import StudioHandle

# The SDK calls connect() outside a with statement, which websockets 17 would otherwise warn of.
OPTIONS: WebSocketConnectionOptions = {"legacy": True}  # type: ignore[typeddict-unknown-key]  # newer than the SDK's list


def turn(studio: StudioHandle, sdk: OpenAI, *modalities: Literal["text", "audio"]) -> list[RealtimeServerEvent]:
    seen = []
    with sdk.realtime.connect(model=studio.realtime_model_uri, websocket_connection_options=OPTIONS) as connection:
        connection.session.update(session={"type": "realtime", "output_modalities": list(modalities)})
        connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "good morning"}]}
        )
        connection.response.create(event_id="event-1", response={"metadata": {"asked": "by us"}})
        for event in connection:
            seen.append(event)
            if event.type == "response.done":
                break
    return seen


def test_a_text_turn_has_the_apis_events_in_their_order_and_is_billed_once(studio: StudioHandle, sdk: OpenAI) -> None:
    events = turn(studio, sdk, "text")

    assert list(dict.fromkeys(event.type for event in events)) == [
        "session.created",
        "session.updated",
        "conversation.item.added",
        "conversation.item.created",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == (
        "You said: good morning"
    )
    done = events[-1]
    assert done.type == "response.done"
    assert done.response.status == "completed"
    assert done.response.metadata == {"asked": "by us"}
    assert done.response.usage is not None
    assert done.response.usage.total_tokens == 6
    assert studio.billed("event-1") == 1


def test_a_function_that_is_demanded_is_called_in_place_of_an_answer(studio: StudioHandle, sdk: OpenAI) -> None:
    seen = []
    with sdk.realtime.connect(model=studio.realtime_model_uri, websocket_connection_options=OPTIONS) as connection:
        connection.session.update(session={"type": "realtime", "tools": [{"type": "function", "name": "weather"}]})
        connection.response.create(response={"tool_choice": "required"})
        for event in connection:
            seen.append(event)
            if event.type == "response.done":
                break

    (called,) = (event for event in seen if event.type == "response.function_call_arguments.done")
    (item,) = (event.item for event in seen if event.type == "response.output_item.done")
    assert item.type == "function_call"
    assert (item.name, item.call_id, item.arguments) == ("weather", called.call_id, called.arguments)
    done = seen[-1]
    assert done.type == "response.done"
    assert done.response.output == [item]


def test_an_audio_turn_is_spoken_with_a_transcript_and_without_text(studio: StudioHandle, sdk: OpenAI) -> None:
    events = turn(studio, sdk, "audio")

    assert all(event.type != "response.output_text.done" for event in events)
    assert [event.transcript for event in events if event.type == "response.output_audio_transcript.done"] == [
        "You said: good morning"
    ]
    heard = [event.delta for event in events if event.type == "response.output_audio.delta"]
    assert heard
    assert all(heard)
    done = events[-1]
    assert done.type == "response.done"
    assert done.response.output is not None
    assert done.response.output[0].to_dict()["content"] == [
        {"type": "output_audio", "audio": None, "transcript": "You said: good morning"}
    ]


def test_acknowledgements_of_a_text_session_come_twice_and_name_audio_too(studio: StudioHandle, sdk: OpenAI) -> None:
    updated = [event for event in turn(studio, sdk, "text") if event.type == "session.updated"]

    assert len(updated) == 2
    assert all(event.to_dict()["session"]["output_modalities"] == ["text", "audio"] for event in updated)  # type: ignore[index]  # plain JSON


def test_every_client_event_of_the_sdk_is_acknowledged_or_refused(studio: StudioHandle, sdk: OpenAI) -> None:
    with sdk.realtime.connect(model=studio.realtime_model_uri, websocket_connection_options=OPTIONS) as connection:

        def until(kind: str) -> RealtimeServerEvent:
            while (event := connection.recv()).type != kind:
                pass
            return event

        connection.conversation.item.create(
            item={"id": "q", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "aloud"}]}
        )
        connection.conversation.item.retrieve(item_id="q")
        found = until("conversation.item.retrieved")
        assert found.type == "conversation.item.retrieved"
        assert found.item.id == "q"

        connection.response.create()
        done = until("response.done")
        assert done.type == "response.done"
        assert done.response.output
        said = done.response.output[0].id
        assert said is not None
        connection.conversation.item.truncate(item_id=said, content_index=0, audio_end_ms=10)
        until("conversation.item.truncated")
        connection.conversation.item.delete(item_id="q")
        until("conversation.item.deleted")

        connection.input_audio_buffer.append(audio=base64.b64encode(bytes(4800)).decode())
        connection.input_audio_buffer.commit()
        until("input_audio_buffer.committed")
        until("conversation.item.input_audio_transcription.completed")

        for refused in (connection.input_audio_buffer.clear, connection.response.cancel):
            refused(event_id="refused")
            error = until("error")
            assert error.type == "error"
            assert error.error.event_id == "refused"
        connection.output_audio_buffer.clear(event_id="refused")
        until("error")
