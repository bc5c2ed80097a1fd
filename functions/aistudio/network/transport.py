"""httpx's transport over http.client, on connections that keep a deadline and know whether anything was sent.

httpx is pinned; httpx2 takes its place by renaming the imports.
"""

import http.client
import ssl
from collections.abc import Callable, Iterator
from functools import partial

import httpx

from aistudio.network.connecting import Dialer
from aistudio.network.connection import Connection
from aistudio.network.deadline import Exchange
from aistudio.network.head import StrictResponse, written
from aistudio.network.pool import Pool
from aistudio.network.request import Request

_PIECE = 64 * 1024


class DeadlineTransport(httpx.BaseTransport):
    """Sends this client's requests, which carry an `Exchange`, over connections that are kept.

    `kept` is the most that are open (`Pool`). Nothing is retried, no redirect is followed, and no proxy of the
    environment is used.
    """

    def __init__(self, tls: ssl.SSLContext, dialer: Dialer, kept: int = 20) -> None:
        tls.set_alpn_protocols(["http/1.1"])
        self._pool = Pool(tls, dialer, kept)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises httpx.TransportError: the subclass that httpx's own transport would raise."""
        exchange: Exchange = request.extensions["exchange"]
        exchange.sent = False
        if not isinstance(request, Request) or request.base.scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol("neither http nor https, or no request of this client")
        try:
            wait = exchange.left()
        except TimeoutError as error:
            raise httpx.PoolTimeout(str(error)) from error
        connection = self._pool.take(request.base, wait)
        give_back = partial(self._pool.give_back, connection)
        try:
            with _CONNECTING:
                connection.begin(exchange)
            _write(connection, request)
            with _READING:
                answer = _answer_on(connection, request.method, exchange)
        except BaseException:
            give_back(usable=False)
            raise
        return httpx.Response(answer.status, headers=answer.fields, stream=_Body(answer, give_back))

    def drop_idle(self) -> None:
        """Close the connections that no call is using."""
        self._pool.close_idle()

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _write(connection: Connection, request: Request) -> None:
    """Write the request. Where the peer hangs up or reads no further, its answer may be there all the same."""
    with _WRITING:
        try:
            whole = written(request)
        except ValueError as error:
            raise httpx.LocalProtocolError("a request that can't be written") from error
        try:
            connection.sendall(whole)
        except TimeoutError:
            raise
        except OSError:
            return


def _answer_on(connection: Connection, method: str, exchange: Exchange) -> StrictResponse:
    """Read the head of the answer."""
    answer = connection.answer(method)
    answer.begin()
    if not exchange.received:  # it was left over from the call before
        raise http.client.HTTPException("an answer that came before its request")
    return answer


class _Body(httpx.SyncByteStream):
    """A body that raises httpx's errors, and gives its connection back once, when it is closed."""

    def __init__(self, answer: StrictResponse, give_back: Callable[..., None]) -> None:
        self._answer = answer
        self._give_back: Callable[..., None] | None = give_back
        self._whole = False

    def __iter__(self) -> Iterator[bytes]:
        with _READING:
            while piece := self._answer.read1(_PIECE):
                yield piece
            if self._answer.length:
                raise http.client.IncompleteRead(b"", self._answer.length)
        self._whole = True

    def close(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back(usable=self._whole and not self._answer.will_close)


class _AsHttpx:
    """A context that raises httpx's error in place of what sockets and http.client raise."""

    def __init__(self, late: type[httpx.TransportError], broken: type[httpx.TransportError]) -> None:
        self._late = late
        self._broken = broken

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        match error:
            case http.client.HTTPException():  # first: some of them are an OSError too
                raise httpx.RemoteProtocolError(type(error).__name__) from error
            case TimeoutError():
                raise self._late(str(error)) from error
            case OSError():  # among them every ssl.SSLError
                raise self._broken(str(error)) from error


_CONNECTING = _AsHttpx(httpx.ConnectTimeout, httpx.ConnectError)
_WRITING = _AsHttpx(httpx.WriteTimeout, httpx.WriteError)
_READING = _AsHttpx(httpx.ReadTimeout, httpx.ReadError)
