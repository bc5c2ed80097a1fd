import base64
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection

from infra.local.studio.process import StudioHandle
from tests.contract.realtime_client import CREATE, QUESTION, closed_by, hear, hear_until, say, session, turn
from tests.support.waiting import eventually

Event = dict[str, Any]
SOUND = {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(48 * 120)).decode()}
COMMIT = {"type": "input_audio_buffer.commit", "event_id": "commit-1"}
NOT_SUPPORTED = ["input_audio_buffer.clear", "output_audio_buffer.clear"]
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"


def item(text: str, **fields: Any) -> Event:
    content = [{"type": "input_text", "text": text}]
    return {
        "type": "conversation.item.create",
        **fields,
        "item": {"type": "message", "role": "user", "content": content, "id": text},
    }


def added(connection: ClientConnection) -> Event:
    return hear_until(connection, "conversation.item.done")[0]


def kinds_until(connection: ClientConnection, kind: str) -> list[str]:
    return [event["type"] for event in hear_until(connection, kind)]


def test_items_are_put_where_the_client_says_and_heard_in_that_order(studio: StudioHandle) -> None:
    with session(studio) as connection:
        hear(connection)
        say(connection, item("two"), item("three"), item("one", previous_item_id="root"))
        say(connection, item("two and a half", previous_item_id="two"))
        before = [added(connection)["previous_item_id"] for _ in range(4)]
        say(connection, {**CREATE, "response": {"output_modalities": ["text"]}})
        done = hear_until(connection, "response.done")[-1]

    assert before == [None, "two", None, "two"]
    assert done["response"]["output"][0]["content"][0]["text"] == "You said: one two two and a half three"


def test_an_item_is_retrieved_and_deleted_and_then_not_there(studio: StudioHandle) -> None:
    retrieve = {"type": "conversation.item.retrieve", "item_id": "hello", "event_id": "retrieve-1"}
    delete = {"type": "conversation.item.delete", "item_id": "hello"}

    with session(studio) as connection:
        hear(connection)
        say(connection, item("hello"), retrieve, delete, retrieve, {**delete, "event_id": "delete-2"})
        made = added(connection)["item"]
        found, gone, *errors = (hear(connection) for _ in range(4))
        say(connection, CREATE)
        done = hear_until(connection, "response.done")[-1]

    assert (found["type"], found["item"]) == ("conversation.item.retrieved", made)
    assert (gone["type"], gone["item_id"]) == ("conversation.item.deleted", "hello")
    assert [(error["error"]["code"], error["error"]["event_id"]) for error in errors] == [
        ("item_not_found", "retrieve-1"),
        ("item_not_found", "delete-2"),
    ]
    assert "You said nothing." in str(done)


def test_what_the_model_said_aloud_can_be_cut(studio: StudioHandle) -> None:
    with session(studio) as connection:
        hear(connection)
        say(connection, item("hello"), CREATE)
        spoken = hear_until(connection, "response.done")[-1]["response"]["output"][0]
        cut = {"type": "conversation.item.truncate", "item_id": spoken["id"], "content_index": 0, "audio_end_ms": 100}
        say(connection, cut, {"type": "conversation.item.retrieve", "item_id": spoken["id"]})
        truncated, found = hear(connection), hear(connection)
        say(connection, {**cut, "item_id": "hello"}, {**cut, "content_index": 1})
        errors = [hear(connection)["error"]["code"] for _ in range(2)]

    assert {**truncated, "event_id": None} == {**cut, "type": "conversation.item.truncated", "event_id": None}
    assert spoken["content"][0]["transcript"] == "You said: hello"
    assert found["item"]["content"][0]["transcript"] is None
    assert errors == ["invalid_item", "invalid_value"]


def test_sound_becomes_an_item_and_its_transcript_what_the_model_hears(studio: StudioHandle) -> None:
    with session(studio) as connection:
        hear(connection)
        say(connection, item("first"), SOUND, SOUND, COMMIT)
        added(connection)
        told = hear_until(connection, TRANSCRIBED)
        say(connection, {**CREATE, "response": {"output_modalities": ["text"]}})
        done = hear_until(connection, "response.done")[-1]
        say(connection, COMMIT)
        empty = hear(connection)["error"]

    committed, created, transcribed = told[0], told[2], told[-1]
    assert [event["type"] for event in told] == [
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.created",
        "conversation.item.done",
        TRANSCRIBED,
    ]
    assert committed["previous_item_id"] == created["previous_item_id"] == "first"
    assert committed["item_id"] == created["item"]["id"] == transcribed["item_id"]
    assert transcribed["transcript"] == "240 milliseconds of sound"
    assert done["response"]["output"][0]["content"][0]["text"] == "You said: first 240 milliseconds of sound"
    assert (empty["code"], empty["event_id"]) == ("input_audio_buffer_commit_empty", "commit-1")


