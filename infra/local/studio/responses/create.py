"""`POST /v1/responses`.

What this stand-in does not do (streams, background runs, conversations) it refuses: silence would be taken for success.
"""

import time
from typing import Any

from infra.local.studio.model import model_problem, response_object, text_of
from infra.local.studio.responses.inquiry import Inquiry
from infra.local.studio.state import Studio
from infra.local.studio.wire.answers import Answer, bad_request, document, error


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
