"""Make one HTTP call to AI Studio, with one deadline. What its answer means: `aistudio.answers`."""

import json
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import httpx

from aistudio.answers import Answer, Failure
from aistudio.config import Config, is_token
from aistudio.exceptions import Rejected, Trace, Unauthorized
from aistudio.exchange import send
from aistudio.network.connecting import Dialer
from aistudio.network.deadline import Exchange
from aistudio.network.request import Request
from aistudio.network.transport import DeadlineTransport

USER_AGENT = "aistudio-functions"

_AWAKE = 1.0
"""Seconds without a call, after which the instance may have slept."""


def _uuid() -> str:
    return str(uuid.uuid4())


@cache
def _authorities() -> ssl.SSLContext:
    """Load the certificates that come with httpx, against which the service's own is checked.

    Kept for the life of the process, because loading takes long.
    """
    return httpx.create_ssl_context(trust_env=False)


class API:
    """Calls AI Studio's REST API for one folder. One object serves all threads of an instance.

    `token` returns the current IAM token; it is called for every request, unless the config has an API key.
    `new_id` returns request ids. `transport` replaces the network. `connections` are kept open at most. `monotonic`
    and `now` are clocks in seconds.
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
        self.config = config
        self._base = httpx.URL(config.base_url)
        _ = self._base.host  # an impossible host name fails here, not in the middle of a batch
        self.new_id = new_id
        self.monotonic = monotonic
        self._token = token
        self.now = now
        self._ended = now()
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
        """Make one call and return what came back. It ends within `timeout` seconds, whatever the other side does.

        An idempotent call whose connection broke before an answer is repeated once, at once, on a fresh connection.
        `path` is appended to the base URL unchanged; `path_segment` encodes the ids in it. `enough` reads a stream: it
        gets each piece of the body as it comes, and returns True to end the reading. The answer keeps only the
        beginning of a stream of events.

        Raises Unauthorized: the token is unusable; nothing was sent.
        Raises Rejected: the body can't be written as JSON; nothing was sent.
        """
        deadline = self.monotonic() + timeout
        content = None if body is None else encode(body)

        def exchange(transport: httpx.BaseTransport) -> tuple[Answer | Failure, bool]:
            request_id = self.new_id()
            headers = self.headers(request_id) | {"Accept": accept, "Accept-Encoding": "identity"}
            if content is not None:
                headers["Content-Type"] = "application/json"
            exchange = Exchange(deadline, self.monotonic)
            request = Request(method, self._base, path, headers, content, exchange)
            return send(transport, request, exchange, enough, Trace(request_id), self.now)

        # A connection that was idle may be dead without a sign, and what was sent into it may have arrived or not:
        # a call that must not repeat doesn't take that chance.
        outcome, broke = exchange(self._transport if idempotent else self._fresh)
        if broke and idempotent and self.monotonic() < deadline:
            before = outcome
            outcome, _ = exchange(self._fresh)
            if isinstance(outcome, Failure) and isinstance(before, Failure):
                outcome = replace(outcome, sent=before.sent or outcome.sent)
        self._ended = self.now()
        return outcome

    def drop_idle(self) -> None:
        """Close the idle connections, where the last call ended a while ago. Call it at the beginning of an invocation.

        While an instance sleeps between invocations its connections may break without a sign. One that goes on at once
        keeps them: to connect takes as long as to call.
        """
        slept = not 0 <= self.now() - self._ended < _AWAKE
        if slept and isinstance(self._transport, DeadlineTransport):
            self._transport.drop_idle()

    def headers(self, request_id: str) -> dict[str, str]:
        """Build the headers of every request, over HTTP and in a WebSocket's handshake.

        Raises Unauthorized: the token is unusable.
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
    """Write a value as JSON that any parser reads: ASCII, no NaN.

    Raises Rejected: the value has no JSON form; nothing was sent.
    """
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, TypeError, RecursionError):
        detail = "nothing was sent: the body is not JSON"
    raise Rejected(detail)  # out here, so that the content that JSON's error quotes is not chained to it
