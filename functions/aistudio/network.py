"""Sockets under one deadline a call: name lookup, connect, TLS, every write and every read share it.

A timeout for each read can be outlived for ever by a peer that sends a byte at a time; a deadline can't.
"""

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

_TLS_RECORD = 16 * 1024

CONNECT = 5.0
"""Seconds that one address may take to accept: an unreachable one must leave time for the next."""


@dataclass(slots=True)
class Flight:
    """One physical request: when it must be over, on `monotonic`'s scale, and what has passed over the wire for it.

    `sent` (has any of the request left?) is None until a transport that can tell has taken it.
    """

    deadline: float
    monotonic: Callable[[], float] = time.monotonic
    sent: bool | None = None
    received: bool = False

    def left(self) -> float:
        """Return the seconds left, always more than zero.

        Raises:
            TimeoutError: when there are none.
        """
        seconds = self.deadline - self.monotonic()
        if seconds <= 0:
            raise TimeoutError("the call's time is over")
        return seconds


class Flights(threading.local):
    """The flight that the current thread is in: a pooled connection serves many, one after another."""

    current: Flight | None = None

    def left(self, failure: type[httpcore.TimeoutException]) -> float | None:
        """Return the seconds left to the current flight (None: no flight, no deadline), or raise `failure`."""
        try:
            return self.current.left() if self.current else None
        except TimeoutError as error:
            raise failure(str(error)) from error


def open_socket(host: str, port: int, flight: Flight) -> socket.socket:
    """Connect by TCP to the first address that answers.

    Raises:
        TimeoutError: when the deadline passes, in whichever step.
        OSError: when the name has no address, or none accepts.
    """
    failure = OSError("the name has no address")
    for family, kind, protocol, _, address in _resolve(host, port, flight):
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:  # a family that this host does not have
            failure = error
            continue
        try:
            sock.settimeout(min(flight.left(), CONNECT))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _resolve(host: str, port: int, flight: Flight) -> list[Any]:
    """Look a name up in a thread of its own: the system's resolver knows no timeout."""
    found: list[Any] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failed.append(error)
        except UnicodeError:  # a label that no name can have
            failed.append(OSError("not a host name"))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(flight.left())
    if thread.is_alive():
        raise TimeoutError("the name lookup took too long")
    if failed:
        raise failed[0]
    return found


class DeadlineStream(httpcore.NetworkStream):
    """A socket whose reads and writes end with the flight of the thread that makes them.

    httpcore's own timeouts, one for each operation, are not looked at.
    """

    def __init__(self, sock: socket.socket, flights: Flights) -> None:
        self._sock = sock
        self._flights = flights

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - see the class
        """Read what there is."""
        left = self._flights.left(httpcore.ReadTimeout)
        try:
            self._sock.settimeout(left)
            data = self._sock.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        if self._flights.current is not None:
            self._flights.current.received = True
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - see the class
        """Write all of it, and note when the first bytes of the flight are out of our hands."""
        view = memoryview(buffer)
        while view:
            left = self._flights.left(httpcore.WriteTimeout)
            try:
                self._sock.settimeout(left)
                # At most one TLS record: nobody can read a part of one, so where this raises, nothing was sent by it.
                count = self._sock.send(view[:_TLS_RECORD])
            except TimeoutError as error:
                raise httpcore.WriteTimeout(str(error)) from error
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error
            if self._flights.current is not None:
                self._flights.current.sent = True
            view = view[count:]

    def close(self) -> None:
        """Close the socket; the pool closes those of other threads' calls too, which must not fail by it."""
        with contextlib.suppress(OSError):
            self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - see the class
    ) -> httpcore.NetworkStream:
        """Shake hands; the handshake's bytes are not the request's."""
        left = self._flights.left(httpcore.ConnectTimeout)
        try:
            self._sock.settimeout(left)
            return DeadlineStream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname), self._flights)
        except TimeoutError as error:
            self.close()
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:  # among them every ssl.SSLError
            self.close()
            raise httpcore.ConnectError(str(error)) from error

    def get_extra_info(self, info: str) -> Any:
        """Answer what httpcore's pool asks: is there something to read on an idle socket (then the peer closed it)?"""
        if info == "is_readable":
            return self._sock.fileno() < 0 or _readable(self._sock)
        if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket):
            return self._sock
        return None


class DeadlineBackend(httpcore.NetworkBackend):
    """httpcore's way to the network, under the deadline of the thread's flight."""

    def __init__(self, flights: Flights) -> None:
        self._flights = flights

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the flight's deadline holds instead
        local_address: str | None = None,  # noqa: ARG002 - the pool is never given one
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - the pool is never given any
    ) -> httpcore.NetworkStream:
        """Open a connection for the pool."""
        flight = self._flights.current or Flight(deadline=float("inf"))
        try:
            return DeadlineStream(open_socket(host, port, flight), self._flights)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error


def _readable(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
