"""The answer reader: one pure function from what came back, or didn't, to what is known.

Status first: nothing in a body is looked at before its status was judged, and a status that says enough on its own
(401, 429, 400) says it whatever became of the body.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from aistudio.bodies import error_body, fingerprint_of, identifiers, parse_object
from aistudio.errors import APIError, Forbidden, OutcomeUnknown, Rejected, Throttled, Trace, Unauthorized, Unavailable

MAX_BODY = 8 * 1024 * 1024
MAX_RETRY_AFTER = 24 * 3600.0

_NUMBER = re.compile(r"[0-9]{1,100}(\.[0-9]{1,9})?")
_ID = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status line and headers that arrived, with lower-case header names; `body` is None where it could not be read
    to its end: too long, broken off, or not there in time.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer came. `sent`: did any byte of the request leave? `what`: a word for it, free of content."""

    sent: bool
    what: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A call that ended well. `absent`: it was about one resource, and the API says that there is none."""

    body: bytes
    content_type: str
    absent: bool
    trace: Trace


def read_answer(
    outcome: Answer | Failure,
    *,
    method: str,
    idempotent: bool,
    resource: str | None = None,
    client_request_id: str = "",
    now: float = 0.0,
) -> Reply | APIError:
    """Say what an answer means: a reply, or the error to raise.

    `resource` is the id that the call deletes or looks for; only there a 404 is an answer to the question.
    `now` is wall time in epoch seconds, for a Retry-After that is a date.
    """
    if isinstance(outcome, Failure):
        trace = Trace(client_request_id)
        if outcome.sent:
            return OutcomeUnknown(f"sent, then no answer: {outcome.what}", trace)
        return Unavailable(f"nothing was sent: {outcome.what}", trace)
    trace = trace_of(outcome.headers, client_request_id, outcome.status)
    if 200 <= outcome.status < 300:
        return _success(outcome, trace, method, resource)
    error = error_body(outcome.body)
    detail = " ".join(filter(None, [f"HTTP {outcome.status}", identifiers(error)]))
    if resource is not None and outcome.status == 404:
        if error is None:
            return OutcomeUnknown(f"{detail} without an API error body: not trusted", trace)
        return Reply(b"", "", absent=True, trace=trace)
    if outcome.status == 401:
        return Unauthorized(detail, trace)
    if outcome.status == 403:
        return Forbidden(detail, trace)
    # After a gateway's 503 nobody knows whether the request was passed on: only a call that may repeat can shrug.
    if outcome.status == 429 or (outcome.status == 503 and idempotent):
        return Throttled(detail, trace, retry_after(outcome.headers, now))
    conflict = outcome.status == 409 and resource is not None
    if outcome.status == 501 or (300 <= outcome.status < 500 and outcome.status != 408 and not conflict):
        return Rejected(detail, trace, fingerprint=fingerprint_of(outcome.status, error))
    return OutcomeUnknown(detail, trace)


def _success(answer: Answer, trace: Trace, method: str, resource: str | None) -> Reply | APIError:
    """Judge a 2xx: the reference shows a deletion answered with no body at all, so none is asked for."""
    if resource is not None and method != "DELETE":  # a GET that asks whether it is there: the status is the answer
        return Reply(b"", "", absent=False, trace=trace)
    if answer.body is None:
        return OutcomeUnknown(f"HTTP {answer.status}, body not readable to its end within {MAX_BODY} bytes", trace)
    if resource is not None and answer.body.strip():
        said = parse_object(answer.body)
        if said is None:
            return OutcomeUnknown(f"HTTP {answer.status}, body is not a JSON object", trace)
        if said.get("deleted", True) is not True:
            return OutcomeUnknown(f"HTTP {answer.status}, but not deleted", trace)
        if said.get("id", resource) != resource:
            return OutcomeUnknown(f"HTTP {answer.status}, but about another id", trace)
    return Reply(answer.body, answer.headers.get("content-type", ""), absent=False, trace=trace)


def trace_of(headers: Mapping[str, str], client_request_id: str, status: int) -> Trace:
    """Collect the ids of one exchange; a server's id that doesn't look like one is dropped."""

    def server_id(name: str) -> str | None:
        value = headers.get(name, "")
        return value if _ID.fullmatch(value) else None

    return Trace(client_request_id, server_id("x-request-id"), server_id("x-server-trace-id"), status)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read `retry-after-ms` or `Retry-After` (seconds or an HTTP date) as seconds from `now`, at most a day.

    None where there is none or it makes no sense: negative, in the past, not a number.
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if _NUMBER.fullmatch(milliseconds):
        return min(float(milliseconds) / 1000, MAX_RETRY_AFTER)
    value = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(value):
        return min(float(value), MAX_RETRY_AFTER)
    try:
        date = parsedate_to_datetime(value)
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(seconds, MAX_RETRY_AFTER) if seconds >= 0 else None
