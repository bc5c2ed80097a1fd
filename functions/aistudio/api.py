"""One HTTP call to AI Studio: headers, one deadline, and a bounded answer. What it means: `aistudio.answers`."""

import contextlib
import json
import ssl
import time
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import httpx

from aistudio.answers import MAX_BODY, Answer, Failure, trace_of
from aistudio.config import Config, is_token
from aistudio.errors import Rejected, Trace, Unauthorized
from aistudio.network.deadline import Exchange
from aistudio.network.encodings import decoder
from aistudio.network.sockets import Dialer
from aistudio.network.transport import DeadlineTransport

MAX_STREAM = 4 * MAX_BODY
"""Bytes of a stream of events: eight minutes of speech, and a session lives for five."""

USER_AGENT = "aistudio-functions"

# What httpx raises before a request can have left, for transports that don't keep an Exchange.
_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.ProxyError,
)
_BROKE = (httpx.NetworkError, httpx.RemoteProtocolError)


def _uuid() -> str:
    return str(uuid.uuid4())


@cache
def _authorities() -> ssl.SSLContext:
    """Make what proves the service's identity, from the certificates that come with httpx: once, as it takes long."""
    return httpx.create_ssl_context(trust_env=False)


class API:
    """AI Studio's REST API for one folder; one object for an instance's life, for all of its threads.

    `token` gives the current IAM token and is asked for every request (unless there is an API key); `new_id` gives
    request ids; `transport` replaces the network, which else keeps at most so many `connections` (httpx's pool looks at
    all of them for each request: above some 20 that takes its time). `monotonic` and `now` are clocks in seconds.
    """

    def __init__(
        self,
        config: Config,
        token: Callable[[], str],
        new_id: Callable[[], str] = _uuid,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        connections: int = 20,
    ) -> None:
        httpx.URL(config.base_url)  # a host that can't be one fails here, not in the middle of a batch
        self.config = config
        self.new_id = new_id
        self.monotonic = monotonic
        self._token = token
        self.now = now
        self.tls = _authorities()
        self.dialer = Dialer()
        self._transport = transport or DeadlineTransport(self.tls, self.dialer, connections)
        self._fresh = transport or DeadlineTransport(self.tls, self.dialer, kept=0)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()
        self._fresh.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        timeout: float,
        idempotent: bool,
        body: Mapping[str, Any] | None = None,
        accept: str = "application/json",
        enough: Callable[[bytes], bool] | None = None,
    ) -> Answer | Failure:
        """Make one call, over in `timeout` seconds whatever the other side does, and return what came back.

        An idempotent call whose connection broke before an answer is made once more at once, on a connection of its
        own. `path` is appended to the base URL as it is (ids in it: `path_segment`). `enough` takes a stream: it sees
        the body's pieces as they come, and may end the reading; of a stream of events the answer keeps the beginning
        alone.

        Raises:
            Unauthorized: when the token can't be one; nothing was sent.
            Rejected: when the body is not JSON; nothing was sent.
        """
        deadline = self.monotonic() + timeout
        content = None if body is None else encode(body)

        def exchange(transport: httpx.BaseTransport) -> tuple[Answer | Failure, bool]:
            request_id = self.new_id()
            headers = self.headers(request_id) | {"Accept": accept, "Accept-Encoding": "identity"}
            if content is not None:
                headers["Content-Type"] = "application/json"
            exchange = Exchange(deadline, self.monotonic)
            url = self.config.base_url.rstrip("/") + path
            request = httpx.Request(method, url, headers=headers, content=content, extensions={"exchange": exchange})
            return _send(transport, request, exchange, enough, Trace(request_id), self.now)

        # A connection that was idle may be dead without a sign, and what was sent into it may have arrived or not:
        # a call that must not repeat doesn't take that chance.
        outcome, broke = exchange(self._transport if idempotent else self._fresh)
        if broke and idempotent and self.monotonic() < deadline:
            before = outcome
            outcome, _ = exchange(self._fresh)
            if isinstance(outcome, Failure) and isinstance(before, Failure):
                outcome = replace(outcome, sent=before.sent or outcome.sent)
        return outcome

    def drop_idle(self) -> None:
        """Close the connections that no call is using; to be called while none is made.

        An instance that sleeps between invocations loses its connections without being told.
        """
        if isinstance(self._transport, DeadlineTransport):
            self._transport.drop_idle()

    def headers(self, request_id: str) -> dict[str, str]:
        """Build what every request carries, over HTTP and in a WebSocket's handshake.

        Raises:
            Unauthorized: when the token can't be one.
        """
        config = self.config
        # "Api-Key" is documented for keys everywhere, "Bearer" with a key for OpenAI's SDK on REST alone.
        scheme, credential = ("Api-Key", config.api_key) if config.api_key else ("Bearer", self._token())
        if not is_token(credential):
            raise Unauthorized("nothing was sent: there is no usable token", Trace(request_id))
        headers = {
            "Authorization": f"{scheme} {credential}",
            "OpenAI-Project": config.folder_id,
            "User-Agent": USER_AGENT,
            "x-client-request-id": request_id,
        }
        if not config.data_logging:
            headers["x-data-logging-enabled"] = "false"
        return headers


def encode(value: Mapping[str, Any]) -> bytes:
    """Write JSON that any parser reads: ASCII, no NaN.

    Raises:
        Rejected: for values that JSON doesn't have; nothing was sent.
    """
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, TypeError, RecursionError):
        detail = "nothing was sent: the body is not JSON"
    raise Rejected(detail)  # out here, so that the content that JSON's error quotes is not chained to it


def _send(
    transport: httpx.BaseTransport,
    request: httpx.Request,
    exchange: Exchange,
    enough: Callable[[bytes], bool] | None,
    trace: Trace,
    now: Callable[[], float],
) -> tuple[Answer | Failure, bool]:
    """Make one physical request. The second value: did the connection break before a status line?"""
    try:
        response = transport.handle_request(request)
    except httpx.TransportError as error:
        sent = exchange.sent if exchange.sent is not None else not isinstance(error, _NOTHING_SENT)
        broke = isinstance(error, _BROKE) and not isinstance(error, httpx.ConnectError)
        return Failure(sent, type(error).__name__, trace), broke
    headers = dict(response.headers)
    try:
        body, cut = _read(response, enough)
    finally:
        with contextlib.suppress(httpx.TransportError):
            response.close()
    trace = trace_of(headers, trace.client_request_id, response.status_code)
    return Answer(response.status_code, headers, body, cut, trace, now()), False


def _read(response: httpx.Response, enough: Callable[[bytes], bool] | None) -> tuple[bytes, str]:
    """Read a body to its end or its bound, and say why it isn't whole where it isn't."""
    decode = decoder(response.headers.get("content-encoding", ""))
    stream = response.stream
    if decode is None or not isinstance(stream, httpx.SyncByteStream):
        return b"", "in an encoding that was not asked for"
    kind = response.headers.get("content-type", "").lower()
    bound = MAX_BODY if enough is None or "json" in kind else MAX_STREAM
    kept = 65_536 if enough is not None and "event-stream" in kind else MAX_BODY
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
