"""httpx's transport over sockets that keep a deadline and know whether anything was sent.

httpx is pinned; httpx2 and httpcore2 take the place of httpx and httpcore by renaming the imports.
"""

import contextlib
import logging
import ssl
from collections.abc import Iterable, Iterator

import httpcore
import httpx

from aistudio.network.deadline import Exchange
from aistudio.network.sockets import Dialer
from aistudio.network.stream import DeadlineBackend

# At DEBUG httpcore logs every request with the answer's headers. The logs here promise to hold no content.
logging.getLogger(httpcore.__name__).setLevel(logging.WARNING)

KEEPALIVE = 5.0
"""Seconds until an idle connection is closed: the pool looks at each open connection for every request."""


class DeadlineTransport(httpx.BaseTransport):
    """A connection pool for requests that carry an `Exchange` as the extension `exchange`.

    At most `kept` connections are open; where all are in use a request waits for one. With `kept=0` every request opens
    its own connection, without a limit. Nothing is retried, no redirect is followed, and no proxy of the environment is
    used.
    """

    def __init__(self, tls: ssl.SSLContext, dialer: Dialer, kept: int = 20) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=kept or None,
            max_keepalive_connections=kept,
            keepalive_expiry=KEEPALIVE,
            network_backend=DeadlineBackend(dialer),
        )

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
        with _as_httpx():
            response = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions={"timeout": {"pool": wait, "connect": exchange, "read": exchange, "write": exchange}},
                )
            )
        if not exchange.received:  # it was left over from the call before
            response.close()
            raise httpx.RemoteProtocolError("an answer that came before its request")
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def drop_idle(self) -> None:
        """Close the connections that no call is using."""
        for connection in self._pool.connections:
            if connection.is_idle():
                connection.close()

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """A body that raises httpx's errors in place of httpcore's."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        stream = self._response.stream
        with _as_httpx():
            yield from stream if isinstance(stream, Iterable) else ()

    def close(self) -> None:
        with _as_httpx():
            self._response.close()


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
