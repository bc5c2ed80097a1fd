"""The connections of a client, each used by one request at a time.

httpcore's own pool looks at every idle connection, once for each of them, on each request and at its end: with 100
calls at once that is more than half of all computing. Here a request looks at two, however many there are.
"""

import ssl
import threading
from collections import deque

import httpcore

from aistudio.network.sockets import Dialer
from aistudio.network.stream import DeadlineBackend

KEEPALIVE = 5.0
"""Seconds until an idle connection is closed, at the next request."""


class Connections:
    """Connections to any server, those kept open that may be used again.

    At most `kept` are open; where all are in use a request waits for one. With `kept=0` every request opens its own
    connection, without a limit. Threads may share them.
    """

    def __init__(self, tls: ssl.SSLContext, dialer: Dialer, kept: int) -> None:
        self._tls = tls
        self._backend = DeadlineBackend(dialer)
        self._kept = kept
        self._places = threading.BoundedSemaphore(kept) if kept else None
        self._lock = threading.Lock()  # of `_idle`
        self._idle: deque[httpcore.HTTPConnection] = deque()  # the one that was used last is at the right
        self._open: set[httpcore.HTTPConnection] = set()

    def take(self, origin: httpcore.Origin, wait: float) -> httpcore.HTTPConnection:
        """Take the idle connection that was used last, else a new one, which opens itself at its first request.

        It has to be given back.

        Raises:
            httpcore.PoolTimeout: after `wait` seconds all are still in use.
        """
        if self._places and not self._places.acquire(timeout=wait):
            raise httpcore.PoolTimeout
        with self._lock:
            if self._idle and self._idle[0].has_expired():  # the next one, if there is one, at the next request
                self._close(self._idle.popleft())
            while self._idle:
                connection = self._idle.pop()
                if connection.can_handle_request(origin) and not connection.has_expired():
                    return connection
                self._close(connection)
        new = httpcore.HTTPConnection(origin, self._tls, keepalive_expiry=KEEPALIVE, network_backend=self._backend)
        self._open.add(new)
        return new

    def give_back(self, connection: httpcore.HTTPConnection) -> None:
        """Keep the connection for a later request if it can serve one, else close it."""
        if self._kept and connection.is_available():
            with self._lock:
                self._idle.append(connection)
        else:
            self._close(connection)
        if self._places:
            self._places.release()

    def close_idle(self) -> None:
        """Close the connections that no request is using."""
        with self._lock:
            while self._idle:
                self._close(self._idle.pop())

    def close(self) -> None:
        """Close all connections, those in use among them."""
        self.close_idle()
        for connection in list(self._open):
            self._close(connection)

    def _close(self, connection: httpcore.HTTPConnection) -> None:
        self._open.discard(connection)
        connection.close()
