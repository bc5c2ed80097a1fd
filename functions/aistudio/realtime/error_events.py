"""What an `error` event of a Realtime session means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aistudio.error_bodies import class_of, fingerprint_of, identifiers, status_told
from aistudio.exceptions import APIError, Forbidden, Trace, Unavailable

# What only Realtime's codes say; the others are `error_bodies`'.
_CODES: dict[str, type[APIError]] = {
    "conversation_already_has_active_response": Unavailable,
    "model_not_found": Forbidden,
    "invalid_model": Forbidden,
    "unsupported_model": Forbidden,
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """An `error` event, read. `about` is the id of the client event that it names."""

    kind: type[APIError]
    error: Mapping[str, Any]
    about: str | None

    @classmethod
    def read(cls, event: Mapping[str, Any]) -> "Complaint":
        """Read an `error` event, wrapped or flat: there `event_id` is the server's own, unless a frame has it."""
        error = event.get("error")
        if not isinstance(error, Mapping):
            error = {name: event.get(name) for name in ("code", "message", "param", "event_id")}
        code = str(error.get("code")).lower()
        kind = _CODES.get(code) or class_of(status_told(error), idempotent=False)
        about = error.get("event_id")
        return cls(kind, error, about if isinstance(about, str) else None)

    @property
    def detail(self) -> str:
        """The error's identifiers, for people."""
        told = identifiers({name: self.error.get(name) for name in ("code", "type")})
        return f"error event {told}".rstrip()

    def as_error(
        self, kind: type[APIError], trace: Trace, response_id: str | None = None, before: str = ""
    ) -> APIError:
        """Make the error to raise."""
        fingerprint = fingerprint_of(trace.status, self.error)
        return kind(before + self.detail, trace, fingerprint=fingerprint, response_id=response_id)
