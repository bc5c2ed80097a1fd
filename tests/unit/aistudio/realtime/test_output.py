"""What is taken from a response that comes in several parts, or in part."""

import base64
from typing import Any

import pytest

from aistudio import Trace
from aistudio.realtime.results import RealtimeResult
from aistudio.realtime.turn import Turn

CREATED = {"type": "response.created", "response": {"id": "r"}}


def done(output: list[Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"type": "response.done", "response": {"id": "r", "status": "completed", "output": output or [], **fields}}


def told(item: str, index: int, kind: str, **fields: Any) -> dict[str, Any]:
    """An event about a part: `item` ends in the number of its place."""
    where = {"response_id": "r", "item_id": item, "output_index": int(item[-1]), "content_index": index}
    return {"type": f"response.{kind}", **where, **fields}


def read(*events: dict[str, Any]) -> RealtimeResult:
    turn = Turn("ev-1")
    for event in (CREATED, *events):
        turn.read(event)
    assert turn.over
    return turn.result("websocket", Trace())


GENERATIONS = [
    ("output_text", "output_audio", "output_audio_transcript"),
    ("text", "audio", "audio_transcript"),
]


@pytest.mark.parametrize(("text", "audio", "transcript"), GENERATIONS, ids=["new names", "old names"])
def test_several_parts_are_joined_in_their_order(text: str, audio: str, transcript: str) -> None:
    sound = base64.b64encode(b"so").decode(), base64.b64encode(b"und").decode()
    result = read(
        told("i1", 0, f"{text}.done", text="three"),
        told("i0", 1, f"{text}.delta", delta="tw"),
        told("i0", 1, f"{text}.delta", delta="o "),
        told("i0", 0, f"{text}.done", text="one "),
        told("i2", 0, f"{transcript}.delta", delta="hea"),
        told("i3", 0, f"{audio}.delta", delta=sound[1]),
        told("i2", 0, f"{transcript}.done", transcript="heard"),
        told("i2", 0, f"{audio}.delta", delta=sound[0]),
        done(),
    )
    assert (result.text, result.transcript, result.audio) == ("one two three", "heard", b"sound")
    assert not result.audio_damaged


def test_a_service_that_speaks_both_generations_says_nothing_twice() -> None:
    result = read(
        told("i0", 0, "output_text.delta", delta="Hel"),
        told("i0", 0, "text.delta", delta="Hel"),
        told("i0", 0, "output_text.delta", delta="lo"),
        told("i0", 0, "text.delta", delta="lo"),
        done(),
    )
    assert result.text == "Hello"


def test_a_part_that_was_cut_short_is_kept_beside_a_whole_one() -> None:
    result = read(
        told("i0", 0, "output_text.done", text="whole, "),
        told("i0", 1, "output_text.delta", delta="cut sh"),
        done(status="incomplete"),
    )
    assert (result.text, result.status) == ("whole, cut sh", "incomplete")


def test_what_no_event_said_is_taken_from_the_response_and_nothing_twice() -> None:
    output = [
        {"id": "i0", "type": "message", "content": [{"type": "output_text", "text": "one "}]},
        {"id": "i1", "type": "message", "content": [{"text": "two "}, {"text": "three"}]},
    ]
    assert read(told("i1", 0, "output_text.done", text="two "), done(output)).text == "one two three"
    assert read(told("i0", 0, "output_text.done", text="one "), done(output)).text == "one two three"


@pytest.mark.parametrize(
    "event",
    [
        told("i0", 0, "content_part.done", part={"type": "output_text", "text": "said"}),
        {"type": "response.output_text.done", "response_id": "r", "text": "said"},
        {
            "type": "response.output_item.done",
            "response_id": "r",
            "output_index": 0,
            "item": {"id": "i0", "type": "message", "content": [{"type": "output_text", "text": "said"}]},
        },
    ],
    ids=["content part", "text without places", "item"],
)
def test_an_empty_response_done_hides_nothing_that_was_said(event: dict[str, Any]) -> None:
    result = read(event, done())
    assert result.text == "said"
    assert result.response is not None
    (item,) = result.response["output"]
    assert item["content"] == [{"type": "output_text", "text": "said"}]


def test_an_empty_response_done_hides_no_function_call() -> None:
    call = {"call_id": "c", "name": "look", "arguments": '{"a":1}'}
    result = read(told("i0", 0, "function_call_arguments.done", **call), done())
    assert result.response is not None
    assert result.response["output"] == [{"id": "i0", "type": "function_call", **call}]


def test_items_keep_their_order_and_what_they_hold() -> None:
    second = {"id": "i1", "type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
    result = read(
        {"type": "response.output_item.done", "response_id": "r", "output_index": 1, "item": second},
        told("i0", 0, "output_audio_transcript.done", transcript="said"),
        done(),
    )
    assert result.response is not None
    assert [item["type"] for item in result.response["output"]] == ["message", "function_call"]
    assert result.response["output"][1] == second
    assert (result.text, result.transcript) == ("said", "said")


def test_an_output_that_the_response_holds_stays_as_it_is() -> None:
    output = [{"id": "i0", "type": "message", "content": [{"type": "output_text", "text": "theirs"}]}]
    result = read(told("i0", 0, "content_part.done", part={"type": "output_text", "text": "theirs"}), done(output))
    assert result.response is not None
    assert result.response["output"] == output


def test_audio_that_can_not_be_decoded_is_said_to_be_missing_and_costs_nothing_else() -> None:
    result = read(
        told("i0", 0, "output_audio.delta", delta="not base64!"),
        told("i0", 1, "output_audio.delta", delta=base64.b64encode(b"sound").decode()),
        told("i0", 2, "output_text.done", text="text"),
        done(),
    )
    assert (result.audio, result.audio_damaged, result.text) == (b"sound", True, "text")


def test_an_item_that_goes_by_two_ids_says_nothing_twice() -> None:
    output = [{"id": "i0", "type": "message", "content": [{"type": "output_text", "text": "said"}]}]
    assert read(told("msg_0", 0, "output_text.done", text="said"), done(output)).text == "said"


@pytest.mark.parametrize("place", [1, 7, 10**30])
def test_a_part_of_an_unnamed_item_says_nothing_twice_wherever_it_stands(place: int) -> None:
    result = read({"type": "response.output_text.delta", "output_index": place, "delta": "hello"}, done())

    assert result.text == "hello"
