"""Client events as the API reference has them: one POST, answered by nothing, by JSON or by a stream of events."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aistudio.answers import Answer, Failure, error_of, success
from aistudio.api import API
from aistudio.error_bodies import error_in, parse_object
from aistudio.exceptions import APIError, OutcomeUnknown, Rejected, Trace
from aistudio.realtime.client_events import KINDS
from aistudio.realtime.error_events import Complaint
from aistudio.realtime.heard import Heard
from aistudio.realtime.results import RealtimeResult, ScriptResult
from aistudio.realtime.steps import Step
from aistudio.realtime.turn import Turn
from aistudio.responses.response import BEGUN
from aistudio.sse import EventStream

PATH = "/realtime/client-events/"


def create_by_post(api: API, event: Mapping[str, Any], timeout: float) -> RealtimeResult:
    """Post a response.create and read the answer, in whichever form it comes. Raises APIError."""
    turn = Turn()
    said = _post(api, event, timeout, turn)
    if not said.accepted:
        return turn.result("http", said.trace, said.cut)
    # No published source shows a JSON answer: whatever it says is passed on.
    inner = (said.document or {}).get("response")
    return RealtimeResult("http", said.trace, True, inner if isinstance(inner, dict) else said.document)  # noqa: FBT003 - accepted


def post_event(api: API, event: Mapping[str, Any], timeout: float) -> ScriptResult:
    """Post any other client event, and read what acknowledges it, if that comes. Raises APIError."""
    told = _Acknowledgement(event)
    said = _post(api, event, timeout, told)
    return told.result(said)


class _Reader(Protocol):
    """Reads the events that answer a client event, until there are no more to wait for."""

    @property
    def over(self) -> bool: ...

    def read(self, event: Mapping[str, Any], /) -> None: ...


@dataclass(frozen=True, slots=True)
class _Said:
    """How a POST was answered. `cut` ended a stream early; `accepted`: no events came, but `document` or nothing."""

    trace: Trace
    cut: str = ""
    accepted: bool = False
    document: dict[str, Any] | None = None


class _Acknowledgement:
    """Reads events until one acknowledges the client event, or refuses it."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._step = Step(event, (), frozenset(), sent=True)
        self._heard = Heard()
        self._complaint: Complaint | None = None

    @property
    def over(self) -> bool:
        return self._step.over or self._complaint is not None

    def read(self, event: Mapping[str, Any], /) -> None:
        if event.get("type") == "error":
            self._complaint = self._complaint or Complaint.read(event)
        elif self._step.acknowledged_by(event, self._heard.items):
            self._step.take(event)
        self._heard.note(event)

    def result(self, said: _Said) -> ScriptResult:
        step, trace = self._step, said.trace
        if self._complaint is not None and not step.over:
            raise self._complaint.as_error(self._complaint.kind, trace)
        if said.cut and not step.over:
            raise OutcomeUnknown(f"{step.type} sent, then the answer was {said.cut}", trace)
        accepted = not step.over  # all there is to know: nothing more is promised
        step.over, step.answer = True, step.answer or said.document
        items = [step.item] if step.item is not None else []
        return ScriptResult("http", trace, [step.result()], (), self._heard.transcriptions, items, accepted)


def _post(api: API, event: Mapping[str, Any], timeout: float, reader: _Reader) -> _Said:
    stream = EventStream()

    def over(piece: bytes) -> bool:
        for told in stream.feed(piece):
            reader.read(told)
        return reader.over  # the service may leave the stream open behind its last event

    answer = api.call(
        "POST",
        PATH + str(event["type"]),
        timeout=timeout,
        idempotent=KINDS[str(event["type"])].effect == "none",
        body=event,
        accept="application/json, text/event-stream",
        enough=over,
    )
    if isinstance(answer, Failure) or not 200 <= answer.status < 300:
        raise _refused(answer, idempotent=KINDS[str(event["type"])].effect == "none")
    stream_by_name = answer.content_type == "text/event-stream" and parse_object(answer.body) is None
    if answer.body.strip() and (reader.over or stream_by_name):
        over(b"\n\n")  # the last event may lack its empty line
        return _Said(answer.trace, f"body {answer.cut}" if answer.cut else "")
    return _from_json(answer, reader)


def _refused(answer: Answer | Failure, *, idempotent: bool) -> APIError:
    error = error_of(answer, idempotent=idempotent)
    told = error_in(parse_object(answer.body)) if isinstance(answer, Answer) and not answer.cut else None
    if isinstance(error, Rejected) and told is not None:
        # The codes that only Realtime has: a conversation that is busy refuses with any status.
        complaint = Complaint.read({"type": "error", "error": told})
        if complaint.kind is not OutcomeUnknown:
            return complaint.as_error(complaint.kind, answer.trace)
    return error or OutcomeUnknown("no answer", answer.trace)


def _from_json(answer: Answer, reader: _Reader) -> _Said:
    told = None if answer.cut else parse_object(answer.body)
    error = error_in(told)
    if told is None or (error is None and answer.content_type == "application/problem+json"):
        success(answer, idempotent=False)
        if not answer.body.strip():
            return _Said(answer.trace, accepted=True)
        raise OutcomeUnknown(f"HTTP {answer.status}, body is neither JSON nor an event stream", answer.trace)
    reader.read({"type": "error", "error": error} if error is not None else _as_event(told))
    return _Said(answer.trace) if reader.over else _Said(answer.trace, accepted=True, document=told)


def _as_event(told: dict[str, Any]) -> dict[str, Any]:
    """Read a bare response as the event that would bring it."""
    if isinstance(told.get("type"), str):
        return told
    whole = isinstance(told.get("output"), list) or told.get("object") == "realtime.response"
    return {"type": "response.done", "response": told} if whole and told.get("status") not in BEGUN else told
