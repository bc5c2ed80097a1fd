"""The connections of a client, each used by one request at a time.

httpx's own pool looks at every idle connection, once for each of them, on each request and at its end: with 100
calls at once that is more than half of all computing. Here a request looks at two, however many there are.
"""

import ssl
import threading
import time
from collections import deque

import httpx

from aistudio.network.connecting import Dialer
from aistudio.network.connection import Connection

KEEPALIVE = 5.0
"""Seconds until an idle connection is closed, at the next request."""


class Pool:
    """Connections to any server, those kept open that may be used again.

    At most `kept` are open; where all are in use a request waits for a free connection. With `kept=0` every request
    opens its own connection, without a limit. Threads may share them.
    """

    def __init__(self, tls: ssl.SSLContext, dialer: Dialer, kept: int) -> None:
        self._tls = tls
        self._dialer = dialer
        self._kept = kept
        self._places = threading.BoundedSemaphore(kept) if kept else None
        self._lock = threading.Lock()  # of `_idle`
        # Until when each may be used, and the connection; what was used last is at the right.
        self._idle: deque[tuple[float, Connection]] = deque()
        self._open: set[Connection] = set()

    def take(self, origin: httpx.URL, wait: float) -> Connection:
        """Take the idle connection that was used last, else a new one, which opens itself at its first exchange.

        It has to be given back.

        Raises httpx.PoolTimeout: after `wait` seconds all are still in use.
        """
        if self._places and not self._places.acquire(timeout=wait):
            raise httpx.PoolTimeout("all connections are in use")
        with self._lock:
            if self._idle and self._idle[0][0] < time.monotonic():  # the next one, if there is one, at the next request
                self._close(self._idle.popleft()[1])
            while self._idle:
                until, connection = self._idle.pop()
                if connection.leads_to(origin) and _usable(until, connection):
                    return connection
                self._close(connection)
        new = Connection(origin, self._tls, self._dialer)
        self._open.add(new)
        return new

    def give_back(self, connection: Connection, *, usable: bool) -> None:
        """Keep the connection for a later request where its answer was read to its end, else close it."""
        if self._kept and usable:
            with self._lock:
                self._idle.append((time.monotonic() + KEEPALIVE, connection))
        else:
            self._close(connection)
        if self._places:
            self._places.release()

    def close_idle(self) -> None:
        """Close the connections that no request is using."""
        with self._lock:
            while self._idle:
                self._close(self._idle.pop()[1])

    def close(self) -> None:
        """Close all connections, those in use among them."""
        self.close_idle()
        for connection in list(self._open):
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        self._open.discard(connection)
        connection.close()


def _usable(until: float, connection: Connection) -> bool:
    return time.monotonic() < until and connection.quiet
