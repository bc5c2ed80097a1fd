"""Realtime: client events on a user event, by HTTP as the API reference has it or by WebSocket as the service runs it.

https://yandex.cloud/en/docs/ai-studio/clientEvents/realtimeResponseCreate
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from aistudio.api import API
from aistudio.exceptions import Rejected, Unavailable
from aistudio.realtime.client_events import KINDS
from aistudio.realtime.http import create_by_post, post_event
from aistudio.realtime.request import Request
from aistudio.realtime.results import RealtimeResult, ScriptResult
from aistudio.realtime.websocket import RealtimeContext, create_by_websocket, run_by_websocket

__all__ = ["KINDS", "Realtime", "RealtimeContext", "RealtimeResult", "Request", "ScriptResult", "check"]

T = TypeVar("T", RealtimeResult, ScriptResult)

_LOGGER = logging.getLogger(__name__)
# What a service answers that does not have the POST: nothing happened. No source tells what this service answers.
_NOT_SERVED = {404, 405, 501}


def check(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Say what is wrong with a function's environment: it has to name a model wherever it may use the WebSocket."""
    if environment.get("REALTIME_TRANSPORT") == "http" or environment.get("REALTIME_MODEL"):
        return {}
    return {"REALTIME_MODEL": "is required by realtime functions over WebSocket"}


class Realtime:
    """Client events, over the transport that the settings choose; one object for an instance's life.

    `auto` posts first and, where the service doesn't serve that, goes by WebSocket from then on. A script, and a
    response.create with context, always go by WebSocket: the POST names no session to put them into.
    """

    def __init__(self, api: API) -> None:
        self._api = api
        self._learning = threading.Lock()
        self._not_served = False

    def create(self, event: Mapping[str, Any], context: RealtimeContext | None, timeout: float) -> RealtimeResult:
        """Ask for a response and wait for its end; never to be repeated without thought.

        `event` is the API's own body, of which `type`, `event_id` and `response` are sent, as they are; `timeout` is
        the seconds the whole call may take. Raises APIError.
        """
        body = {name: event[name] for name in ("type", "event_id", "response") if event.get(name) is not None}
        if context is not None:
            self._need_websocket("context")
        return self._either(
            None if context is not None else lambda: create_by_post(self._api, body, timeout),
            lambda left: create_by_websocket(self._api, body, context, left),
            timeout,
        )

    def send(self, request: Request, timeout: float) -> ScriptResult:
        """Send a client event, or a script of them in one session, and wait for all that answers it.

        Of a script each event waits until the one before it is acknowledged, or its response is over; a response.cancel
        goes out as soon as the response before it has begun. By WebSocket a lone event is alone in its session, which
        ends with it. `timeout` is the seconds that all of it may take. Raises APIError.
        """
        if request.script is not None:
            self._need_websocket("a script")
        events = [event.body() for event in request.script or (request.event,) if event is not None]
        return self._either(
            None if request.script is not None else lambda: post_event(self._api, events[0], timeout),
            lambda left: run_by_websocket(self._api, events, left),
            timeout,
        )

    def _need_websocket(self, what: str) -> None:
        if self._api.config.realtime_transport == "http":
            raise Rejected(f"nothing was sent: {what} needs the WebSocket, and the transport is set to http")

    def _either(self, post: Callable[[], T] | None, session: Callable[[float], T], timeout: float) -> T:
        """Go by POST where there is one and the settings let it, else by a session, in the seconds that are left."""
        api, chosen = self._api, self._api.config.realtime_transport
        deadline = api.monotonic() + timeout
        if post is not None and (chosen == "http" or (chosen == "auto" and not self._not_served)):
            try:
                return post()
            except Rejected as error:
                # A service that knows nothing of the item that the event names does have the POST.
                if chosen == "http" or error.trace.status not in _NOT_SERVED or "code=item_" in error.detail:
                    raise
                self._learn(error.trace.status)
        if not api.config.realtime_url or not api.config.realtime_model:
            raise Unavailable("nothing was sent: no realtime URL or no realtime model is set")
        return replace(session(deadline - api.monotonic()), model=api.config.realtime_model_uri)

    def _learn(self, status: int) -> None:
        with self._learning:
            if not self._not_served:
                self._not_served = True
                _LOGGER.info("client events by POST are answered HTTP %d: by WebSocket from now on", status)
