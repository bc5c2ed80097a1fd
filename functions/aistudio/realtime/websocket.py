"""Client events as the service takes them: a WebSocket session, opened for one script and closed behind it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.http11 import Response

from aistudio.answers import Answer, error_of, trace_of
from aistudio.api import API
from aistudio.exceptions import APIError, Forbidden, OutcomeUnknown, Rejected, Trace, Unavailable
from aistudio.network.deadline import Exchange
from aistudio.realtime.client_events import ITEM_CREATE, SESSION_UPDATE
from aistudio.realtime.frames import TooMuch, Wire, close_code
from aistudio.realtime.opening import Refused, connected
from aistudio.realtime.results import RealtimeResult, ScriptResult
from aistudio.realtime.script import Script
from aistudio.realtime.steps import steps_of


class RealtimeContext(Protocol):
    """What a turn begins with: fields for session.update, and items for conversation.item.create, in order."""

    @property
    def session(self) -> Mapping[str, Any] | None: ...  # noqa: D102 - see the class

    @property
    def items(self) -> Sequence[Mapping[str, Any]]: ...  # noqa: D102 - see the class


def create_by_websocket(
    api: API, event: Mapping[str, Any], context: RealtimeContext | None, timeout: float
) -> RealtimeResult:
    """Run the short form of a script: set the session up, put the items into it, and ask for one response.

    Raises APIError: one of its subclasses; OutcomeUnknown only once the response.create frame may have left.
    """
    session = context.session if context else None
    update = [{"type": SESSION_UPDATE, "session": session}] if session else []
    items = [{"type": ITEM_CREATE, "item": item} for item in (context.items if context else ())]
    result = run_by_websocket(api, [*update, *items, event], timeout, given=context is not None)
    if result.ended_by is not None:
        raise result.ended_by
    return result.responses[0]


def run_by_websocket(
    api: API, events: Sequence[Mapping[str, Any]], timeout: float, *, given: bool = False
) -> ScriptResult:
    """Open a session, send the client events in order, read to the end of the last one, and close.

    `given`: the session carries something of the message's from its beginning.

    Raises APIError: one of its subclasses; OutcomeUnknown only once a frame may have left that is billed.
    """
    exchange = Exchange(api.monotonic() + timeout, api.monotonic)
    request_id = api.new_id()
    headers = api.headers(request_id)
    # Encoded before anything is opened: what JSON can't carry must not be found out half-way.
    script = Script(steps_of(api, events), given=given)
    script.trace = Trace(request_id)
    failure: APIError | None = None
    done = False
    try:
        with connected(api, headers, exchange) as connection:
            if connection.response is not None:
                script.trace = trace_of(_lower(connection.response), request_id, 101)
            script.run(Wire(connection, exchange))
            done = True
    except (Refused, WebSocketException, TooMuch, OSError) as error:
        failure = None if done else _meaning(error, script, api)  # where only the closing failed, nothing did
    except APIError as error:
        failure = error
    return script.result(failure)  # out here, so that what a library's error may quote is not chained to ours


def _meaning(error: Exception, script: Script, api: API) -> APIError:
    """Say what a failure on the way means."""
    if isinstance(error, Refused):
        return _refusal(error.response, script.trace.client_request_id, api.now())
    if isinstance(error, ConnectionClosed):
        return script.closed(close_code(error))
    if isinstance(error, TooMuch):
        return script.failure(str(error))
    return script.failure("the time is over" if isinstance(error, TimeoutError) else type(error).__name__)


def _refusal(response: Response, request_id: str, now: float) -> APIError:
    """Say what a refused handshake means: it carries settings alone, nothing of the message."""
    headers = _lower(response)
    trace = trace_of(headers, request_id, response.status_code)
    answer = Answer(response.status_code, headers, bytes(response.body or b""), "", trace, now)
    error = error_of(answer, idempotent=True)
    if error is None or isinstance(error, OutcomeUnknown):
        return Unavailable(f"nothing was asked: HTTP {answer.status} to the handshake", trace)
    if isinstance(error, Rejected):
        return Forbidden(f"{error.detail} to the handshake", trace, fingerprint=error.fingerprint)
    return error


def _lower(response: Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.raw_items()}
