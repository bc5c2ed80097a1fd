"""The connections of a client, each used by one request at a time.

httpx's own pool looks at every idle connection, once for each of them, on each request and at its end: with 100
calls at once that is more than half of all computing. Here a request looks at two, however many there are.
"""

import ssl
import threading
import time
from collections import deque

import httpx

from aistudio.network.sockets import Dialer
from aistudio.network.wire import Wire

KEEPALIVE = 5.0
"""Seconds until an idle connection is closed, at the next request."""


class Connections:
    """Connections to any server, those kept open that may be used again.

    At most `kept` are open; where all are in use a request waits for one. With `kept=0` every request opens its own
    connection, without a limit. Threads may share them.
    """

    def __init__(self, tls: ssl.SSLContext, dialer: Dialer, kept: int) -> None:
        self._tls = tls
        self._dialer = dialer
        self._kept = kept
        self._places = threading.BoundedSemaphore(kept) if kept else None
        self._lock = threading.Lock()  # of `_idle`
        self._idle: deque[tuple[float, Wire]] = deque()  # the one that was used last is at the right; and until when
        self._open: set[Wire] = set()

    def take(self, origin: httpx.URL, wait: float) -> Wire:
        """Take the idle connection that was used last, else a new one, which opens itself at its first exchange.

        It has to be given back.

        Raises:
            httpx.PoolTimeout: after `wait` seconds all are still in use.
        """
        if self._places and not self._places.acquire(timeout=wait):
            raise httpx.PoolTimeout("all connections are in use")
        with self._lock:
            if self._idle and not _usable(*self._idle[0]):  # the next one, if there is one, at the next request
                self._close(self._idle.popleft()[1])
            while self._idle:
                until, wire = self._idle.pop()
                if wire.leads_to(origin) and _usable(until, wire):
                    return wire
                self._close(wire)
        new = Wire(origin, self._tls, self._dialer)
        self._open.add(new)
        return new

    def give_back(self, wire: Wire, *, usable: bool) -> None:
        """Keep the connection for a later request where its answer was read to its end, else close it."""
        if self._kept and usable:
            with self._lock:
                self._idle.append((time.monotonic() + KEEPALIVE, wire))
        else:
            self._close(wire)
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
        for wire in list(self._open):
            self._close(wire)

    def _close(self, wire: Wire) -> None:
        self._open.discard(wire)
        wire.close()


def _usable(until: float, wire: Wire) -> bool:
    return time.monotonic() < until and wire.quiet
