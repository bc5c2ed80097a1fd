"""response.create as the API reference has it: one POST, answered by nothing, by JSON or by a stream of events."""

from collections.abc import Mapping
from typing import Any

from aistudio.api import API
from aistudio.bodies import parse_object
from aistudio.errors import OutcomeUnknown
from aistudio.event_stream import EventStream
from aistudio.realtime_events import RealtimeResult, Turn

PATH = "/realtime/client-events/response.create"


def create_by_post(api: API, event: Mapping[str, Any], timeout: float) -> RealtimeResult:
    """Post the event, and read whichever answer comes.

    Raises:
        APIError: one of its subclasses.
    """
    turn, stream = Turn(), EventStream()

    def over(piece: bytes) -> bool:
        for told in stream.feed(piece):
            turn.read(told)
        return turn.over  # the service may leave the stream open behind its last event

    reply = api.call(
        "POST",
        PATH,
        timeout=timeout,
        idempotent=False,
        body=event,
        accept="application/json, text/event-stream",
        enough=over,
    )
    if not reply.body.strip():
        return RealtimeResult("http", reply.trace, accepted=True)
    if turn.over or reply.content_type.partition(";")[0].strip().lower() == "text/event-stream":
        over(b"\n\n")  # the last event may lack its empty line
        return turn.result("http", reply.trace)
    told = parse_object(reply.body)
    if told is None:
        raise OutcomeUnknown(f"HTTP {reply.trace.status}, body is neither JSON nor an event stream", reply.trace)
    turn = Turn()
    turn.read(_as_event(told))
    if turn.over:
        return turn.result("http", reply.trace)
    # Nobody has published what a JSON answer looks like: what is said is passed on, whatever it is.
    inner = told.get("response")
    return RealtimeResult("http", reply.trace, accepted=True, response=inner if isinstance(inner, dict) else told)


def _as_event(told: dict[str, Any]) -> dict[str, Any]:
    """Read a bare response as the event that would bring it, and a bare error likewise."""
    if isinstance(told.get("type"), str):
        return told
    whole = isinstance(told.get("output"), list) or told.get("object") == "realtime.response"
    if whole and told.get("status") not in ("queued", "in_progress"):
        return {"type": "response.done", "response": told}
    return {**told, "type": "error"} if isinstance(told.get("error"), dict) else told