@pytest.mark.parametrize(
    ("fault", "last"), [("late_transcription", TRANSCRIBED), ("no_transcription", "response.done")]
)
def test_a_transcript_may_come_behind_the_response_or_never(studio: StudioHandle, fault: str, last: str) -> None:
    studio.fault(realtime=fault)

    with session(studio) as connection:
        hear(connection)
        say(connection, SOUND, COMMIT, CREATE)
        kinds = kinds_until(connection, "response.done")
        say(connection, QUESTION)
        after = kinds_until(connection, "conversation.item.added")

    assert TRANSCRIBED not in kinds
    assert after == ([TRANSCRIBED] if last == TRANSCRIBED else []) + ["conversation.item.added"]


def test_a_response_is_cancelled_while_it_is_given(studio: StudioHandle) -> None:
    studio.fault(realtime="slow", delay=0.2, times=2)
    brief = {"output_modalities": ["text"]}

    with session(studio) as connection:
        hear(connection)
        say(connection, CREATE)
        response_id = hear_until(connection, "response.created")[0]["response"]["id"]
        say(connection, {**CREATE, "event_id": "event-2"}, {"type": "response.cancel", "response_id": response_id})
        heard = hear_until(connection, "response.done")
        say(connection, {"type": "response.cancel", "event_id": "cancel-2"})
        say(connection, {**CREATE, "event_id": "event-3", "response": brief})
        refused = hear(connection)["error"]
        after = hear_until(connection, "response.done")

    busy = [event["error"] for event in heard if event["type"] == "error"]
    assert [(one["code"], one["event_id"]) for one in busy] == [("conversation_already_has_active_response", "event-2")]
    done = heard[-1]["response"]
    assert (done["id"], done["status"], done["status_details"]["type"]) == (response_id, "cancelled", "cancelled")
    assert (refused["code"], refused["event_id"]) == ("response_cancel_not_active", "cancel-2")
    assert after[-1]["response"]["status"] == "completed"
    assert response_id not in str(after), "nothing more comes of what was cancelled"
    assert [studio.billed(f"event-{number}") for number in (1, 2, 3)] == [1, 0, 1]


def test_a_cancel_may_be_illegal_or_too_late(studio: StudioHandle) -> None:
    studio.faults([{"realtime": "slow", "delay": 0.2}, {"realtime": "cancel_illegal"}, {"realtime": "cancel_too_late"}])

    with session(studio) as connection:
        hear(connection)
        say(connection, CREATE)
        hear_until(connection, "response.created")
        say(connection, {"type": "response.cancel"}, {"type": "response.cancel"})
        heard = hear_until(connection, "response.done")

    assert ["USER_SPEAKING" in event["error"]["message"] for event in heard if event["type"] == "error"] == [True]
    assert heard[-1]["response"]["status"] == "completed"


@pytest.mark.parametrize("kind", NOT_SUPPORTED)
def test_what_is_not_supported_is_an_error_or_silence(studio: StudioHandle, kind: str) -> None:
    studio.fault(realtime="silent_refusal", at=kind, match={"id": "second"})

    with session(studio) as connection:
        hear(connection)
        say(connection, {"type": kind, "event_id": "first"}, {"type": kind, "event_id": "second"}, QUESTION)
        refused, next_one = hear(connection)["error"], hear(connection)

    assert (refused["event_id"], refused["code"]) == ("first", "unsupported_event")
    assert next_one["type"] == "conversation.item.added"
    assert [frame["effect"] for frame in studio.frames()] == [False, False, True]


@pytest.mark.parametrize(
    ("event", "about"),
    [
        ({"type": "conversation.item.retrieve"}, "item_id"),
        ({"type": "conversation.item.delete", "item_id": 7}, "item_id"),
        ({"type": "conversation.item.truncate", "item_id": "a", "content_index": "0", "audio_end_ms": 1}, "content"),
        ({"type": "conversation.item.truncate", "item_id": "a", "content_index": 0}, "audio_end_ms"),
        ({"type": "conversation.item.create", "item": {}, "surprise": 1}, "surprise"),
        ({"type": "conversation.item.create", "item": {"type": "function_call_output", "output": "4"}}, "call_id"),
        ({**QUESTION, "previous_item_id": "nowhere"}, "no item of this id"),
        ({"type": "input_audio_buffer.append", "audio": "not base64!"}, "base64"),
        ({"type": "input_audio_buffer.append"}, "audio"),
        ({"type": "input_audio_buffer.commit", "item_id": "a"}, "item_id"),
        ({"type": "response.cancel", "response_id": []}, "response_id"),
        ({"type": "session.close"}, "not supported"),
    ],
)
def test_a_wrong_client_event_is_an_error_and_has_no_effect(studio: StudioHandle, event: Event, about: str) -> None:
    with session(studio) as connection:
        hear(connection)
        say(connection, {**event, "event_id": "mine"})
        refused = hear(connection)["error"]

    assert refused["event_id"] == "mine"
    assert about in refused["message"]
    assert [frame["effect"] for frame in studio.frames()] == [False]


