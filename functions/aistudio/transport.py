"""httpx's transport on sockets that keep to the call's deadline and can tell whether anything was sent."""

import ssl
from collections.abc import Iterator
from types import TracebackType

import httpcore
import httpx

from aistudio.network import DeadlineBackend, Flight, Flights

# An instance that is put to sleep between invocations loses its sockets without being told: don't keep them long.
KEEPALIVE = 5.0


class DeadlineTransport(httpx.HTTPTransport):
    """A connection pool for requests that carry a `Flight` as the extension `flight`.

    At most `kept` connections are open, are kept for a short while, and are waited for where all are in use; with 0
    every request opens one of its own, and there is no limit to these.
    Nothing is retried here, and a proxy that the environment names is not used.
    """

    def __init__(self, tls: ssl.SSLContext, kept: int = 20) -> None:
        super().__init__(verify=tls)
        self._flights = Flights()
        # httpx 0.28 makes its pool itself and has no argument for the network under it.
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=kept or None,
            max_keepalive_connections=kept,
            keepalive_expiry=KEEPALIVE,
            network_backend=DeadlineBackend(self._flights),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the answer's body has to be read in the same thread.

        Raises:
            httpx.TransportError: of the kind that httpx's own transport would raise.
        """
        flight: Flight = request.extensions["flight"]
        flight.sent = False
        try:
            wait = flight.left()
        except TimeoutError as error:
            raise httpx.PoolTimeout(str(error)) from error
        request.extensions = {**request.extensions, "timeout": {"pool": wait}}
        with _Boarded(self._flights, flight):
            response = super().handle_request(request)
            if not flight.received:  # left over from the call before: it can't be about this one
                response.close()
                raise httpx.RemoteProtocolError("an answer that was there before its request")
        if isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Body(response.stream, self._flights, flight)
        return response


class _Boarded:
    """The thread is in this flight while the block runs, and afterwards in the one before."""

    def __init__(self, flights: Flights, flight: Flight) -> None:
        self._flights = flights
        self._flight = flight

    def __enter__(self) -> None:
        self._before, self._flights.current = self._flights.current, self._flight

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._flights.current = self._before


class _Body(httpx.SyncByteStream):
    """A body whose reads keep to the flight's deadline."""

    def __init__(self, inner: httpx.SyncByteStream, flights: Flights, flight: Flight) -> None:
        self._inner = inner
        self._boarded = _Boarded(flights, flight)

    def __iter__(self) -> Iterator[bytes]:
        chunks = iter(self._inner)
        while True:
            with self._boarded:
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk

    def close(self) -> None:
        with self._boarded:
            self._inner.close()
