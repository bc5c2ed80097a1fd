"""The Responses API: create, get, delete, input items.

Each function takes effect at once and gives the answer; when it runs and whether its answer is sent is not its matter.
What this stand-in does not do (streams, background runs, conversations) it refuses: silence would be taken for success.
"""

import time
from dataclasses import dataclass
from typing import Any

from infra.local.studio.answers import Answer, bad_request, document, error
from infra.local.studio.model import model_problem, response_object, text_of
from infra.local.studio.state import Call, Studio


@dataclass(frozen=True)
class Inquiry:
    """A request, read: its log entry, the id in its path, its query, and its JSON body (None where it is not JSON)."""

    call: Call
    id: str
    query: dict[str, str]
    body: Any


def not_found(response_id: str) -> Answer:
    """The documented 404."""
    message = f"Response with id '{response_id}' not found."
    return error(404, "invalid_request_error", message, "not_found", "response_id")


def create(studio: Studio, inquiry: Inquiry) -> Answer:
    """`POST /v1/responses`: run the model, and store the response unless `store` is false."""
    body = inquiry.body
    if not isinstance(body, dict):
        return bad_request("The body must be a JSON object")
    if refusal := _create_problem(studio, body):
        return refusal
    response_id = studio.uuid()
    response = response_object(response_id, int(time.time()), body, text_of(body.get("input")))
    if body.get("store") is not False:
        studio.responses[response_id] = response
        studio.inputs[response_id] = _input_items(studio, body.get("input"))
    inquiry.call.id = response_id
    inquiry.call.effect = inquiry.call.billed = True
    return document(response)


def _create_problem(studio: Studio, body: dict[str, Any]) -> Answer | None:
    if "prompt" not in body and (problem := model_problem(body.get("model"), studio.settings.folder_id)):
        return bad_request(problem, "model")
    if not isinstance(body.get("input", ""), str | list):
        return bad_request("input must be a string or an array of items", "input")
    temperature = body.get("temperature")
    if temperature is not None and not (isinstance(temperature, int | float) and 0 <= temperature <= 1):
        return bad_request("temperature must be between 0 and 1", "temperature")
    for name in ("stream", "background", "conversation"):
        if body.get(name):
            return bad_request(f"The local AI Studio does not support {name}", name)
    previous = body.get("previous_response_id")
    if previous is not None and not (isinstance(previous, str) and previous in studio.responses):
        return error(404, "invalid_request_error", f"Previous response '{previous}' not found.", "not_found")
    return None


def _input_items(studio: Studio, given: object) -> list[dict[str, Any]]:
    items = given if isinstance(given, list) else [{"role": "user", "content": given or ""}]
    made = []
    for item in items:
        if not isinstance(item, dict):
            continue
        content = item.get("content")
        parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
        made.append({"type": "message", **item, "id": f"msg_{studio.hex_id()}", "content": parts})
    return made


def get(studio: Studio, inquiry: Inquiry) -> Answer:
    """`GET /v1/responses/{id}`: the stored response, or 404."""
    response = studio.responses.get(inquiry.id)
    return not_found(inquiry.id) if response is None else document(response)


def delete(studio: Studio, inquiry: Inquiry) -> Answer:
    """`DELETE /v1/responses/{id}`: 200 without a body (the API reference names no schema), or 404."""
    if studio.responses.pop(inquiry.id, None) is None:
        return not_found(inquiry.id)
    studio.inputs.pop(inquiry.id, None)
    inquiry.call.effect = True
    return Answer(200)


def input_items(studio: Studio, inquiry: Inquiry) -> Answer:
    """`GET /v1/responses/{id}/input_items`: a page of what was asked, newest first unless `order` is asc."""
    if inquiry.id not in studio.responses:
        return not_found(inquiry.id)
    items = list(studio.inputs.get(inquiry.id, ()))
    if inquiry.query.get("order", "desc") != "asc":
        items.reverse()
    limit = inquiry.query.get("limit", "20")
    if not (limit.isdecimal() and 1 <= int(limit) <= 100):
        return bad_request("limit must be between 1 and 100", "limit")
    ids = [item["id"] for item in items]
    if (after := inquiry.query.get("after")) is not None:
        if after not in ids:
            return bad_request("after names no item", "after")
        items = items[ids.index(after) + 1 :]
    page = items[: int(limit)]
    ends = (page[0]["id"], page[-1]["id"]) if page else ("", "")
    more = len(items) > len(page)
    return document({"object": "list", "data": page, "has_more": more, "first_id": ends[0], "last_id": ends[1]})
