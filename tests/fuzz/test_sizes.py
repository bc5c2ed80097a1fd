"""Inputs at their largest: settled like any other, and the work grows no faster than they do."""

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from typing import Any

import httpx
import pytest

import realtime_response_create
from aistudio import API, Config
from aistudio.answers import MAX_BODY, Answer, error_of
from aistudio.realtime import Realtime
from aistudio.realtime.turn import Turn
from aistudio.sse import EventStream
from tests.fuzz.refusals import refusals
from tests.fuzz.test_answers import RESPONSE, Answering
from tests.support.bench import Bench
from tests.support.messages import entry
from worker.message_attributes import Signer
from worker.receive.envelope import Invalid
from worker.receive.message import parse
from worker.receive.trigger_event import Delivery, deliveries

LARGE = 300 * 1024


@pytest.mark.parametrize("field", ["metadata", "transcript", "output", "status"])
def test_an_answer_too_large_for_a_queue_leaves_without_its_largest_parts(realtime: Bench, field: str) -> None:
    service = Answering(
        200, {"content-type": "application/json"}, json.dumps({**RESPONSE, field: ["x" * LARGE]}).encode()
    )
    config = Config("http://127.0.0.1:9/v1", "b1gfolder", "key", realtime_transport="http")
    with closing(API(config, token=lambda: "", transport=httpx.MockTransport(service))) as api:
        message = realtime.message({"type": "response.create", "event_id": "evt_1"})
        delivered = realtime.deliver(message, client=Realtime(api))

    assert delivered.ends == [("done", "done")]
    assert refusals(realtime.queues.seen) == []
    (result,) = realtime.results()
    assert field in result["data"]["omitted"]


@pytest.mark.parametrize("length", [200_000, 261_800])
def test_an_envelope_with_a_name_as_long_as_a_message_harms_no_neighbour(deletions: Bench, length: int) -> None:
    envelope = {"specversion": "1.0", "id": "x" * length, "source": "/s", "data": {"response_id": "resp_1"}}

    delivered = deletions.deliver(deletions.message(envelope), deletions.message({"response_id": "resp_2"}))

    assert delivered.ends == [("done", "already_absent")] * 2
    assert refusals(deletions.queues.seen) == []


SIGNER = Signer("a secret", "realtime_response_create")


def a_line_in_pieces(size: int) -> Callable[[], object]:
    pieces = [b"x" * 64] * (size // 64)

    def read() -> None:
        stream = EventStream()
        for piece in (b"data: ", *pieces, b"\n\n"):
            list(stream.feed(piece))

    return read


def many_short_events(size: int) -> Callable[[], object]:
    data = b'data: {"a": 1}\n\n' * (size // 16)
    return lambda: list(EventStream().feed(data))


def a_stream_byte_by_byte(size: int) -> Callable[[], object]:
    data = b'data: {"a": 1}\r\n\r\n' * (size // 18)

    def read() -> None:
        stream = EventStream()
        for at in range(len(data)):
            list(stream.feed(data[at : at + 1]))

    return read


def a_turn_of_many_pieces(size: int) -> Callable[[], object]:
    def read() -> None:
        turn = Turn()
        for _ in range(size // 8):
            turn.read({"type": "response.output_text.delta", "response_id": "r", "delta": "x" * 8})
        turn.read({"type": "response.done", "response": {"id": "r", "output": []}})
        assert turn.over

    return read


def a_deep_error(size: int) -> Callable[[], object]:
    body = b'{"error": ' + b"[" * size
    return lambda: error_of(Answer(500, {}, body), idempotent=False)


def an_error_of_many_names(size: int) -> Callable[[], object]:
    body = json.dumps({str(number): number for number in range(size // 16)}).encode()
    return lambda: error_of(Answer(400, {}, body), idempotent=False)


def a_retry_after_that_is_no_date(size: int) -> Callable[[], object]:
    headers = {"retry-after": "(" * (size // 2) + "Sun, 22 " * (size // 16)}
    return lambda: error_of(Answer(429, headers, b""), idempotent=False)


def a_message_of_many_fields(size: int) -> Callable[[], object]:
    body = {"type": "response.create", **{f"field{number}": number for number in range(size // 24)}}
    (delivery,) = deliveries({"messages": [entry(body, sent_at=0)]}, 0, SIGNER)

    def read() -> None:
        with pytest.raises(Invalid):
            parse(realtime_response_create.RealtimeResponseCreate, delivery)

    return read


def an_envelope_in_an_envelope(size: int) -> Callable[[], object]:
    text = "{}"
    while len(text) * 2 < size:
        text = json.dumps({"specversion": "1.0", "id": "1", "source": "/s", "data": text})
    delivery = Delivery("m-1", text)

    def read() -> None:
        with pytest.raises(Invalid):
            parse(realtime_response_create.RealtimeResponseCreate, delivery)

    return read


def an_attribute_of_any_length(size: int) -> Callable[[], object]:
    text = json.dumps({"v": 1, "key": "k" * (size // 2), "mac": "0" * (size // 2)})
    return lambda: SIGNER.read(text, "{}")


def an_attribute_of_many_fields(size: int) -> Callable[[], object]:
    text = json.dumps({**{f"field{number}": number for number in range(size // 24)}, "mac": "0"})
    return lambda: SIGNER.read(text, "{}")


def an_event_of_many_messages(size: int) -> Callable[[], object]:
    event = {"messages": [entry("{}", sent_at=0)] * (size // 512)}
    return lambda: deliveries(event, 0, SIGNER)


READERS = [
    a_line_in_pieces,
    many_short_events,
    a_stream_byte_by_byte,
    a_turn_of_many_pieces,
    a_deep_error,
    an_error_of_many_names,
    a_retry_after_that_is_no_date,
    a_message_of_many_fields,
    an_envelope_in_an_envelope,
    an_attribute_of_any_length,
    an_attribute_of_many_fields,
    an_event_of_many_messages,
]


def calls_of(work: Callable[[], object]) -> int:
    """How many functions are called, of Python and of C: work, counted without a clock."""
    count = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def memory_of(work: Callable[[], object]) -> int:
    """The most bytes that were held at once."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("reader", READERS)
def test_work_and_memory_grow_no_faster_than_the_input(reader: Callable[[int], Callable[[], object]]) -> None:
    small, large = reader(16 * 1024), reader(64 * 1024)

    assert calls_of(large) <= 5 * calls_of(small) + 100
    assert memory_of(large) <= 5 * memory_of(small) + 100_000


def test_a_line_of_eight_megabytes_in_crumbs_is_read_to_its_end() -> None:
    # Copying what came before at each crumb would take minutes here, and the suite's own timeout would say so.
    crumbs = MAX_BODY // 16
    stream = EventStream()
    for piece in (b'data: {"a": "', *[b"x" * 16] * crumbs, b'"}'):
        assert list(stream.feed(piece)) == []

    (event,) = stream.feed(b"\n\n")

    assert len(event["a"]) == 16 * crumbs
