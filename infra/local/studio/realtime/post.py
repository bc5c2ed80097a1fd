"""`POST /v1/realtime/client-events/{type}`: the form that the API reference shows.

Nobody has published a live answer, so every plausible one can be chosen; the default is that the path isn't there.
A call names no session: all of them share one.
"""

from infra.local.studio.realtime.client_events import KINDS, Refused, check
from infra.local.studio.realtime.events import Event, Turn, asked_for, done_event, turn_events
from infra.local.studio.responses.inquiry import Inquiry
from infra.local.studio.state import Studio
from infra.local.studio.wire.answers import Answer, bad_request, document, error, no_such_path, streamed
from infra.local.studio.wire.stream import EventStream, frames


def post(studio: Studio, inquiry: Inquiry) -> Answer:
    """Take the event, and answer as the mode says: nothing, the acknowledgement (for response.create: the response
    object), or a stream of server events.
    """
    kind = inquiry.call.path.rpartition("/")[2]
    mode = studio.post_modes.get(inquiry.id, studio.realtime_post)
    if mode == "404" or kind not in KINDS:
        return no_such_path()
    if mode == "405":
        return Answer(405, headers={"Allow": "GET"})
    if mode == "501":
        return error(501, "server_error", "Not implemented", "unimplemented")
    if not isinstance(inquiry.body, dict) or inquiry.body.get("type") != kind:
        return bad_request(f"The body must be a JSON object, and its type {kind}")
    try:
        turn, events = _taken(studio, inquiry, kind)
    except Refused as refusal:
        return error(400, "invalid_request_error", refusal.message, refusal.code or "invalid_argument")
    if mode == "empty":
        return Answer(200)
    named = [{**one, "event_id": f"event_{studio.hex_id()}"} for one in events]
    if mode == "sse":
        return streamed(EventStream(frames(named)))
    if turn is not None:
        return document(done_event(turn)["response"])
    return next((document(one) for one in named if one["type"] == KINDS[kind].acknowledged_by), Answer(200))


def _taken(studio: Studio, inquiry: Inquiry, kind: str) -> tuple[Turn | None, list[Event]]:
    """The turn that the event began, if any, and the server events that answer it."""
    event = inquiry.body
    frame = studio.frame(None, "http", event)
    check(event)
    turn = None
    if kind == "response.create":
        asked = {**studio.dialogue.tools, **(event.get("response") or {})}
        turn = asked_for(studio.hex_id, asked, studio.dialogue.heard, ("text",))
        inquiry.call.billed = True
    events = studio.dialogue.take(event) if turn is None else turn_events(turn)
    inquiry.call.effect = frame.effect = True
    return turn, events
