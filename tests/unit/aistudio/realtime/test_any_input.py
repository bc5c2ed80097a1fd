"""Any events and any bytes: they end in a result or in one of the client's errors."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudio import APIError, OutcomeUnknown, Trace
from aistudio.realtime.turn import Turn
from aistudio.sse import EventStream

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)
ids = st.sampled_from(["resp_1", "resp_2", "ev-1", "item-1"])
kinds = st.sampled_from(
    [
        "error",
        "response.created",
        "response.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.output_audio.delta",
        "response.output_audio_transcript.done",
        "session.updated",
        "response.output_item.added",
    ]
)
odd_events = st.fixed_dictionaries(
    {},
    optional={
        "type": kinds | json_values,
        "response": st.fixed_dictionaries(
            {}, optional={"id": ids | json_values, "output": json_values, "usage": json_values}
        )
        | json_values,
        "response_id": ids | json_values,
        "delta": json_values,
        "text": json_values,
        "transcript": json_values,
        "error": st.fixed_dictionaries({}, optional=dict.fromkeys(("type", "code", "event_id"), ids | json_values))
        | json_values,
    },
)


@given(told=st.lists(odd_events, max_size=12), event_id=st.none() | st.just("ev-1"))
def test_any_events_make_a_result_or_an_api_error(told: list[dict[str, Any]], event_id: str | None) -> None:
    turn = Turn(event_id, {"item-1"})
    for event in told:
        turn.read(event)
    settled = turn.over or turn.patience is not None
    try:
        result = turn.result("http", Trace())
    except OutcomeUnknown:
        pass
    except APIError:
        assert any(event.get("type") == "error" for event in told)
    else:
        assert settled
        assert result.response is not None
        ends = [event.get("response") for event in told if event.get("type") == "response.done"]
        bare = {"id": result.response.get("id"), "object": "realtime.response"}  # of an end without its response
        known = [end if isinstance(end, dict) else bare for end in ends]
        assert {**result.response, "output": 0} in [{**end, "output": 0} for end in known]


# Streams, however they are cut


@given(
    told=st.lists(st.dictionaries(st.text(max_size=5), json_values, max_size=3), max_size=5),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(0, 400)),
)
def test_a_stream_is_the_same_however_it_is_cut(told: list[dict[str, Any]], end: str, cuts: list[int]) -> None:
    data = "".join(f"data: {json.dumps(one)}{end}{end}" for one in told).encode()
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    stream = EventStream()
    heard = [one for start, stop in pairwise(edges) for one in stream.feed(data[start:stop])]
    assert [*heard, *stream.feed(b"\n\n")] == told


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_event_of_several_lines_is_one_event_however_it_is_cut(end: bytes) -> None:
    data = end.join([b"data: {", b'data:"a": 1', b"data: }", b"", b""])
    for cut in range(len(data) + 1):
        stream = EventStream()
        assert [*stream.feed(data[:cut]), *stream.feed(data[cut:]), *stream.feed(b"\n\n")] == [{"a": 1}]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_stream(data: bytes) -> None:
    assert all(isinstance(event, dict) for event in EventStream().feed(data + b"\n\n"))


def test_a_stream_may_begin_with_a_byte_order_mark() -> None:
    stream = EventStream()

    assert [event for piece in (b"\xef\xbb", b'\xbfdata: {"a": 1}', b"\n\n") for event in stream.feed(piece)] == [
        {"a": 1}
    ]
