"""The WebSocket under a Realtime session: one deadline, no redirects, no compression, no pings, bounded frames."""

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from websockets.exceptions import InvalidStatus
from websockets.http11 import Response
from websockets.sync.client import ClientConnection, connect

from aistudio.answers import MAX_BODY
from aistudio.api import API
from aistudio.network.deadline import Exchange

CLOSED_WITHIN = 1.0
"""Seconds for closing: the result is there by then, and waiting is billed."""

PREPARED_WITHIN = 10.0
"""Seconds that each step of the preparations may take: a session that is not there by then will not come."""

_LOGGER = logging.getLogger("aistudio.websocket")
_LOGGER.setLevel(logging.WARNING)  # at DEBUG the library tells of handshakes, credentials included, and of frames


class Refused(Exception):
    """The handshake was answered, but not with 101. A class of its own: the library would follow its InvalidStatus."""

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
            raise Refused(refused)


@contextlib.contextmanager
def connected(api: API, headers: Mapping[str, str], exchange: Exchange) -> Iterator[ClientConnection]:
    """Open a WebSocket that is cut when the exchange's time is over, whatever it is doing then.

    Raises Refused: when the handshake is answered by anything but 101.
    Raises OSError: when there is no connection, no thread for it, or no answer in time.
    Raises websockets.exceptions.WebSocketException: when the answer is no handshake.
    """
    config = api.config
    parts = urlsplit(config.realtime_url)
    secure = parts.scheme == "wss"
    sock = api.dialer.open(parts.hostname or "", parts.port or (443 if secure else 80), exchange)
    sock.settimeout(None)  # the library blocks on it; the watchdog below ends that
    with contextlib.closing(sock), contextlib.ExitStack() as when_closed, contextlib.ExitStack() as while_open:
        try:
            connection = while_open.enter_context(
                connect(
                    f"{config.realtime_url}?model={quote(config.realtime_model_uri, safe='')}",
                    sock=sock,
                    ssl=api.tls if secure else None,
                    compression=None,  # a small frame can't become a large one
                    additional_headers=headers,
                    user_agent_header=None,
                    proxy=None,
                    open_timeout=min(exchange.left(), PREPARED_WITHIN),
                    ping_interval=None,  # pings unanswered in a busy session have cut connections; a turn is short
                    close_timeout=CLOSED_WITHIN,
                    max_size=MAX_BODY,
                    logger=_LOGGER,
                    create_connection=_Connection,
                )
            )
            watchdog = threading.Timer(exchange.left(), _cut, (connection,))
            watchdog.daemon = True
            watchdog.start()
        except RuntimeError as error:
            raise OSError("no thread can be started") from error
        when_closed.callback(watchdog.cancel)  # closing waits for a thread that may itself be stuck writing
        yield connection


def _cut(connection: ClientConnection) -> None:
    with contextlib.suppress(OSError):
        # Of the plain socket: TLS's own shutdown would drop its state under the threads that read and write.
        socket.socket.shutdown(connection.socket, socket.SHUT_RDWR)
