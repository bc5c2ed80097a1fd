"""Decide what an answer, or a missing answer, says about the world. Knows no endpoint.

The class of an error follows from what the answer says: a 2xx that carries an error is that error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from pydantic_core import from_json

from aistudio.error_bodies import class_of, error_in, fingerprint_of, identifiers, parse_object, status_told
from aistudio.exceptions import APIError, OutcomeUnknown, Throttled, Trace, Unavailable

MAX_BODY = 8 * 1024 * 1024
"""Bytes of an answer."""

MAX_STREAM = 4 * MAX_BODY
"""Bytes of a stream of events: eight minutes of speech, and a session lives for five."""

MAX_RETRY_AFTER = 24 * 3600.0

_NUMBER = re.compile(r"[0-9]{1,100}(\.[0-9]{1,9})?")
_ID = re.compile(r"[!-~]{1,128}")
_RESPONSE_ID = re.compile(r"[!-~]{1,512}")


@dataclass(frozen=True)
class Answer:
    """What arrived: status, headers with lower-case names, and the decoded body.

    `cut` says why the body is not whole; it is empty where it is. `received` is the time of arrival in epoch seconds,
    for a Retry-After that is a date.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: str = ""
    trace: Trace = field(default_factory=Trace)
    received: float = 0.0

    @cached_property
    def said(self) -> dict[str, Any] | None:
        """The body as a JSON object; None where it is none. It is read once, however many ask for it."""
        return parse_object(self.body)

    @property
    def content_type(self) -> str:
        """The media type, in lower case and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer came. `sent` says whether any byte of the request left; `what` names the failure, without content."""

    sent: bool
    what: str
    trace: Trace = field(default_factory=Trace)


def success(outcome: Answer | Failure, *, idempotent: bool) -> Answer:
    """Return the answer where it says that the call was done.

    Raises APIError: a subclass of it, for every other answer and where none came.
    """
    error = error_of(outcome, idempotent=idempotent)
    if error is None and isinstance(outcome, Answer):
        return outcome
    raise error or OutcomeUnknown("no answer")


def error_of(outcome: Answer | Failure, *, idempotent: bool) -> APIError | None:
    """Return the error that an answer, or a missing answer, stands for; None for a whole 2xx without an error."""
    if isinstance(outcome, Failure):
        if outcome.sent:
            return OutcomeUnknown(f"sent, then no answer: {outcome.what}", outcome.trace)
        return Unavailable(f"nothing was sent: {outcome.what}", outcome.trace)
    value = None if outcome.cut else outcome.said
    error = error_in(value)
    status: int | None = outcome.status
    if 200 <= outcome.status < 300:
        if outcome.cut:
            return OutcomeUnknown(f"HTTP {status}, body {outcome.cut}", outcome.trace, response_id=learned_id(outcome))
        if error is None and outcome.content_type != "application/problem+json":
            return None
        status = None if error is None else status_told(error)
    told = error if error is not None else value
    detail = " ".join(filter(None, [f"HTTP {outcome.status}", identifiers(told)]))
    kind = class_of(status, idempotent=idempotent)
    fingerprint = fingerprint_of(outcome.status, told)
    if kind is Throttled:
        wait = retry_after(outcome.headers, outcome.received)
        return Throttled(detail, outcome.trace, wait, fingerprint=fingerprint)
    return kind(detail, outcome.trace, fingerprint=fingerprint)


def learned_id(answer: Answer) -> str | None:
    """Return the response's id from a body, whole or not: a response that was billed can be looked up by it."""
    try:
        value = from_json(answer.body, allow_partial=True)
    except ValueError:
        return None
    told = value.get("response", value) if isinstance(value, dict) else None
    named = told.get("id") if isinstance(told, dict) else None
    return named if isinstance(named, str) and _RESPONSE_ID.fullmatch(named) else None


def trace_of(headers: Mapping[str, str], client_request_id: str, status: int) -> Trace:
    """Collect the ids of one exchange. A server's id with other characters than an id has is dropped."""

    def server_id(name: str) -> str | None:
        value = headers.get(name, "")
        return value if _ID.fullmatch(value) else None

    return Trace(client_request_id, server_id("x-request-id"), server_id("x-server-trace-id"), status)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Read `retry-after-ms` or `Retry-After` (seconds or an HTTP date) as seconds from `now`, at most a day.

    Returns None where neither header is there or makes sense: negative, in the past, not a number.
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
