from typing import Literal

import openai
import pytest
from openai import OpenAI
from openai.types.realtime import RealtimeServerEvent
from openai.types.responses import ResponseInputItemParam
from openai.types.websocket_connection_options import WebSocketConnectionOptions

from infra.local.studio.process import StudioHandle


def test_a_created_response_is_retrieved_and_deleted(studio: StudioHandle, sdk: OpenAI) -> None:
    made = sdk.responses.create(model=f"gpt://{studio.folder_id}/some-model", input="remember me")
    assert made.output_text == "You said: remember me"
    assert made.usage is not None
    assert (made.usage.input_tokens, made.usage.output_tokens) == (2, 4)

    found = sdk.responses.retrieve(made.id)
    assert (found.id, found.status, found.output) == (made.id, "completed", made.output)
    assert studio.stored() == [made.id]

    sdk.responses.delete(made.id)
    assert studio.stored() == []


def test_deleting_a_second_time_and_retrieving_are_not_found(studio: StudioHandle, sdk: OpenAI) -> None:
    studio.seed("once")
    sdk.responses.delete("once")

    with pytest.raises(openai.NotFoundError) as second:
        sdk.responses.delete("once")
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve("once")

    assert second.value.type == "invalid_request_error"
    assert isinstance(second.value.body, dict)
    assert set(second.value.body) == {"code", "message", "param", "type"}
    assert second.value.request_id


def test_input_items_are_paged_through(studio: StudioHandle, sdk: OpenAI) -> None:
    asked: list[ResponseInputItemParam] = [{"role": "user", "content": f"line {number}"} for number in range(5)]
    made = sdk.responses.create(model=f"gpt://{studio.folder_id}/m", input=asked)

    read = list(sdk.responses.input_items.list(made.id, limit=2, order="asc"))

    assert [item.to_dict()["content"] for item in read] == [
        [{"type": "input_text", "text": f"line {number}"}] for number in range(5)
    ]


def test_what_is_not_stored_is_not_found(studio: StudioHandle, sdk: OpenAI) -> None:
    made = sdk.responses.create(model=f"gpt://{studio.folder_id}/m", input="forget me", store=False)

    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(made.id)
    assert studio.stored() == []


def test_a_model_of_another_folder_and_a_stream_are_bad_requests(studio: StudioHandle, sdk: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="folder ID does not match"):
        sdk.responses.create(model="gpt://another/m", input="x")
    with pytest.raises(openai.BadRequestError, match="stream"):
        sdk.responses.create(model=f"gpt://{studio.folder_id}/m", input="x", stream=True)
    assert studio.stored() == []


def test_a_wrong_key_is_unauthenticated_and_a_wrong_folder_forbidden(studio: StudioHandle, sdk: OpenAI) -> None:
    studio.seed("kept")

    with pytest.raises(openai.AuthenticationError):
        sdk.with_options(api_key="wrong").responses.delete("kept")
    with pytest.raises(openai.PermissionDeniedError):
        sdk.with_options(project="another").responses.delete("kept")
    with pytest.raises(openai.PermissionDeniedError):
        sdk.responses.delete("kept", extra_headers={"OpenAI-Project": openai.omit})

    assert studio.stored() == ["kept"]
    assert [call["status"] for call in studio.requests("kept")] == [401, 403, 403]


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
