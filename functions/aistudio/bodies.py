"""Error bodies: the shapes that the API and what stands before it are known to answer with.

{code, message, param, type} at the top (documented), the same inside {"error": {…}} (OpenAI's convention), RFC 7807's
{type?, title, status, detail}, and a gRPC gateway's {code: int, message, details} or {"error": {grpcCode, …}}.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from aistudio.errors import Fingerprint

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_IDENTIFIERS = ("code", "type", "grpcCode", "httpCode", "status")  # in the order in which they are told

_GRPC_NOT_FOUND = 5


def parse_object(body: bytes | str) -> dict[str, Any] | None:
    """Read a JSON object; None for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):  # RecursionError: brackets nested a thousand deep
        return None
    return value if isinstance(value, dict) else None


def error_body(body: bytes | None) -> Mapping[str, Any] | None:
    """Find the error object in a body; None where the body is not an error of the API.

    That difference carries weight: a 404 proves absence only if the API itself said it, and load balancers, web
    servers and gateways answer 404 as well, for a path that they don't know.
    """
    value = parse_object(body) if body else None
    if value is None:
        return None
    wrapped = value.get("error")
    if isinstance(wrapped, dict):
        return wrapped if _has_message(wrapped, "type", "code", "grpcCode", "httpCode") else None
    if _has_message(value, "type"):
        return value
    if _has_message(value, "code") and value["code"] == _GRPC_NOT_FOUND:
        # A gRPC gateway's own answer for a route that it doesn't have: nobody looked for the resource.
        return None if value["message"] == "Not Found" else value
    if isinstance(value.get("title"), str) and isinstance(value.get("detail"), str) and "status" in value:
        return value
    return None


def identifiers(error: Mapping[str, Any] | None) -> str:
    """Name an error by its identifiers alone: `code=not_found type=invalid_request_error`, or nothing.

    The API's message is never told: it can quote the request. What doesn't look like an identifier isn't one.
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
    """Make what two errors are compared by. Digests, since a param names a part of the request, in the user's words."""
    told = error or {}
    kind, code, param = (_digest(told.get(name)) for name in ("type", "code", "param"))
    return status, kind, code, param


def _digest(value: object) -> str | None:
    if not isinstance(value, str | int):
        return None
    return hashlib.sha256(str(value).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _has_message(value: Mapping[str, Any], *names: str) -> bool:
    return isinstance(value.get("message"), str) and any(isinstance(value.get(name), str | int) for name in names)
