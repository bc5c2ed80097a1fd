"""Give httpcore sockets whose reads and writes end at the deadline of their exchange.

The exchange travels through httpcore as the timeout value, which httpcore passes on unread.
"""

import contextlib
import select
import socket
import ssl
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore

from aistudio.network.deadline import Exchange
from aistudio.network.sockets import Dialer

_TLS_RECORD = 16 * 1024


class DeadlineStream(httpcore.NetworkStream):
    """A socket under the deadline of the exchange that comes as `timeout`."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._early = b""  # what the peer sent while the request was still being written

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        """Read what has arrived, at most `max_bytes`."""
        exchange = _exchange(timeout)
        with _failing(httpcore.ReadTimeout, httpcore.ReadError):
            self._sock.settimeout(exchange.left())
            data, self._early = self._early[:max_bytes], self._early[max_bytes:]
            data = data or self._sock.recv(max_bytes)
        exchange.received = True
        return data

    def write(self, buffer: bytes, timeout: Any = None) -> None:
        """Write all of it, and record in the exchange that bytes have left.

        Where the peer has answered and reads no further, a WriteError ends the writing; httpcore then reads the answer.
        """
        exchange = _exchange(timeout)
        view = memoryview(buffer)
        with _failing(httpcore.WriteTimeout, httpcore.WriteError):
            self._sock.settimeout(0)
            while view:
                try:
                    # At most one TLS record: the peer can't read a part of a record, so where this raises, nothing was sent.
                    count = self._sock.send(view[:_TLS_RECORD])
                except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    self._wait(exchange)
                    continue
                exchange.sent = True
                view = view[count:]

    def _wait(self, exchange: Exchange) -> None:
        """Wait until the peer takes more.

        Raises:
            TimeoutError: the deadline passed.
            OSError: the peer has answered already.
        """
        poll = select.poll()
        poll.register(self._sock, select.POLLOUT | (select.POLLIN if exchange.sent else 0))
        ready = poll.poll(exchange.left() * 1000)
        if not ready:
            raise TimeoutError("the call's time is over")
        if ready[0][1] & select.POLLOUT:
            return
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            # Without data it was a message of TLS alone, such as a session ticket.
            self._early += self._sock.recv(_TLS_RECORD)
            raise OSError("answered before all was written")

    def close(self) -> None:
        """Close the socket. The pool may close sockets of other threads' calls too, so an error here is dropped."""
        with contextlib.suppress(OSError):
            self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: Any = None
    ) -> httpcore.NetworkStream:
        """Make the TLS handshake. Its bytes do not count as sent."""
        try:
            with _failing(httpcore.ConnectTimeout, httpcore.ConnectError):
                self._sock.settimeout(_exchange(timeout).left())
                return DeadlineStream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname))
        except (httpcore.ConnectTimeout, httpcore.ConnectError):
            self.close()
            raise

    def get_extra_info(self, info: str) -> Any:
        """Answer the pool's question whether an idle socket is readable: if it is, the peer has closed it."""
        if info == "is_readable":
            return self._sock.fileno() < 0 or _readable(self._sock)
        if info == "ssl_object" and isinstance(self._sock, ssl.SSLSocket):
            return self._sock
        return None


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections for httpcore's pool through a dialer."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: Any = None,
        local_address: str | None = None,  # noqa: ARG002 - the pool is given no address
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002 - the pool is given no options
    ) -> httpcore.NetworkStream:
        """Open a connection for the pool."""
        with _failing(httpcore.ConnectTimeout, httpcore.ConnectError):
            return DeadlineStream(self._dialer.open(host, port, _exchange(timeout)))


def _exchange(timeout: Any) -> Exchange:
    return timeout if isinstance(timeout, Exchange) else Exchange(deadline=float("inf"))


@contextlib.contextmanager
def _failing(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    """Turn what sockets raise into what httpcore's callers expect."""
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:  # among them every ssl.SSLError
        raise broken(str(error)) from error


def _readable(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
