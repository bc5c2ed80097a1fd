"""The shapes in which errors may come: the documented one, and those that the same services are known to use.

`flat` is documented; `wrapped` is OpenAI's; `problem` was seen live; `grpc` and `grpc_wrapped` are what gRPC gateways
of that cloud answer elsewhere.
"""

from http.client import responses
from typing import Any, Literal

ErrorShape = Literal["flat", "wrapped", "problem", "grpc", "grpc_wrapped"]

# Per status: type and code of the documented shape, and the gRPC code that the service's table of errors names.
_MEANINGS: dict[int, tuple[str, str, int]] = {
    400: ("invalid_request_error", "invalid_argument", 3),
    401: ("authentication_error", "unauthenticated", 16),
    403: ("permission_error", "permission_denied", 7),
    404: ("invalid_request_error", "not_found", 5),
    409: ("conflict_error", "aborted", 10),
    429: ("rate_limit_error", "resource_exhausted", 8),
    500: ("server_error", "internal", 13),
    501: ("server_error", "unimplemented", 12),
    503: ("server_error", "unavailable", 14),
    504: ("server_error", "deadline_exceeded", 4),
}
_UNKNOWN = ("server_error", "unknown", 2)


def documented(status: int) -> dict[str, Any]:
    """The documented error of this status, as it stands at the top level of a body."""
    kind, code, _ = _MEANINGS.get(status, _UNKNOWN)
    return {"code": code, "message": _title(status), "param": None, "type": kind}


def in_shape(shape: ErrorShape, status: int, error: dict[str, Any]) -> dict[str, Any]:
    """The body that says this documented error in another shape."""
    number = _MEANINGS.get(status, _UNKNOWN)[2]
    message = error["message"]
    if shape == "wrapped":
        return {"error": error}
    if shape == "problem":
        return {"type": "about:blank", "title": _title(status), "status": status, "detail": message}
    if shape == "grpc":
        return {"code": number, "message": message, "details": []}
    if shape == "grpc_wrapped":
        http = {"httpCode": status, "httpStatus": _title(status)}
        return {"error": {"grpcCode": number, **http, "message": message, "details": []}}
    return error


def _title(status: int) -> str:
    return responses.get(status, "Error")
