"""Whatever AI Studio answers to a create: it is asked once, and the message ends with a result that all can read."""

import itertools
import json
from contextlib import closing
from typing import Any

import httpx
from hypothesis import example, given
from hypothesis import strategies as st

from aistudio import API, Config
from aistudio.realtime import Realtime
from ledger import Keys
from tests.fuzz.inputs import bent, fuzzed, json_values
from tests.fuzz.refusals import refusals
from tests.support.bench import Bench

_turn = itertools.count(1)
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "realtime.response",
    "status": "completed",
    "output": [
        {
            "id": "item_1",
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "Hello."}, {"type": "output_audio", "transcript": "Hello."}],
        }
    ],
    "metadata": {"a": "1"},
    "usage": {"total_tokens": 3, "input_tokens": 1, "output_token_details": {"text_tokens": 2, "cached": 0.5}},
}
TURN: list[dict[str, Any]] = [
    {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}},
    {"type": "response.output_text.delta", "response_id": "resp_1", "delta": "Hel"},
    {"type": "response.output_text.done", "response_id": "resp_1", "text": "Hello."},
    {"type": "response.output_audio.delta", "response_id": "resp_1", "delta": "AAAA"},
    {"type": "response.output_audio_transcript.done", "response_id": "resp_1", "transcript": "Hello."},
    {"type": "response.done", "response": RESPONSE},
]
ERROR: dict[str, Any] = {
    "type": "error",
    "error": {"type": "rate_limit_error", "code": "rate_limit_exceeded", "message": "no"},
}
ENDS = {"done", "dead_lettered", "deferred"}

events = st.sampled_from([*TURN, ERROR]) | bent(ERROR) | json_values
turns = st.just(TURN) | bent(TURN) | st.lists(events, max_size=8).map(lambda told: [*told, *TURN]) | st.lists(events)
usages = bent(RESPONSE["usage"]) | json_values
responses = usages.map(lambda usage: {**RESPONSE, "usage": usage}) | bent(RESPONSE) | json_values


def stream(told: Any) -> bytes:
    lines = told if isinstance(told, list) else [told]
    return "".join(f"data: {json.dumps(line)}\n\n" for line in lines).encode()


bodies = st.one_of(
    turns.map(stream), responses.map(lambda body: json.dumps(body).encode()), events.map(stream), st.binary(max_size=40)
)
headers = st.fixed_dictionaries(
    {
        "content-type": st.sampled_from(
            ["application/json", "text/event-stream", "text/event-stream; charset=x", "text/html", ""]
        )
    },
    optional={
        "retry-after": st.sampled_from(["0", "1", "60", "1e9", "-1", "Sun, 22 Nov 2026 08:00:00 GMT", "soon"]),
        "x-request-id": st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    },
)


class Answering:
    """A service that answers every request alike, and counts them."""

    def __init__(self, status: int, given: dict[str, str], body: bytes) -> None:
        self.asked = 0
        self._answer = (status, given, body)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one."""
        self.asked += 1
        status, given, body = self._answer
        return httpx.Response(status, headers=given, stream=httpx.ByteStream(body))


def unreadable(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


@given(
    status=st.sampled_from([200, 200, 200, 202, 204, 301, 400, 401, 404, 408, 429, 500, 503]), told=headers, body=bodies
)
@example(200, {"content-type": "application/json"}, json.dumps({**RESPONSE, "usage": {"total": float("inf")}}).encode())
@example(200, {"content-type": "application/json"}, json.dumps({**RESPONSE, "usage": {"total": 10**40}}).encode())
@example(200, {"content-type": "application/json"}, b'{"output": [], "a": NaN, "b": 1e999}')
@fuzzed(120)
def test_any_answer_to_a_create_ends_its_message(
    realtime: Bench, status: int, told: dict[str, str], body: bytes
) -> None:
    service = Answering(status, told, body)
    realtime.keys = Keys(f"secret of turn {next(_turn)}")
    realtime.queues.seen.clear()
    config = Config("http://127.0.0.1:9/v1", "b1gfolder", "key", realtime_transport="http")
    with closing(API(config, token=lambda: "", transport=httpx.MockTransport(service))) as api:
        delivered = realtime.deliver(
            realtime.message({"type": "response.create", "event_id": "evt_1"}), client=Realtime(api)
        )

    assert delivered.acknowledged, delivered.ends
    end = delivered.ends[0][0]
    assert end in ENDS
    assert service.asked <= 1 + (status == 429)
    assert refusals(realtime.queues.seen) == []
    if end == "done":
        assert realtime.record("evt_1").state == "done"
        for request in realtime.queues.seen:
            for entry in request.document.get("Entries", []):
                json.loads(entry["MessageBody"], parse_constant=unreadable)
