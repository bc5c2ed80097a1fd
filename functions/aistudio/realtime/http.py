"""response.create as the API reference has it: one POST, answered by nothing, by JSON or by a stream of events."""

from collections.abc import Mapping
from typing import Any

from aistudio.answers import Answer, Failure, error_of, success
from aistudio.api import API
from aistudio.error_bodies import error_in, parse_object
from aistudio.errors import OutcomeUnknown, Rejected
from aistudio.realtime.turn import BEGUN, RealtimeResult, Turn
from aistudio.sse import EventStream

PATH = "/realtime/client-events/response.create"


def create_by_post(api: API, event: Mapping[str, Any], timeout: float) -> RealtimeResult:
    """Post the event and read the answer, in whichever form it comes.

    Raises:
        APIError: one of its subclasses.
    """
    turn, stream = Turn(), EventStream()

    def over(piece: bytes) -> bool:
        for told in stream.feed(piece):
            turn.read(told)
        return turn.over  # the service may leave the stream open behind its last event

    answer = api.call(
        "POST",
        PATH,
        timeout=timeout,
        idempotent=False,
        body=event,
        accept="application/json, text/event-stream",
        enough=over,
    )
    if isinstance(answer, Failure) or not 200 <= answer.status < 300:
        return _refused(answer)
    stream_by_name = answer.content_type == "text/event-stream" and parse_object(answer.body) is None
    if answer.body.strip() and (turn.over or stream_by_name):
        over(b"\n\n")  # the last event may lack its empty line
        return turn.result("http", answer.trace, f"body {answer.cut}" if answer.cut else "")
    return _from_json(answer)


def _refused(answer: Answer | Failure) -> RealtimeResult:
    error = error_of(answer, idempotent=False)
    told = error_in(parse_object(answer.body)) if isinstance(answer, Answer) and not answer.cut else None
    if isinstance(error, Rejected) and told is not None:
        named = Turn()
        named.read({"type": "error", "error": told})
        # The codes that only Realtime has: a conversation that is busy refuses with any status.
        if type(by_code := named.error(answer.trace, "")) is not OutcomeUnknown:
            raise by_code
    raise error or OutcomeUnknown("no answer", answer.trace)


def _from_json(answer: Answer) -> RealtimeResult:
    told = None if answer.cut else parse_object(answer.body)
    error = error_in(told)
    if told is None or (error is None and answer.content_type == "application/problem+json"):
        success(answer, idempotent=False)
        if not answer.body.strip():
            return RealtimeResult("http", answer.trace, accepted=True)
        raise OutcomeUnknown(f"HTTP {answer.status}, body is neither JSON nor an event stream", answer.trace)
    turn = Turn()
    turn.read({"type": "error", "error": error} if error is not None else _as_event(told))
    if turn.over:
        return turn.result("http", answer.trace)
    # No published source shows a JSON answer: whatever it says is passed on.
    inner = told.get("response")
    return RealtimeResult("http", answer.trace, accepted=True, response=inner if isinstance(inner, dict) else told)


def _as_event(told: dict[str, Any]) -> dict[str, Any]:
    """Read a bare response as the event that would bring it."""
    if isinstance(told.get("type"), str):
        return told
    whole = isinstance(told.get("output"), list) or told.get("object") == "realtime.response"
    return {"type": "response.done", "response": told} if whole and told.get("status") not in BEGUN else told
