"""response.create as the service runs it: a WebSocket session of one turn.

Until the response.create frame is written nothing has happened; from then on, until our response.done, the outcome is unknown.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.http11 import Response
from websockets.protocol import State
from websockets.sync.client import ClientConnection

from aistudio.answers import MAX_STREAM, Answer, error_of, trace_of
from aistudio.api import API, encode
from aistudio.error_bodies import parse_object
from aistudio.errors import APIError, Forbidden, OutcomeUnknown, Rejected, Trace, Unauthorized, Unavailable
from aistudio.network.deadline import Exchange
from aistudio.realtime.connection import PREPARED_WITHIN, Refused, connected
from aistudio.realtime.turn import Complaint, RealtimeResult, Turn

ACKNOWLEDGED_WITHIN = 2.0
"""Seconds to wait until the items are acknowledged; nothing promises that every one is."""

# Before our first frame with effect a close concerns the deployment. 1008 is seen for a model URI that the service
# doesn't take; 3000 and 3003 are registered: https://www.iana.org/assignments/websocket
_CLOSES: dict[int | None, type[APIError]] = {1008: Forbidden, 3000: Unauthorized, 3003: Forbidden}


class RealtimeContext(Protocol):
    """What a turn begins with: fields for session.update, and items for conversation.item.create, in order."""

    @property
    def session(self) -> Mapping[str, Any] | None: ...  # noqa: D102 - see the class

    @property
    def items(self) -> Sequence[Mapping[str, Any]]: ...  # noqa: D102 - see the class


def create_by_websocket(
    api: API, event: Mapping[str, Any], context: RealtimeContext | None, timeout: float
) -> RealtimeResult:
    """Open a session, set it up, ask for a response, read to its end, and close.

    Raises:
        APIError: one of its subclasses; OutcomeUnknown only once the response.create frame may have left.
    """
    exchange = Exchange(api.monotonic() + timeout, api.monotonic)
    session = _Session(api, event, context, exchange)
    result: RealtimeResult | None = None
    failure: APIError | None = None
    try:
        with connected(api, session.headers, exchange) as connection:
            result = session.run(connection)
    except (Refused, WebSocketException, OSError) as error:
        failure = session.meaning_of(error)
    if result is None:  # out here, so that what a library's error may quote is not chained to ours
        raise failure or OutcomeUnknown("the session ended without a result", session.trace)
    return result  # also where only the closing failed


class _Session:
    """The steps of one turn, and how far they got."""

    def __init__(self, api: API, event: Mapping[str, Any], context: RealtimeContext | None, exchange: Exchange) -> None:
        request_id = api.new_id()
        self.headers = api.headers(request_id)
        self.trace = Trace(request_id)
        self._exchange = exchange
        self._monotonic = api.monotonic
        self._now = api.now()
        self._asked = False
        self._read = 0
        self._of_the_message = context is not None
        event_id = str(event.get("event_id") or api.new_id())
        items = [_frame(api, "conversation.item.create", item=item) for item in (context.items if context else ())]
        update = _frame(api, "session.update", session=_session(context))
        self._turn = Turn(event_id, {str(frame["event_id"]) for frame in (update, *items)})
        # Encoded before anything is opened: what JSON can't carry must not be found out half-way.
        self._update, self._items = encode(update), [encode(item) for item in items]
        self._ask = encode({**event, "event_id": event_id})

    def run(self, connection: ClientConnection) -> RealtimeResult:
        if connection.response is not None:
            self.trace = trace_of(_lower(connection.response), self.trace.client_request_id, 101)
        self._wait_for(connection, "session.created")
        connection.send(self._update, text=True)
        self._wait_for(connection, "session.updated")
        for item in self._items:
            connection.send(item, text=True)
        self._acknowledged(connection)
        self._exchange.left()
        if connection.state is not State.OPEN:
            raise self._closed(connection.close_code)
        self._asked = True
        connection.send(self._ask, text=True)
        ended = self._take_turn(connection)
        return self._turn.result("websocket", self.trace, ended)

    def _take_turn(self, connection: ClientConnection) -> str:
        """Read until the turn is over, or nothing more is to be expected of it; return what ended it."""
        turn = self._turn
        seen: object = None
        since = 0.0
        while not turn.over:
            patience = turn.patience
            if seen != (patience, turn.heard):  # what is not about a response is no reason to wait longer
                seen, since = (patience, turn.heard), self._monotonic()
            try:
                left = self._exchange.left()
                wait = left if patience is None else min(left, since + patience - self._monotonic())
                event = self._receive(connection, max(0.0, wait))
            except (TimeoutError, ConnectionClosed) as error:
                if patience is None:
                    raise
                return "the time is over" if isinstance(error, TimeoutError) else f"closed {_code(error) or 1006}"
            turn.read(event)
        return ""

    def _wait_for(self, connection: ClientConnection, kind: str) -> None:
        until = self._monotonic() + PREPARED_WITHIN
        with contextlib.suppress(TimeoutError):
            while self._prepared(connection, min(until - self._monotonic(), self._exchange.left())).get("type") != kind:
                continue
            return
        raise self._failure(f"no {kind} in time")

    def _acknowledged(self, connection: ClientConnection) -> None:
        """Wait until the service has taken the items, so that a refused one is known before anything is billed."""
        until = self._monotonic() + ACKNOWLEDGED_WITHIN
        taken: set[str] = set()
        with contextlib.suppress(TimeoutError):
            while len(taken) < len(self._items):
                event = self._prepared(connection, min(until - self._monotonic(), self._exchange.left()))
                item = event.get("item")
                if str(event.get("type")).startswith("conversation.item.") and isinstance(item, dict):
                    taken.add(str(item.get("id")))

    def _prepared(self, connection: ClientConnection, timeout: float) -> dict[str, Any]:
        """Read an event of the preparations, where any error ends the turn: nothing has happened yet."""
        event = self._receive(connection, timeout)
        if event.get("type") == "error":
            complaint = Complaint.read(event)
            kind = Unavailable if complaint.kind is OutcomeUnknown else complaint.kind
            if kind is Rejected and not self._of_the_message:  # what was refused so far are our settings
                kind = Forbidden
            raise complaint.as_error(kind, self.trace, before="before response.create: ")
        self._turn.before(event)
        return event

    def _receive(self, connection: ClientConnection, timeout: float) -> dict[str, Any]:
        frame = connection.recv(timeout, decode=False)
        self._read += len(frame)
        if self._read > MAX_STREAM:
            raise self._failure(f"more than {MAX_STREAM} bytes")
        return parse_object(frame) or {}

    def meaning_of(self, error: Exception) -> APIError:
        """Say what a failure on the way means."""
        if isinstance(error, Refused):
            return self._refusal(error.response)
        if isinstance(error, ConnectionClosed):
            return self._closed(_code(error))
        return self._failure("the time is over" if isinstance(error, TimeoutError) else type(error).__name__)

    def _closed(self, code: int | None) -> APIError:
        if code in _CLOSES and not self._asked:
            return _CLOSES[code](f"closed {code} before response.create", self.trace)
        return self._failure(f"closed {code or 1006}")

    def _failure(self, what: str) -> APIError:
        if self._asked:
            return self._turn.error(self.trace, what)
        return Unavailable(f"before response.create: {what}", self.trace)

    def _refusal(self, response: Response) -> APIError:
        """Say what a refused handshake means: it carries settings alone, nothing of the message."""
        headers = _lower(response)
        trace = trace_of(headers, self.trace.client_request_id, response.status_code)
        answer = Answer(response.status_code, headers, bytes(response.body or b""), "", trace, self._now)
        error = error_of(answer, idempotent=True)
        if error is None or isinstance(error, OutcomeUnknown):
            return Unavailable(f"before response.create: HTTP {answer.status} to the handshake", trace)
        if isinstance(error, Rejected):
            return Forbidden(f"{error.detail} to the handshake", trace, fingerprint=error.fingerprint)
        return error


def _code(closed: ConnectionClosed) -> int | None:
    close = closed.rcvd or closed.sent
    return close.code if close else None


def _frame(api: API, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "event_id": api.new_id(), **fields}


def _lower(response: Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.raw_items()}


def _session(context: RealtimeContext | None) -> dict[str, Any]:
    """Build the session's fields: the caller's, and no turn detection unless the caller asks for it.

    No sound goes into this session, and a response that the service begins by itself would be in the way of ours.
    """
    session = {"type": "realtime", **((context.session if context else None) or {})}
    audio = session.get("audio", {})
    heard = audio.get("input", {}) if isinstance(audio, Mapping) else None
    if "turn_detection" in session or not isinstance(heard, Mapping) or "turn_detection" in heard:
        return session
    return {**session, "audio": {**audio, "input": {**heard, "turn_detection": None}}}
