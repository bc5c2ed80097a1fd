"""Answers before they are sent, and the error shapes of the API."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from infra.local.studio.faults.http import HttpFault
from infra.local.studio.wire.error_shapes import ErrorShape, documented, in_shape
from infra.local.studio.wire.json_text import encoded
from infra.local.studio.wire.stream import EVENT_STREAM, EventStream

JSON = "application/json"
GATEWAY_PAGE = b"<html><head><title>Bad gateway</title></head><body><h1>The service is unavailable</h1></body></html>"


@dataclass(frozen=True)
class Answer:
    """A status, a body and its content type."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    stream: EventStream | None = None  # the body in the pieces in which it is written


def document(value: object, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status, encoded(value), JSON)


def error_body(kind: str, message: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """The documented error: at the top level, not wrapped as OpenAI wraps it."""
    return {"code": code, "message": message, "param": param, "type": kind}


def error(status: int, kind: str, message: str, code: str | None = None, param: str | None = None) -> Answer:
    """An answer with the documented error."""
    return document(error_body(kind, message, code, param), status)


def bad_request(message: str, param: str | None = None) -> Answer:
    """400: the request can't be understood or asks for what is not there."""
    return error(400, "invalid_request_error", message, "invalid_argument", param)


def no_such_path() -> Answer:
    """404 of something in front of the API: no API error in it."""
    return Answer(404, b"404 page not found\n", "text/plain")


def streamed(stream: EventStream) -> Answer:
    """A stream of server-sent events."""
    return Answer(200, b"".join(stream.pieces), EVENT_STREAM, stream=stream)


def spoilt(fault: HttpFault, natural: Answer | None) -> Answer:
    """The answer that the fault makes of the natural one (none where the call took no effect)."""
    if fault.html:
        made = Answer(fault.status or 502, GATEWAY_PAGE, "text/html")
    elif not fault.has_body:
        made = natural if fault.status is None and natural is not None else Answer(fault.status or 200)
        if fault.shape is not None and (fault.status is not None or made.status >= 400):
            made = _reshaped(made, fault.shape)
    elif isinstance(fault.body, str):
        made = Answer(fault.status or 200, fault.body.encode(), "text/plain")
    else:
        made = document(fault.body, fault.status or 200)
    given = {name.lower(): value for name, value in fault.headers.items()}
    content_type = given.pop("content-type", made.content_type)
    return replace(made, content_type=content_type, headers={**made.headers, **given})


def _reshaped(answer: Answer, shape: ErrorShape) -> Answer:
    """The error of this answer in another shape; where it has none, the documented one of its status."""
    natural = json.loads(answer.body) if answer.content_type == JSON else None
    status = answer.status if answer.status >= 400 else 500  # an error that comes with a 2xx
    made = in_shape(shape, status, natural or documented(status))
    return replace(
        document(made, answer.status), content_type="application/problem+json" if shape == "problem" else JSON
    )
