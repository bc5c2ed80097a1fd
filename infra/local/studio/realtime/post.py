"""`POST /v1/realtime/client-events/response.create`: the form that the API reference shows.

Nobody has published a live answer, so every plausible one can be chosen; the default is that the path isn't there.
"""

import json
from typing import Any

from infra.local.studio.model import text_of
from infra.local.studio.realtime.events import Turn, done_event, turn_events
from infra.local.studio.responses.inquiry import Inquiry
from infra.local.studio.state import Studio
from infra.local.studio.wire.answers import Answer, bad_request, document, error, no_such_path

FIELDS = {"type", "event_id", "response"}


def create(studio: Studio, inquiry: Inquiry) -> Answer:
    """Run the model once, and answer as the mode says: nothing, the response object, or a stream of server events."""
    mode = studio.post_modes.get(inquiry.id, studio.realtime_post)
    if mode == "404":
        return no_such_path()
    if mode == "405":
        return Answer(405, headers={"Allow": "GET"})
    if mode == "501":
        return error(501, "server_error", "Not implemented", "unimplemented")
    if problem := event_problem(inquiry.body):
        return bad_request(problem)
    inquiry.call.effect = inquiry.call.billed = True
    if mode == "empty":
        return Answer(200)
    turn = asked_for(studio, inquiry.body.get("response") or {}, "", ("text",))
    if mode == "json":
        return document(done_event(turn)["response"])
    lines = []
    for event in turn_events(turn):
        sent = json.dumps({**event, "event_id": f"event_{studio.hex_id()}"}, ensure_ascii=False)
        lines.append(f"event: {event['type']}\ndata: {sent}\n\n")
    return Answer(200, "".join(lines).encode(), "text/event-stream")


def event_problem(event: Any) -> str | None:
    """What is wrong with a response.create event, if anything."""
    if not isinstance(event, dict):
        return "The body must be a JSON object"
    if event.get("type") != "response.create":
        return "type must be response.create"
    if unknown := sorted(set(event) - FIELDS):
        return f"Unknown fields: {', '.join(unknown)}"
    if not isinstance(event.get("event_id", ""), str):
        return "event_id must be a string"
    asked = event.get("response")
    if asked is None:
        return None
    if not isinstance(asked, dict):
        return "response must be an object"
    return None if fit_modalities(asked.get("output_modalities")) else "output_modalities may hold text and audio"


def fit_modalities(value: object) -> bool:
    """Whether this may stand as `output_modalities`; null is as good as nothing."""
    return value is None or (isinstance(value, list) and all(one in ("text", "audio") for one in value))


def asked_for(studio: Studio, asked: dict[str, Any], heard: str, modalities: tuple[str, ...]) -> Turn:
    """The turn that a response.create begins; its own `input`, `output_modalities` and `metadata` go first."""
    own = text_of(asked.get("input")) or heard or text_of(asked.get("instructions"))
    return Turn(
        response_id=f"resp_{studio.hex_id()}",
        item_id=f"item_{studio.hex_id()}",
        heard=own,
        modalities=tuple(asked.get("output_modalities") or modalities),
        metadata=asked.get("metadata"),
    )
