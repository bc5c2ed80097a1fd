"""A connection whose reads and writes end at the deadline of the exchange on it; http.client takes it for a socket."""

import contextlib
import http.client
import io
import re
import select
import socket
import ssl

import httpx

from aistudio.network.connecting import Dialer
from aistudio.network.deadline import Exchange
from aistudio.network.head import StrictResponse

_TLS_RECORD = 16 * 1024

_LINE = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\0\r\n]*"  # a trailer
    rb"|[0-9A-Fa-f]{1,16}[ \t]*(;[^\0\r\n]*)?"  # a chunk's size
    rb"|)\r?\n"
)
"""The lines before and behind chunks (RFC 9112). Python's int() would take "-5" for a chunk's size."""


class Connection:
    """A connection, which opens itself for its first exchange. One exchange at a time uses it."""

    def __init__(self, origin: httpx.URL, tls: ssl.SSLContext, dialer: Dialer) -> None:
        self._origin = origin
        self._tls = tls
        self._dialer = dialer
        self._sock: _Socket | None = None

    def begin(self, exchange: Exchange) -> None:
        """Take the exchange's deadline, and connect where that is still to be done. No byte of it counts as sent.

        Raises TimeoutError: the deadline passed.
        Raises OSError: there is no connection to be had.
        """
        if self._sock is None:
            sock = self._dialer.open(self._origin.host, _port(self._origin), exchange)
            if self._origin.scheme == "https":
                sock = self._shake_hands(sock, exchange)
            self._sock = _Socket(sock, exchange)
            self._reader = _Lines(self._sock)
        self._sock.exchange = exchange

    def _shake_hands(self, sock: socket.socket, exchange: Exchange) -> socket.socket:
        try:
            sock.settimeout(exchange.left())
            return self._tls.wrap_socket(sock, server_hostname=self._origin.host)
        except BaseException:
            sock.close()
            raise

    def leads_to(self, origin: httpx.URL) -> bool:
        """Return whether it is a connection to this scheme, host and port."""
        mine = self._origin
        return (mine.scheme, mine.host, _port(mine)) == (origin.scheme, origin.host, _port(origin))

    @property
    def quiet(self) -> bool:
        """Whether the last request was written whole, and nothing came behind its answer, not even an end."""
        sock = self._sock
        if sock is None or not sock.written or sock.readable_now():
            return False
        sock.paused = True
        try:
            return not self._reader.peek()
        finally:
            sock.paused = False

    def sendall(self, data: bytes) -> None:
        """Write all of it. Raises OSError where the peer has answered and reads no further."""
        if self._sock is None:
            raise OSError("not connected")
        self._sock.sendall(data)

    def answer(self, method: str) -> StrictResponse:
        """Return the answer to come, to be read."""
        return StrictResponse(self, self._reader, method)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what answers are read from (http.client calls it): one for all, which keeps what was read too far."""
        return self._reader

    def close(self) -> None:
        """Close the socket. Other threads' connections are closed too, so an error here is dropped."""
        if self._sock is not None:
            self._sock.shut()


class _Socket(io.RawIOBase):
    """A socket under the deadline of `exchange`."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._sock = sock
        self._early = b""  # what the peer sent while the request was still being written
        self.exchange = exchange
        self.written = True  # the last request, to its end: a peer takes what comes next for the rest of it
        self.paused = False  # the reader shows what it has, and asks for nothing

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]  # BufferedReader gives it nothing else
        """Read what has arrived."""
        if self.paused:
            return None
        self._sock.settimeout(self.exchange.left())
        if self._early:
            count = min(len(buffer), len(self._early))
            buffer[:count], self._early = self._early[:count], self._early[count:]
        else:
            count = self._sock.recv_into(buffer)
        self.exchange.received = True
        return count

    def sendall(self, data: bytes) -> None:
        """Write all of it, and record in the exchange that bytes have left."""
        view, self.written = memoryview(data), False
        self._sock.settimeout(0)
        while view:
            try:
                # At most one TLS record: the peer can't read a part of one, so where this raises nothing was sent.
                count = self._sock.send(view[:_TLS_RECORD])
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                self._wait()
                continue
            self.exchange.sent = True
            view = view[count:]
        self.written = True

    def _wait(self) -> None:
        """Wait until the peer takes more.

        Raises TimeoutError: the deadline passed.
        Raises OSError: the peer has answered already.
        """
        poll = select.poll()
        poll.register(self._sock, select.POLLOUT | (select.POLLIN if self.exchange.sent else 0))
        ready = poll.poll(self.exchange.left() * 1000)
        if not ready:
            raise TimeoutError("the call's time is over")
        if ready[0][1] & select.POLLOUT:
            return
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            # Without data it was a message of TLS alone, such as a session ticket.
            self._early += self._sock.recv(_TLS_RECORD)
            raise OSError("answered before all was written")

    def readable_now(self) -> bool:
        """Return whether a read would return at once, with data or with the end."""
        decrypted = isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()
        if self._sock.fileno() < 0 or self._early or decrypted:
            return True
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))

    def shut(self) -> None:
        """Close the socket, whatever becomes of the answer on it."""
        with contextlib.suppress(OSError):
            self._sock.close()


class _Lines(io.BufferedReader):
    """A reader that outlives each answer. It refuses lines that http.client would read with more forbearance."""

    def readline(self, size: int | None = -1) -> bytes:
        """Read a line before or behind a chunk. Those of heads are read by `StrictResponse`.

        Raises http.client.HTTPException: the line is cut off, which http.client takes for whole, or malformed.
        """
        line = super().readline(size)
        if len(line) != size and not _LINE.fullmatch(line):  # http.client says that it is too long
            raise http.client.HTTPException("a line that is cut off, or none of HTTP")
        return line

    def read(self, size: int | None = -1) -> bytes:
        """Read the end of a chunk: http.client reads everything else by other ways, and does not look at this.

        Raises http.client.HTTPException: something else stands there.
        """
        end = super().read(size)
        if not b"\r\n".startswith(end):
            raise http.client.HTTPException("a chunk that is longer than it says")
        return end

    def close(self) -> None:
        """Do nothing: http.client closes it at the end of each answer."""


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
