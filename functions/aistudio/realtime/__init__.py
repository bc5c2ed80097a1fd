"""Realtime: a response on a user event, by HTTP as the API reference has it or by WebSocket as the service runs it.

https://yandex.cloud/en/docs/ai-studio/clientEvents/realtimeResponseCreate
"""

import logging
import threading
from collections.abc import Mapping
from typing import Any

from aistudio.api import API
from aistudio.errors import Rejected, Unavailable
from aistudio.realtime.http import create_by_post
from aistudio.realtime.turn import RealtimeResult
from aistudio.realtime.websocket import RealtimeContext, create_by_websocket

__all__ = ["Realtime", "RealtimeContext", "RealtimeResult"]

_LOGGER = logging.getLogger(__name__)
# What a service answers that does not have the POST: nothing happened. No source tells what this service answers.
_NOT_SERVED = {404, 405, 501}


class Realtime:
    """response.create, over the transport that the settings choose; one object for an instance's life.

    `auto` posts first and, where the service doesn't serve that, goes by WebSocket from then on. A message with
    context always goes by WebSocket: the POST names no session to put it into.
    """

    def __init__(self, api: API) -> None:
        self._api = api
        self._learning = threading.Lock()
        self._not_served = False

    def create(self, event: Mapping[str, Any], context: RealtimeContext | None, timeout: float) -> RealtimeResult:
        """Ask for a response and wait for its end; never to be repeated without thought.

        `event` is the API's own body, of which `type`, `event_id` and `response` are sent, as they are; `timeout` is
        the seconds the whole call may take.

        Raises:
            APIError: one of its subclasses.
        """
        api, chosen = self._api, self._api.config.realtime_transport
        deadline = api.monotonic() + timeout
        body = {name: event[name] for name in ("type", "event_id", "response") if event.get(name) is not None}
        if chosen == "http" and context is not None:
            raise Rejected("nothing was sent: context needs the WebSocket, and the transport is set to http")
        if chosen == "http" or (chosen == "auto" and context is None and not self._not_served):
            try:
                return create_by_post(api, body, timeout)
            except Rejected as error:
                if chosen == "http" or error.trace.status not in _NOT_SERVED:
                    raise
                self._learn(error.trace.status)
        if not api.config.realtime_url or not api.config.realtime_model:
            raise Unavailable("nothing was sent: no realtime URL or no realtime model is set")
        return create_by_websocket(api, body, context, deadline - api.monotonic())

    def _learn(self, status: int) -> None:
        with self._learning:
            if not self._not_served:
                self._not_served = True
                _LOGGER.info("response.create by POST is answered HTTP %d: by WebSocket from now on", status)
