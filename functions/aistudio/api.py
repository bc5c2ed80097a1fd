"""One HTTP call to AI Studio: headers, one deadline, a bounded answer, and what the answer means."""

import json
import logging
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import httpx

from aistudio.answers import MAX_BODY, Answer, Failure, Reply, read_answer
from aistudio.config import Config, is_token
from aistudio.errors import APIError, Rejected, Trace, Unauthorized
from aistudio.network import Flight
from aistudio.transport import DeadlineTransport

USER_AGENT = "aistudio-functions"

# httpcore tells of every request at DEBUG, answers' headers included: not into logs that promise to hold no content.
logging.getLogger("httpcore").setLevel(logging.WARNING)

# What httpx raises before a request can have left, for transports that don't keep a Flight.
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
        self._transport = transport or DeadlineTransport(self.tls, connections)
        self._fresh = transport or DeadlineTransport(self.tls, kept=0)

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
        resource: str | None = None,
        accept: str = "application/json",
        enough: Callable[[bytes], bool] | None = None,
    ) -> Reply:
        """Make one call, over in `timeout` seconds whatever the other side does.

        An idempotent call whose connection broke before an answer is made once more at once, on a connection of its
        own. `path` is appended to the base URL as it is (ids in it: `path_segment`); `resource` is the id that the
        call deletes or looks for; `enough` sees the body's pieces as they come and may end the reading.

        Raises:
            APIError: one of its subclasses, for everything that is not a usable 2xx (or absence, for a `resource`).
        """
        deadline = self.monotonic() + timeout
        content = None if body is None else encode(body)

        def exchange(transport: httpx.BaseTransport) -> tuple[str, Answer | Failure, bool]:
            request_id = self.new_id()
            headers = self.headers(request_id) | {"Accept": accept, "Accept-Encoding": "identity"}
            if content is not None:
                headers["Content-Type"] = "application/json"
            flight = Flight(deadline, self.monotonic)
            url = self.config.base_url.rstrip("/") + path
            request = httpx.Request(method, url, headers=headers, content=content, extensions={"flight": flight})
            return request_id, *_send(transport, request, flight, enough)

        # A connection that was idle may be dead without a sign, and what was sent into it may have arrived or not:
        # a call that must not repeat doesn't take that chance.
        request_id, outcome, broke = exchange(self._transport if idempotent else self._fresh)
        if broke and idempotent and self.monotonic() < deadline:
            before = outcome
            request_id, outcome, _ = exchange(self._fresh)
            if isinstance(outcome, Failure) and isinstance(before, Failure):
                outcome = Failure(sent=before.sent or outcome.sent, what=outcome.what)
        meaning = read_answer(
            outcome,
            method=method,
            idempotent=idempotent,
            resource=resource,
            client_request_id=request_id,
            now=self.now(),
        )
        if isinstance(meaning, APIError):
            raise meaning
        return meaning

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
    transport: httpx.BaseTransport, request: httpx.Request, flight: Flight, enough: Callable[[bytes], bool] | None
) -> tuple[Answer | Failure, bool]:
    """Make one physical request. The second value: did the connection break before a status line?"""
    try:
        response = transport.handle_request(request)
    except httpx.TransportError as error:
        sent = flight.sent if flight.sent is not None else not isinstance(error, _NOTHING_SENT)
        broke = isinstance(error, _BROKE) and not isinstance(error, httpx.ConnectError)
        return Failure(sent, type(error).__name__), broke
    try:
        body = _read(response, enough)
    except httpx.TransportError:
        body = None
    finally:
        response.close()
    return Answer(response.status_code, dict(response.headers), body), False


def _read(response: httpx.Response, enough: Callable[[bytes], bool] | None) -> bytes | None:
    """Read a body to its end or its bound (then None); a redirect or a cookie is never followed or kept."""
    stream = response.stream
    if not isinstance(stream, httpx.SyncByteStream):
        return None
    body = bytearray()
    for chunk in stream:
        body += chunk
        if len(body) > MAX_BODY:
            return None
        if enough is not None and enough(chunk):
            break
    return bytes(body)
