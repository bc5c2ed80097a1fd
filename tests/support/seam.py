"""Faults on the wire of a boto3 client: the requests are real, what becomes of them is armed beforehand.

An action takes the place of one request: it may send it, keep it, answer it, or end the process.
"""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, NamedTuple

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import URLLib3Session


class Crash(BaseException):
    """The process is killed here: nothing of ours may catch it."""


Send = Callable[[AWSPreparedRequest], AWSResponse]
Action = Callable[[AWSPreparedRequest, Send], "AWSResponse | None"]


class Asked(NamedTuple):
    """One request: its operation and its document."""

    operation: str
    document: dict[str, Any]


class Seam:
    """The wire of one client, which no longer retries by itself: one fault is one answer.

    `seen` lists what was sent or meant to be sent, oldest first.
    """

    def __init__(self, client: Any) -> None:
        self._session = URLLib3Session(timeout=5)
        self._armed: dict[str, deque[Action]] = defaultdict(deque)
        self.seen: list[Asked] = []
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")
        client.meta.events.register("before-send", self._before_send)

    def arm(self, operation: str, *actions: Action) -> None:
        """Let these become of the operation's next requests, one each."""
        self._armed[operation].extend(actions)

    def reset(self) -> None:
        """Disarm, and forget what was seen."""
        self._armed.clear()
        self.seen.clear()

    def close(self) -> None:
        """Close the connections that actions used."""
        self._session.close()

    def operations(self) -> list[str]:
        """The operations seen, oldest first."""
        return [asked.operation for asked in self.seen]

    @property
    def unused(self) -> list[str]:
        """Operations with actions that never came about."""
        return [operation for operation, actions in self._armed.items() if actions]

    def _before_send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        self.seen.append(Asked(operation, _body(request)))
        actions = self._armed[operation]
        return actions.popleft()(request, self._session.send) if actions else None


def passes(_: AWSPreparedRequest, __: Send) -> None:
    """Nothing special."""


def refused(request: AWSPreparedRequest, _: Send) -> AWSResponse:
    """Nobody listens: the request is not applied."""
    raise EndpointConnectionError(endpoint_url=request.url)


def unseen(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    """The request is applied, its answer is lost."""
    send(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def killed_before(_: AWSPreparedRequest, __: Send) -> AWSResponse:
    """The process ends before the request leaves."""
    raise Crash


def killed_after(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    """The process ends when the request was applied."""
    send(request)
    raise Crash


def says(document: Any) -> Action:
    """The service, or whoever stands before it, answers with success and this document, and applies nothing."""

    def action(request: AWSPreparedRequest, _: Send) -> AWSResponse:
        return _answer(request, document)

    return action


def says_bytes(content: bytes) -> Action:
    """The same with a body that need not be JSON."""

    def action(request: AWSPreparedRequest, _: Send) -> AWSResponse:
        return AWSResponse(request.url, 200, HTTPHeaders(), Raw(content))

    return action


def fails(code: str, status: int = 400) -> Action:
    """The service answers with this error, and applies nothing."""

    def action(request: AWSPreparedRequest, _: Send) -> AWSResponse:
        return _answer(request, {"__type": code, "message": "made up"}, status)

    return action


throttled = fails("ThrottlingException")


class Late:
    """An action that times out, and applies its request only when told to."""

    def __init__(self) -> None:
        self._waiting: list[tuple[AWSPreparedRequest, Send]] = []

    def __call__(self, request: AWSPreparedRequest, send: Send) -> AWSResponse:
        """Keep the request."""
        self._waiting.append((request, send))
        raise ReadTimeoutError(endpoint_url=request.url)

    def arrive(self) -> list[int]:
        """Apply what was kept; the statuses of the answers that nobody reads."""
        return [send(request).status_code for request, send in self._waiting]


def after(event: Callable[[], object]) -> Action:
    """Something else happens first, then the request is sent as usual."""

    def action(_: AWSPreparedRequest, __: Send) -> None:
        event()

    return action


def entry_refused(*positions: int) -> Action:
    """SendMessageBatch: the queue takes all entries but these."""

    def action(request: AWSPreparedRequest, send: Send) -> AWSResponse:
        asked = _body(request)
        entries = asked["Entries"]
        bad = [entries[position]["Id"] for position in positions]
        asked["Entries"] = [entry for entry in entries if entry["Id"] not in bad]
        answer: dict[str, Any] = {"Successful": []}
        if asked["Entries"]:
            answer = json.loads(send(_with_body(request, asked)).content)
        failed = [{"Id": name, "Code": "InternalError", "SenderFault": False} for name in bad]
        return _answer(request, {**answer, "Failed": failed})

    return action


def half_unprocessed(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    """BatchGetItem: the second half of the keys is left for another request."""
    asked = _body(request)
    ((table, wanted),) = asked["RequestItems"].items()
    keys = wanted["Keys"]
    asked["RequestItems"] = {table: {**wanted, "Keys": keys[: len(keys) // 2]}}
    answer = json.loads(send(_with_body(request, asked)).content)
    rest = keys[len(keys) // 2 :]
    return _answer(request, {**answer, "UnprocessedKeys": {table: {**wanted, "Keys": rest}}})


def cancelled(*codes: str) -> Action:
    """TransactWriteItems is cancelled for these reasons, one for each write ("None" where its record had nothing against it)."""

    def action(request: AWSPreparedRequest, _: Send) -> AWSResponse:
        reasons = [{"Code": code} for code in codes]
        return _answer(request, {"__type": "TransactionCanceledException", "CancellationReasons": reasons}, 400)

    return action


class Raw:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


def _answer(request: AWSPreparedRequest, document: Any, status: int = 200) -> AWSResponse:
    return AWSResponse(request.url, status, HTTPHeaders(), Raw(json.dumps(document).encode()))


def _body(request: AWSPreparedRequest) -> dict[str, Any]:
    asked: dict[str, Any] = json.loads(request.body if isinstance(request.body, str | bytes) else "{}")
    return asked


def _with_body(request: AWSPreparedRequest, document: dict[str, Any]) -> AWSPreparedRequest:
    body = json.dumps(document).encode()
    headers = copy(request.headers)
    del headers["Content-Length"]
    return AWSPreparedRequest(request.method, request.url, headers, body, stream_output=False)
