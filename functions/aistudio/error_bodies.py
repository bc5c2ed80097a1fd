"""Read error bodies, in the shapes that the API and the gateways before it are known to send.

`{code, message, param, type}` at the top (documented), the same inside `{"error": {…}}` (OpenAI's convention),
RFC 7807's `{type?, title, status, detail}`, and a gRPC gateway's `{code: int, message, details}` or
`{"error": {grpcCode, …}}`. Further shapes are known only well enough not to take them for a success.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from aistudio.exceptions import (
    OF_THE_MESSAGE,
    APIError,
    Fingerprint,
    Forbidden,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unauthorized,
)

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_IDENTIFIERS = ("code", "type", "grpcCode", "httpCode", "status")  # in the order of the detail
_RESPONSES = ("response", "realtime.response")
_SAID = ("message", "title", "detail")

NOT_FOUND = 404
# https://yandex.cloud/en/docs/ai-studio/troubleshooting/error-codes
_GRPC = {3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 11: 400, 12: 501, 13: 500, 14: 503, 16: 401}
_WORDS = {
    "invalid_request_error": 400,
    "invalid_argument": 400,
    "failed_precondition": 400,
    "unauthenticated": 401,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "permission_denied": 403,
    "permission_error": 403,
    "not_found": 404,
    "not_found_error": 404,
    "notfounderror": 404,
    "response_not_found": 404,
    "resource_exhausted": 429,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "internal": 500,
    "server_error": 500,
    "session_expired": 500,  # its type says invalid_request_error
    "unimplemented": 501,
    "unavailable": 503,
    "deadline_exceeded": 504,
}

# The reference's codes of what is wrong with what a response was asked, how Realtime's codes of a conversation's items
# and of its sound begin, and the fields that hold a message's own words or name another object.
# https://yandex.cloud/en/docs/ai-studio/responses/createResponse
_OF_CONTENT = (
    *("invalid_prompt", "invalid_image", "invalid_image_format", "invalid_base64_image", "invalid_image_url"),
    *("image_too_large", "image_too_small", "image_parse_error", "image_content_policy_violation"),
    *("invalid_image_mode", "image_file_too_large", "unsupported_image_media_type", "empty_image_file"),
    *("failed_to_download_image", "image_file_not_found"),
)
_OF_ITEMS = ("item_", "duplicate_item_", "input_audio_buffer_", "response_cancel_")
_OF_ONE = ("input", "item", "item_id", "previous_item_id", "previous_response_id", "conversation", "after")


def parse_object(body: bytes | str) -> dict[str, Any] | None:
    """Read a JSON object. Returns None for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # RecursionError: brackets nested a thousand deep
        return None
    return value if isinstance(value, dict) else None


def error_in(value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the error that a JSON object carries, with whatever status it came; None where it carries none.

    A response object that failed is not an error of the call: its `error` belongs to the response.
    """
    if value is None or value.get("object") in _RESPONSES or isinstance(value.get("output"), list):
        return None
    wrapped = value.get("error")
    if isinstance(wrapped, Mapping):
        return wrapped
    if wrapped or value.get("errors"):  # OAuth's and Spring's {"error": "…"}, JSON:API's and GraphQL's {"errors": […]}
        return value
    code, status, message = value.get("code"), value.get("status"), isinstance(value.get("message"), str)
    documented = message and isinstance(value.get("type"), str)
    grpc = message and isinstance(code, int) and not isinstance(code, bool) and code in _GRPC
    problem = isinstance(status, int) and status >= 400 and any(isinstance(value.get(n), str) for n in _SAID)
    numbered = message and _number(code) >= 400
    said_no = status == "error" or value.get("success") is False or value.get("ok") is False
    return value if documented or grpc or problem or numbered or said_no else None


def status_told(error: Mapping[str, Any]) -> int | None:
    """Return the HTTP status that an error's words stand for, the code before the type; None where none is known."""
    for name in ("httpCode", "code", "grpcCode", "status", "type"):
        value = error.get(name)
        number = _number(value)
        if isinstance(value, str) and value.lower() in _WORDS:
            return _WORDS[value.lower()]
        if 400 <= number < 600:
            return number
        if isinstance(value, int) and number in _GRPC and name != "httpCode":
            return _GRPC[number]
    return None


def class_of(status: int | None, *, idempotent: bool) -> type[APIError]:
    """Return the class of error that an HTTP status stands for. A status of None is an unknown status.

    A gateway's 503 does not say whether the request was passed on. So it counts as throttling only for a call that may
    be repeated.
    """
    if status == 401:
        return Unauthorized
    if status == 403:
        return Forbidden
    if status == 429 or (status == 503 and idempotent):
        return Throttled
    if status is not None and (status == 501 or (300 <= status < 500 and status != 408)):
        return Rejected
    return OutcomeUnknown


def identifiers(error: Mapping[str, Any] | None) -> str:
    """Return an error's identifiers, such as `code=not_found type=invalid_request_error`; empty where it has none.

    The message is left out, since it can quote the request. So is a value with other characters than an identifier has.
    """
    found = []
    for name in _IDENTIFIERS:
        value = (error or {}).get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value) if abs(value) < 10**9 else None
        if isinstance(value, str) and _IDENTIFIER.fullmatch(value):
            found.append(f"{name}={value}")
    return " ".join(found)


def fingerprint_of(status: int | None, error: Mapping[str, Any] | None) -> Fingerprint:
    """Return what two errors are compared by, as digests: a param can quote a user's words.

    An error that names what only its own message asked for is `OF_THE_MESSAGE`, and is not to be compared.
    """
    told = error or {}
    named, field = str(told.get("code")), re.split(r"[.\[]", str(told.get("param")))[0]
    if named in _OF_CONTENT or named.startswith(_OF_ITEMS) or field in _OF_ONE:
        return OF_THE_MESSAGE
    kind, code, param = (_digest(told.get(name)) for name in ("type", "code", "param"))
    return status, kind, code, param


def _digest(value: object) -> str | None:
    if not isinstance(value, str | int):
        return None
    return hashlib.sha256(str(value).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _number(value: object) -> int:
    """Read a code that is an integer, or three digits as text. Returns 0 for anything else."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{3}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
