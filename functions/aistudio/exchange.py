"""Send one physical request through a transport, and read its answer up to a bound."""

import contextlib
import zlib
from collections.abc import Callable, Mapping

import httpx

from aistudio.answers import MAX_BODY, MAX_STREAM, Answer, Failure, trace_of
from aistudio.exceptions import Trace
from aistudio.network.deadline import Exchange
from aistudio.network.encodings import decoder

BEGINNING = 65_536
"""Bytes of a stream that the answer keeps: enough for an error's body."""

# What httpx raises before any byte of a request can have left, for transports that don't keep an Exchange.
_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.ProxyError,
)
_BROKE = (httpx.NetworkError, httpx.RemoteProtocolError)


def send(
    transport: httpx.BaseTransport,
    request: httpx.Request,
    exchange: Exchange,
    enough: Callable[[bytes], bool] | None,
    trace: Trace,
    now: Callable[[], float],
) -> tuple[Answer | Failure, bool]:
    """Send one request. The second value returned says whether the connection broke before a status line."""
    try:
        response = transport.handle_request(request)
    except httpx.TransportError as error:
        sent = exchange.sent if exchange.sent is not None else not isinstance(error, _NOTHING_SENT)
        broke = isinstance(error, _BROKE) and not isinstance(error, httpx.ConnectError)
        return Failure(sent, type(error).__name__, trace), broke
    headers = dict(response.headers)
    try:
        body, cut = _read(response.stream, headers, enough)
    finally:
        with contextlib.suppress(httpx.TransportError):
            response.close()
    trace = trace_of(headers, trace.client_request_id, response.status_code)
    return Answer(response.status_code, headers, body, cut, trace, now()), False


def _read(stream: object, headers: Mapping[str, str], enough: Callable[[bytes], bool] | None) -> tuple[bytes, str]:
    """Read a body to its end or its bound. The second value says why it is not whole; it is empty where it is."""
    decode = decoder(headers.get("content-encoding", ""))
    if decode is None or not isinstance(stream, httpx.SyncByteStream):
        return b"", "in an encoding that was not asked for"
    kind = headers.get("content-type", "").lower()
    bound = MAX_BODY if enough is None or "json" in kind else MAX_STREAM
    kept = BEGINNING if enough is not None and "event-stream" in kind else MAX_BODY
    body, length = bytearray(), 0
    try:
        for chunk in stream:
            piece = decode.feed(chunk, bound + 1 - length)
            length += len(piece)
            body += piece[: max(0, kept - len(body))]
            if enough is not None and enough(piece):
                return bytes(body), ""
            if length > bound:
                return bytes(body), f"longer than {bound} bytes"
    except httpx.TimeoutException:
        return bytes(body), "not there in time"
    except httpx.TransportError as error:
        return bytes(body), f"broken off: {type(error).__name__}"
    except zlib.error:
        return bytes(body), "compressed in a way that can not be read"
    return bytes(body), "" if decode.whole or not length else "broken off while compressed"
