"""A request to an endpoint, and the answer where its response is not there."""

from dataclasses import dataclass
from typing import Any

from infra.local.studio.state import Call
from infra.local.studio.wire.answers import Answer, error


@dataclass(frozen=True)
class Inquiry:
    """A request, read: its log entry, the id in its path, its query, and its JSON body (None where it is not JSON)."""

    call: Call
    id: str
    query: dict[str, str]
    body: Any


def not_found(response_id: str) -> Answer:
    """The documented 404."""
    message = f"Response with id '{response_id}' not found."
    return error(404, "invalid_request_error", message, "not_found", "response_id")
