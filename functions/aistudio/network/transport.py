"""httpx's transport over sockets that keep a deadline and know whether anything was sent.

httpx is pinned; httpx2 and httpcore2 take the place of httpx and httpcore by renaming the imports.
"""

import contextlib
import logging
import ssl
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import httpcore
import httpx

from aistudio.network.connections import Connections
from aistudio.network.deadline import Exchange
from aistudio.network.sockets import Dialer

# At DEBUG httpcore logs every request with the answer's headers. The logs here promise to hold no content.
logging.getLogger(httpcore.__name__).setLevel(logging.WARNING)

_SCHEMES = (b"http", b"https")


class DeadlineTransport(httpx.BaseTransport):
    """Sends requests that carry an `Exchange` as the extension `exchange`, over connections that are kept.

    `kept` is the most that are open (`Connections`). Nothing is retried, no redirect is followed, and no proxy of the
    environment is used.
    """

    def __init__(self, tls: ssl.SSLContext, dialer: Dialer, kept: int = 20) -> None:
        self._connections = Connections(tls, dialer, kept)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request.

        Raises:
            httpx.TransportError: the subclass that httpx's own transport would raise.
        """
        exchange: Exchange = request.extensions["exchange"]
        exchange.sent = False
        url = request.url
        try:
            wait = exchange.left()
        except TimeoutError as error:
            raise httpx.PoolTimeout(str(error)) from error
        sent = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": {"connect": exchange, "read": exchange, "write": exchange}},
        )
        if sent.url.scheme not in _SCHEMES:
            raise httpx.UnsupportedProtocol("neither http nor https")
        with _as_httpx():
            connection = self._connections.take(sent.url.origin, wait)
            try:
                response = connection.handle_request(sent)
            except BaseException:
                self._connections.give_back(connection)
                raise
        body = _Body(response, partial(self._connections.give_back, connection))
        if not exchange.received:  # it was left over from the call before
            body.close()
            raise httpx.RemoteProtocolError("an answer that came before its request")
        return httpx.Response(response.status, headers=response.headers, stream=body)

    def drop_idle(self) -> None:
        """Close the connections that no call is using."""
        self._connections.close_idle()

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()


class _Body(httpx.SyncByteStream):
    """A body that raises httpx's errors in place of httpcore's, and calls `closed` once, when it is closed."""

    def __init__(self, response: httpcore.Response, closed: Callable[[], None]) -> None:
        self._response = response
        self._closed: Callable[[], None] | None = closed

    def __iter__(self) -> Iterator[bytes]:
        stream = self._response.stream
        with _as_httpx():
            yield from stream if isinstance(stream, Iterable) else ()

    def close(self) -> None:
        closed, self._closed = self._closed, None
        if closed is None:
            return
        try:
            with _as_httpx():
                self._response.close()
        finally:
            closed()


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    """Raise httpx's error in place of httpcore's error of the same name."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
