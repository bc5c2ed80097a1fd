"""The stand-in against the OpenAPI document that was written from the reference, apart from it."""

from typing import Any

import httpx
import pytest

from infra.local.studio.process import StudioHandle
from tests.contract.openapi import answer_problems, document, events_of, problems

Body = dict[str, Any]
ONE = "/responses/{response_id}"
ENDPOINTS = [
    ("POST", "/responses"),
    ("GET", ONE),
    ("DELETE", ONE),
    ("POST", f"{ONE}/cancel"),
    ("GET", f"{ONE}/input_items"),
]
ENDS: list[Body] = [
    {},
    {"response": "ends"},
    {"response": "ends", "status": "incomplete", "reason": "content_filter"},
    {"response": "ends", "status": "cancelled"},
    {"response": "pace", "polls": 1},
    {"response": "text_in_summary"},
    {"response": "refusal"},
    {"response": "unknown_items"},
    {"response": "empty_output_text"},
]


def body_of(studio: StudioHandle, **fields: Any) -> Body:
    return {"model": f"gpt://{studio.folder_id}/m", "input": "hello", **fields}


def request(http: httpx.Client, method: str, path: str, body: Body) -> httpx.Response:
    asked = body if path == "/responses" else None
    return http.request(method, path.replace("{response_id}", "a").removeprefix("/"), json=asked)


def test_it_has_the_five_endpoints_and_no_other() -> None:
    known = [(method, path) for path, item in document()["paths"].items() for method in item if method != "parameters"]

    assert sorted(known) == sorted((method.lower(), path) for method, path in ENDPOINTS)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_every_endpoints_success_is_as_documented(
    studio: StudioHandle, http: httpx.Client, method: str, path: str
) -> None:
    studio.seed("a", background=True)

    answer = request(http, method, path, body_of(studio))

    assert answer.status_code == 200
    assert answer_problems(method, path, answer) == []


@pytest.mark.parametrize(("method", "path"), ENDPOINTS[1:])
def test_every_endpoints_404_is_as_documented(http: httpx.Client, method: str, path: str) -> None:
    answer = request(http, method, path, {})

    assert answer.status_code == 404
    assert answer_problems(method, path, answer) == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 501, 503, 504])
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_every_error_that_is_asked_for_is_as_documented(
    studio: StudioHandle, http: httpx.Client, method: str, path: str, status: int
) -> None:
    if str(status) not in document()["paths"][path][method.lower()]["responses"]:
        return
    studio.fault(status=status, shape="flat")

    answer = request(http, method, path, body_of(studio))

    assert answer.status_code == status
    assert answer_problems(method, path, answer) == []


@pytest.mark.parametrize("end", ENDS, ids=str)
@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_every_response_is_as_documented_from_its_create_to_its_end(
    studio: StudioHandle, http: httpx.Client, end: Body, background: bool, stream: bool
) -> None:
    if end:
        studio.fault(**end)

    made = http.post("responses", json=body_of(studio, background=background, stream=stream))
    assert answer_problems("POST", "/responses", made) == []
    response_id = events_of(made.text)[0]["response"]["id"] if stream else made.json()["id"]
    for query in ({}, {}, {}, {"stream": "true"}):
        found = http.get(f"responses/{response_id}", params=query)
        assert answer_problems("GET", ONE, found) == []


def test_a_cancelled_response_is_as_documented(studio: StudioHandle, http: httpx.Client) -> None:
    made = http.post("responses", json=body_of(studio, background=True)).json()

    answer = http.post(f"responses/{made['id']}/cancel")

    assert answer.json()["status"] == "cancelled"
    assert answer_problems("POST", f"{ONE}/cancel", answer) == []


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, True),
        ({"store": False, "background": True, "stream": True, "user": "u", "instructions": None}, True),
        ({"temperature": 0}, True),
        ({"temperature": 1}, True),
        ({"temperature": 1.01}, False),
        ({"temperature": -0.1}, False),
        ({"top_logprobs": 21}, False),
        ({"max_output_tokens": -1}, False),
        ({"max_output_tokens": 1.5}, False),
        ({"background": "yes"}, False),
        ({"model": "some-model"}, False),
        ({"model": None}, False),
        ({"model": None, "prompt": {"id": "agent-1"}}, True),
        ({"prompt": {}}, False),
        ({"input": 7}, False),
        ({"input": ["text"]}, False),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "4"}]}, True),
        ({"conversation": "conv-1"}, True),
        ({"conversation": {"id": "conv-1"}}, True),
        ({"conversation": {}}, False),
        ({"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}}, True),
        ({"text": {"format": {"type": "json_schema", "schema": {}}}}, False),
        ({"text": {"format": {"type": "yaml"}}}, False),
        ({"tools": [{"type": "web_search"}, {"type": "function", "name": "f-1", "parameters": {}}]}, True),
        ({"tools": [{"type": "computer_use_preview"}]}, False),
        ({"tools": [{"type": "function", "name": "a.b"}]}, False),
        ({"metadata": {"a": "b"}}, False),
        ({"stream_options": {"include_obfuscation": True}}, False),
        ({"tool_choice": {"type": "function", "name": "f"}}, True),
        ({"tool_choice": "sometimes"}, False),
        ({"tool_choice": {}}, False),
        ({"include": ["reasoning.encrypted_content"]}, True),
        ({"include": ["everything"]}, False),
        ({"prompt": {"id": "agent-1"}, "model": "some-model"}, False),
        ({"surprise": 1}, False),
    ],
)
def test_the_document_and_the_stand_in_take_and_refuse_the_same_requests(
    studio: StudioHandle, http: httpx.Client, fields: Body, fits: bool
) -> None:
    body = body_of(studio, **fields)

    answer = http.post("responses", json=body)

    assert (problems("CreateResponse", body) == []) is fits
    assert (answer.status_code == 200) is fits
    assert answer_problems("POST", "/responses", answer) == []


def test_an_answer_that_is_not_as_documented_is_found_out(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a", created_at="yesterday")
    studio.faults([{"match": {"method": "DELETE"}, "body": {"deleted": True}}, {"status": 418, "match": {"id": "b"}}])

    found, deleted, teapot = http.get("responses/a"), http.delete("responses/a"), http.get("responses/b")

    assert answer_problems("GET", ONE, found) == ["$.created_at: 'yesterday' is not of type 'number'"]
    assert answer_problems("DELETE", ONE, deleted) == ["a body or a content type where none is documented"]
    assert answer_problems("GET", ONE, teapot) == ["418 is not documented"]
