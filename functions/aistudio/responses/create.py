"""POST /v1/responses: creates a response; the answer is JSON or a stream of events.

https://yandex.cloud/en/docs/ai-studio/responses/createResponse
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aistudio.answers import Answer, Failure, error_of, learned_id
from aistudio.error_bodies import class_of, fingerprint_of, identifiers, parse_object, status_told
from aistudio.exceptions import MAX_DETAIL, APIError, OutcomeUnknown, Trace
from aistudio.responses.response import OVER, Response, is_id, is_response
from aistudio.sse import EventStream

_ENDS = {f"response.{status}": status for status in OVER}

Learned = Callable[[str], None]
"""Is told the id of the response that a create has begun."""


class Told:
    """Collects the events of a response's stream until it says how the response ended.

    `learned` is told the response's id as soon as an event names it.
    """

    def __init__(self, learned: Learned | None = None) -> None:
        self._learned = learned
        self._stream = EventStream()
        self._id: str | None = None
        self._end: Mapping[str, Any] | None = None
        self._error: Mapping[str, Any] | None = None
        self._items: dict[int, Any] = {}
        self.begun = False
        """Whether any event of a response came."""

    def feed(self, piece: bytes) -> bool:
        """Read a piece of the stream. Returns True where nothing more has to be read."""
        for event in self._stream.feed(piece):
            self._read(event)
        return self._end is not None or self._error is not None

    def _read(self, event: Mapping[str, Any]) -> None:
        kind, response = event.get("type"), event.get("response")
        if self._end is not None or self._error is not None:
            return
        if kind == "error":
            wrapped = event.get("error")
            # In a flat error `type` is the event's type, not the error's.
            self._error = wrapped if isinstance(wrapped, Mapping) else {**event, "type": None}
        elif isinstance(kind, str) and kind.startswith("response."):
            self.begun = True
            response = response if isinstance(response, Mapping) else {}
            named, index = response.get("id"), event.get("output_index")
            if self._id is None and isinstance(named, str) and is_id(named):
                self._id = named
                if self._learned is not None:
                    self._learned(named)
            if kind == "response.output_item.done" and isinstance(index, int):
                self._items[index] = event.get("item")
            elif kind in _ENDS:
                self._end = self._whole(response, _ENDS[kind])

    def _whole(self, response: Mapping[str, Any], status: str) -> Mapping[str, Any]:
        """Fill in what the last event leaves out from the events before it."""
        said = {"status": status, "output": [self._items[index] for index in sorted(self._items)]}
        said |= {"id": self._id} if self._id else {}
        missing = {name: value for name, value in said.items() if not response.get(name)}
        return {**response, **missing, **({} if response.get("status") in OVER else {"status": status})}

    def response(self, trace: Trace, cut: str) -> Response | APIError:
        """Return the response, or the error of a stream that brought none. `cut` says what ended the reading."""
        if self._end is not None:
            return Response(self._end, trace)
        if self._error is not None:
            kind = OutcomeUnknown if self.begun else class_of(status_told(self._error), idempotent=False)
            detail = f"error event {identifiers(self._error)}".rstrip()
            fingerprint = fingerprint_of(trace.status, self._error)
            return kind(detail, trace, fingerprint=fingerprint, response_id=self._id)
        detail = f"HTTP {trace.status}, stream {cut or 'ended without the end of a response'}"
        return OutcomeUnknown(detail, trace, response_id=self._id)


def with_clues(error: OutcomeUnknown, called_at: float) -> OutcomeUnknown:
    """Add what people find a response by that may be stored under an unknown id. `called_at` is in epoch seconds.

    Where there is no room for all, the error's own words are cut off.
    """
    clues = {
        "called": datetime.fromtimestamp(called_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "x-client-request-id": error.trace.client_request_id,
        "x-request-id": error.trace.request_id,
    }
    told = ", ".join(f"{name} {value}" for name, value in clues.items() if value)
    stored = f"; a response with an unknown id may be stored: {told}"
    detail = error.detail[: max(0, MAX_DETAIL - len(stored))]
    return OutcomeUnknown(detail + stored, error.trace, fingerprint=error.fingerprint)


def created(outcome: Answer | Failure, told: Told | None) -> Response | APIError:
    """Return the response that was created, or the error.

    `told` has read the stream so far; it is None where no stream was asked for. Services may send a stream where JSON
    was asked for, and JSON in place of a stream: both are read.
    """
    if isinstance(outcome, Failure) or not 200 <= outcome.status < 300:
        return error_of(outcome, idempotent=False) or OutcomeUnknown("no answer", outcome.trace)
    if told is None and outcome.content_type == "text/event-stream":
        told = Told()
        told.feed(outcome.body)
    if told is not None:
        over = told.feed(b"\n\n")  # the last event may lack its empty line
        if over or told.begun or outcome.content_type == "text/event-stream":
            return told.response(outcome.trace, outcome.cut)
    error = error_of(outcome, idempotent=False)
    if error is not None:
        return error
    value = parse_object(outcome.body)
    response = Response(value or {}, outcome.trace)
    # A response that is not over needs an id: without it its end can't be found out.
    if is_response(value) and (response.over or response.id is not None):
        return response
    detail = f"HTTP {outcome.status}, but the body is not a response"
    return OutcomeUnknown(detail, outcome.trace, response_id=response.id or learned_id(outcome))
