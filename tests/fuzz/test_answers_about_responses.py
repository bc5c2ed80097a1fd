"""Whatever AI Studio answers about a response: it is a response, its absence, or an error, and no id is lost."""

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from aistudio import API, Absent, APIError, Config, InputItems, OutcomeUnknown, Response, Responses
from tests.fuzz.inputs import bent, fuzzed, json_values
from tests.fuzz.test_answers import headers, stream

RESPONSE: dict[str, Any] = {
    "id": "r1",
    "object": "response",
    "status": "completed",
    "model": "gpt://folder/model",
    "background": True,
    "error": None,
    "output": [
        {"type": "message", "content": [{"type": "output_text", "text": "Hello."}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
    ],
    "output_text": "",
    "usage": {"total_tokens": 3, "input_tokens": 1},
}
CREATED = {"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "output": []}}
EVENTS: list[dict[str, Any]] = [
    CREATED,
    {"type": "response.output_item.done", "output_index": 0, "item": RESPONSE["output"][0]},
    {"type": "response.completed", "response": RESPONSE},
]
PAGE: dict[str, Any] = {"object": "list", "data": [{"id": "item_1"}], "has_more": True, "last_id": "item_1"}
ERROR = {"code": "not_found", "message": "Response with id 'r1' not found.", "param": None, "type": "not_found"}

events = st.sampled_from([*EVENTS, {"type": "error", **ERROR}]) | bent(EVENTS[2]) | json_values
documents = bent(RESPONSE) | bent(PAGE) | bent(ERROR) | bent({"error": ERROR}) | json_values
bodies = st.one_of(
    documents.map(lambda body: json.dumps(body).encode()),
    bent(EVENTS).map(stream),
    st.lists(events, max_size=5).map(stream),
    st.binary(max_size=40),
)
statuses = st.sampled_from([200, 200, 200, 202, 204, 301, 400, 401, 404, 409, 429, 500, 503])
Ask = Callable[[Responses], Response | Absent | InputItems]
calls: st.SearchStrategy[Ask] = st.sampled_from(
    [
        lambda responses: responses.create({"input": "Hello"}, 5),
        lambda responses: responses.create({"input": "Hello", "stream": True}, 5),
        lambda responses: responses.get("r1", 5),
        lambda responses: responses.cancel("r1", 5),
        lambda responses: responses.input_items("r1", 5, limit=3),
    ]
)


def answered(ask: Ask, status: int, told: dict[str, str], body: bytes) -> Response | Absent | InputItems | APIError:
    """What a call comes to where every request is answered so."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=told, stream=httpx.ByteStream(body))

    config = Config("http://127.0.0.1:9/v1", "b1gfolder", "key")
    with closing(API(config, token=lambda: "", transport=httpx.MockTransport(answer))) as api:
        try:
            return ask(Responses(api))
        except APIError as error:
            return error


@given(ask=calls, status=statuses, told=headers, body=bodies)
@fuzzed(300)
def test_any_answer_about_a_response_is_one_or_an_error(
    ask: Ask, status: int, told: dict[str, str], body: bytes
) -> None:
    found = answered(ask, status, told, body)

    if isinstance(found, Response):
        assert isinstance(found.status, str)
        assert found.text is None or isinstance(found.text, str)
        assert {type(found.id), type(found.model)} <= {str, type(None)}
    elif isinstance(found, InputItems):
        assert len(found.items) <= 3
    else:
        assert isinstance(found, Absent | APIError)


@given(
    events=st.lists(events, max_size=4),
    at=st.integers(0, 10**6),
    kind=st.sampled_from(["text/event-stream", ""]),
)
@fuzzed(200)
def test_a_stream_that_breaks_anywhere_after_the_id_came_has_not_lost_it(events: list[Any], at: int, kind: str) -> None:
    begun = stream([CREATED])
    body = begun + stream([each for each in events if isinstance(each, dict)])

    found = answered(
        lambda responses: responses.create({"stream": True}, 5),
        200,
        {"content-type": kind},
        body[: max(len(begun), at % (len(body) + 1))],
    )

    if isinstance(found, APIError):
        assert type(found) is OutcomeUnknown
        assert found.response_id == "r1"
    else:
        assert isinstance(found, Response)
        assert found.id is not None
