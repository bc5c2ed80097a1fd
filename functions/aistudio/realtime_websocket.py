"""response.create as the service runs it: a WebSocket session of one turn.

Until the response.create frame is written nothing has happened; from then on, until our response.done, nobody knows.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.http11 import Response
from websockets.protocol import State
from websockets.sync.client import ClientConnection

from aistudio.answers import MAX_BODY, Answer, Reply, read_answer, trace_of
from aistudio.api import API, encode
from aistudio.bodies import parse_object
from aistudio.errors import APIError, OutcomeUnknown, Rejected, Trace, Unavailable
from aistudio.network import Flight
from aistudio.realtime_connection import Refused, connected
from aistudio.realtime_events import RealtimeResult, Turn, meaning_of_error

MAX_TURN = 4 * MAX_BODY  # bytes of all frames together: eight minutes of speech, and a session lives for five
ACKNOWLEDGED_WITHIN = 2.0  # seconds; nothing promises that every item is acknowledged


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
    flight = Flight(api.monotonic() + timeout, api.monotonic)
    session = _Session(api, event, context, flight)
    result: RealtimeResult | None = None
    failure: APIError | None = None
    try:
        with connected(api, session.headers, flight) as connection:
            result = session.run(connection)
    except (Refused, WebSocketException, OSError) as error:
        failure = session.meaning_of(error)
    if result is None:  # out here, so that what a library's error may quote is not chained to ours
        raise failure or OutcomeUnknown("the session ended without a result", session.trace)
    return result  # also where only the closing failed


class _Session:
    """The steps of one turn, and how far they got."""

    def __init__(self, api: API, event: Mapping[str, Any], context: RealtimeContext | None, flight: Flight) -> None:
        request_id = api.new_id()
        self.headers = api.headers(request_id)
        self.trace = Trace(request_id)
        self._flight = flight
        self._monotonic = api.monotonic
        self._now = api.now()
        self._asked = False
        self._read = 0
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
        self._flight.left()
        if connection.state is not State.OPEN:
            raise self._closed(connection.close_code)
        self._asked = True
        connection.send(self._ask, text=True)
        while not self._turn.over:
            self._turn.read(self._receive(connection, self._flight.left()))
        return self._turn.result("websocket", self.trace)

    def _wait_for(self, connection: ClientConnection, kind: str) -> None:
        while self._prepared(connection, self._flight.left()).get("type") != kind:
            continue

    def _acknowledged(self, connection: ClientConnection) -> None:
        """Wait until the service has taken the items, so that a refused one is known before anything is billed."""
        until = self._monotonic() + ACKNOWLEDGED_WITHIN
        taken: set[str] = set()
        with contextlib.suppress(TimeoutError):
            while len(taken) < len(self._items):
                event = self._prepared(connection, min(until - self._monotonic(), self._flight.left()))
                item = event.get("item")
                if str(event.get("type")).startswith("conversation.item.") and isinstance(item, dict):
                    taken.add(str(item.get("id")))

    def _prepared(self, connection: ClientConnection, timeout: float) -> dict[str, Any]:
        """Read an event of the preparations, where any error ends the turn: nothing has happened yet."""
        event = self._receive(connection, timeout)
        if event.get("type") == "error":
            known, detail, _ = meaning_of_error(event)
            raise (Unavailable if known is OutcomeUnknown else known)(f"before response.create: {detail}", self.trace)
        return event

    def _receive(self, connection: ClientConnection, timeout: float) -> dict[str, Any]:
        frame = connection.recv(timeout, decode=False)
        self._read += len(frame)
        if self._read > MAX_TURN:
            raise self._failure(f"more than {MAX_TURN} bytes")
        return parse_object(frame) or {}

    def meaning_of(self, error: Exception) -> APIError:
        """Say what a failure on the way means."""
        if isinstance(error, Refused):
            return self._refusal(error.response)
        if isinstance(error, ConnectionClosed):
            close = error.rcvd or error.sent
            return self._closed(close.code if close else None)
        return self._failure("the time is over" if isinstance(error, TimeoutError) else type(error).__name__)

    def _closed(self, code: int | None) -> APIError:
        if code == 1008 and not self._asked:  # seen for a model URI that the service doesn't take
            return Rejected("closed 1008 before response.create", self.trace)
        return self._failure(f"closed {code or 1006}")

    def _failure(self, what: str) -> APIError:
        if self._asked:
            return OutcomeUnknown(f"response.create sent, then {what}", self.trace)
        return Unavailable(f"before response.create: {what}", self.trace)

    def _refusal(self, response: Response) -> APIError:
        answer = Answer(response.status_code, _lower(response), bytes(response.body))
        meaning = read_answer(
            answer, method="GET", idempotent=True, client_request_id=self.trace.client_request_id, now=self._now
        )
        if isinstance(meaning, Reply | OutcomeUnknown):
            return Unavailable(f"before response.create: HTTP {answer.status} to the handshake", meaning.trace)
        return meaning


def _frame(api: API, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "event_id": api.new_id(), **fields}


def _lower(response: Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.raw_items()}


def _session(context: RealtimeContext | None) -> dict[str, Any]:
    """Build the session's fields: the caller's, and no turn detection unless the caller asks for it.

    Nobody speaks into this session, and a response that the service begins by itself would be in the way of ours.
    """
    session = {"type": "realtime", **((context.session if context else None) or {})}
    audio = session.get("audio", {})
    heard = audio.get("input", {}) if isinstance(audio, Mapping) else None
    if "turn_detection" in session or not isinstance(heard, Mapping) or "turn_detection" in heard:
        return session
    return {**session, "audio": {**audio, "input": {**heard, "turn_detection": None}}}
