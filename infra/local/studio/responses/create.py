"""`POST /v1/responses`: run the model, at once, as a stream, or in the background."""

import time
from typing import Any

from infra.local.studio.model import text_of
from infra.local.studio.responses.inquiry import Inquiry
from infra.local.studio.responses.life import Life
from infra.local.studio.responses.objects import Struck, response_object
from infra.local.studio.responses.request import problem
from infra.local.studio.responses.streaming import stream
from infra.local.studio.state import Studio
from infra.local.studio.wire.answers import Answer, bad_request, document, error

RUNNING_STREAM = 1  # a stream that breaks leaves a response that the next GET sees completed


def create(studio: Studio, inquiry: Inquiry) -> Answer:
    """Run the model, and store the response unless `store` is false (in the background too: then it can't be polled).

    The response exists before the first byte of the answer is written.
    """
    body = inquiry.body
    if not isinstance(body, dict):
        return bad_request("The body must be a JSON object")
    text = text_of(body.get("input"))
    refusal = problem(body, studio.settings.folder_id, studio.settings.retired_models) or _previous(studio, body)
    if refusal is not None:
        return refusal
    path = inquiry.call.path
    struck = studio.faults.responses("create", path, None, text)
    response_id = studio.uuid()
    life = Life(
        final=response_object(response_id, int(time.time()), body, text, struck),
        inputs=input_items(studio, body.get("input")),
        text=text,
    )
    _pace(life, studio, body, struck)
    if body.get("store") is not False:
        studio.responses[response_id] = life
    inquiry.call.id = response_id
    inquiry.call.effect = inquiry.call.billed = True
    if body.get("stream"):
        return stream(life, studio.faults.responses("stream", path, response_id, text))
    shown = life.shown()
    return document({**shown, "id": studio.uuid()} if "other_id" in struck else shown)


def _pace(life: Life, studio: Studio, body: dict[str, Any], struck: Struck) -> None:
    """Set how long it runs."""
    background, pace = bool(body.get("background")), struck.get("pace")
    if pace is not None:
        life.polls, life.due = pace.polls or 0, time.monotonic() + (pace.seconds or 0.0)
        running = pace.polls != 0
    elif background:
        life.polls = studio.settings.background_polls
        running = life.polls > 0
    else:
        life.polls = RUNNING_STREAM
        running = bool(body.get("stream"))
    life.status = life.final["status"]
    if running:
        life.status = "queued" if background else "in_progress"


def _previous(studio: Studio, body: dict[str, Any]) -> Answer | None:
    previous = body.get("previous_response_id")
    if previous is None:
        return None
    life = studio.responses.get(previous)
    if life is None or life.hidden:
        message = f"Previous response '{previous}' not found."
        return error(404, "invalid_request_error", message, "not_found", "previous_response_id")
    if (life.shown()["incomplete_details"] or {}).get("reason") == "content_filter":
        return bad_request("The previous response was stopped by the content filter", "previous_response_id")
    return None


def input_items(studio: Studio, given: object) -> list[dict[str, Any]]:
    """The items that the list of input items shows, in the order of the input."""
    items = given if isinstance(given, list) else [{"role": "user", "content": given or ""}]
    made = []
    for item in items:
        content = item.get("content")
        parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
        kind = item.get("type", "message")
        named = {"type": "message", **item, "id": f"{'msg' if kind == 'message' else 'item'}_{studio.hex_id()}"}
        made.append({**named, "content": parts} if kind == "message" else named)
    return made
