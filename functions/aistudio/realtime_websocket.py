"""response.create as the service runs it: a WebSocket session of one turn.

Until the response.create frame is written nothing has happened; from then on, until our response.done, nobody knows.
"""

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Response
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect

from aistudio.answers import MAX_BODY, Answer, read_answer, trace_of
from aistudio.api import API, encode
from aistudio.bodies import parse_object
from aistudio.config import Config
from aistudio.errors import APIError, OutcomeUnknown, Rejected, Trace, Unavailable
from aistudio.network import Flight, open_socket
from aistudio.realtime_events import RealtimeResult, Turn, meaning_of_error

MAX_TURN = 4 * MAX_BODY  # of all frames together: eight minutes of speech; a session lives for five
ACKNOWLEDGED_WITHIN = 2.0  # seconds; the reference doesn't promise that every item is acknowledged
CLOSED_WITHIN = 1.0  # seconds; the result is there already, and waiting is billed

_LOGGER = logging.getLogger("aistudio.websocket")
_LOGGER.setLevel(logging.WARNING)  # at DEBUG the library logs handshakes, credentials included, and frames


class RealtimeContext(Protocol):
    """What a turn begins with: settings for session.update, and items for conversation.item.create, in order."""

    @property
    def session(self) -> Mapping[str, Any] | None:
        """Fields of the API's session object."""

    @property
    def items(self) -> Sequence[Mapping[str, Any]] | None:
        """Items of the conversation."""


class _Refused(Exception):
    """The handshake was answered with something other than 101. Of its own class: InvalidStatus would be followed."""

    def __init__(self, response: Response) -> None:
        super().__init__("the handshake was refused")
        self.response = response


class _Connection(ClientConnection):
    """A connection that follows no redirect: credentials go to the configured service alone."""

    def handshake(self, *args: Any, **kwargs: Any) -> None:
        refused: Response | None = None
        try:
            super().handshake(*args, **kwargs)
        except InvalidStatus as error:
            refused = error.response
        if refused is not None:
            raise _Refused(refused)


def create_by_websocket(
    api: API, event: Mapping[str, Any], context: RealtimeContext | None, timeout: float
) -> RealtimeResult:
    """Open a session, set it up, ask for a response, read to its end and close.

    Raises:
        APIError: one of its subclasses.
    """
    request_id = api.new_id()
    headers = api.headers(request_id)
    # Encoded first: what can't be sent must not be found out half-way.
    turn_event = {**event, "event_id": event.get("event_id") or api.new_id()}
    frames = [encode(frame) for frame in _preparations(api, context)]
    session = _Session(Trace(request_id), Flight(api.monotonic() + timeout, api.monotonic))
    result: RealtimeResult | None = None
    failure: APIError | None = None
    try:
        with _open(api, headers, session.flight) as socket_:
            session.greet(socket_)
            session.prepare(frames)
            session.ask(turn_event)
            result = session.listen()
    except (_Refused, WebSocketException, OSError) as error:
        failure = session.meaning_of(error)
    # Out here, so that what a library's error may quote is not chained to it. A close that fails changes no result.
    if result is None:
        raise failure or OutcomeUnknown("the session ended without a result", session.trace)
    return result


class _Session:
    """One turn's steps, and how far they got."""

    def __init__(self, trace: Trace, flight: Flight) -> None:
        self.trace = trace
        self.flight = flight
        self._asked = False
        self._read = 0