EFFECTIVE: list[Event] = [
    {"type": "session.update", "session": {"instructions": "Be brief."}},
    item("hello"),
    {"type": "conversation.item.retrieve", "item_id": "hello"},
    {"type": "conversation.item.delete", "item_id": "hello"},
    SOUND,
    COMMIT,
]


@pytest.mark.parametrize("event", [*EFFECTIVE[1:4], COMMIT], ids=lambda event: event["type"])
def test_an_event_may_take_effect_without_being_acknowledged(studio: StudioHandle, event: Event) -> None:
    before = EFFECTIVE[: EFFECTIVE.index(event)]
    studio.fault(realtime="unacknowledged", at=event["type"])

    with session(studio) as connection:
        hear(connection)
        say(connection, *before, event, {"type": "session.close", "event_id": "fence"})
        heard = hear_until(connection, "error")

    kind = {"conversation.item.create": "conversation.item.created", "input_audio_buffer.commit": TRANSCRIBED}
    unheard = kind.get(event["type"], f"{event['type']}d")
    assert unheard not in [one["type"] for one in heard]
    frames = [frame for frame in studio.frames() if frame["type"] == event["type"]]
    assert [frame["effect"] for frame in frames] == [True]


@pytest.mark.parametrize("event", EFFECTIVE, ids=lambda event: event["type"])
@pytest.mark.parametrize("fault", ["close_unacknowledged", "close_before"])
def test_a_session_may_close_before_or_after_an_event_takes_effect(
    studio: StudioHandle, event: Event, fault: str
) -> None:
    before = EFFECTIVE[: EFFECTIVE.index(event)]
    studio.fault(realtime=fault, at=event["type"], close_code=1011)

    with session(studio) as connection:
        say(connection, *before, event)
        assert closed_by(connection) == 1011

    eventually(lambda: len(studio.frames()) == len(before) + 1, "all have arrived")
    assert studio.frames()[-1]["effect"] is (fault == "close_unacknowledged")


def test_frames_are_logged_by_session_and_without_content(studio: StudioHandle) -> None:
    for _ in range(2):
        with session(studio) as connection:
            turn(connection)

    frames = studio.frames()
    assert [frame["type"] for frame in frames] == [
        "session.update",
        "conversation.item.create",
        "response.create",
    ] * 2
    assert len({frame["session"] for frame in frames}) == 2
    assert "hello" not in str(frames)


PATH = "realtime/client-events/"


def post(http: httpx.Client, event: Event) -> httpx.Response:
    return http.post(PATH + event["type"], json=event)


def test_every_client_event_can_be_posted_and_all_share_one_conversation(
    studio: StudioHandle, http: httpx.Client
) -> None:
    studio.realtime_post("json")

    answers = [post(http, event) for event in EFFECTIVE]
    told = [answer.json()["type"] if answer.content else None for answer in answers]
    response = post(http, CREATE).json()

    assert told == [
        "session.updated",
        "conversation.item.created",
        "conversation.item.retrieved",
        "conversation.item.deleted",
        None,
        "input_audio_buffer.committed",
    ]
    assert response["output"][0]["content"][0]["text"] == "You said: 120 milliseconds of sound"
    assert [call["billed"] for call in studio.requests()] == [False] * 6 + [True]
    assert [frame["effect"] for frame in studio.frames()] == [True] * 7


@pytest.mark.parametrize("mode", ["empty", "sse"])
def test_a_posted_event_may_be_answered_with_nothing_or_all_its_events(
    studio: StudioHandle, http: httpx.Client, mode: Any
) -> None:
    studio.realtime_post(mode)

    answer = post(http, QUESTION)

    assert answer.status_code == 200
    assert answer.text.count("event: conversation.item.") == (3 if mode == "sse" else 0)
    assert (answer.content == b"") is (mode == "empty")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "input_audio_buffer.clear"},
        {"type": "output_audio_buffer.clear"},
        {"type": "response.cancel"},
        {"type": "conversation.item.delete", "item_id": "nothing"},
        {"type": "conversation.item.retrieve"},
    ],
    ids=lambda event: event["type"],
)
def test_a_posted_event_that_can_not_be_is_a_bad_request(
    studio: StudioHandle, http: httpx.Client, event: Event
) -> None:
    studio.realtime_post("json")

    answer = post(http, event)

    assert (answer.status_code, set(answer.json())) == (400, {"code", "message", "param", "type"})
    assert not any(frame["effect"] for frame in studio.frames())


def test_the_path_names_the_type(studio: StudioHandle, http: httpx.Client) -> None:
    studio.realtime_post("json")

    assert http.post(f"{PATH}response.create", json=QUESTION).status_code == 400
    assert http.post(f"{PATH}session.close", json={"type": "session.close"}).status_code == 404
    studio.realtime_post("404")
    assert post(http, QUESTION).status_code == 404


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"realtime": "unacknowledged"}, "needs at"),
        ({"realtime": "close_unacknowledged", "at": "response.create"}, "begins no response"),
        ({"realtime": "cancel_illegal", "at": "response.cancel"}, "has no at"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(studio: StudioHandle, fault: Event, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        studio.fault(**fault)
