"""What a failed call says about the world, in place of a status code.

    APIError
    ├── Rejected         it did not happen and will not
    ├── Unauthorized     it did not happen: the credential is not accepted
    ├── Forbidden        it did not happen: a role, the folder, the model or billing is in the way
    ├── Throttled        it did not happen: come back, not before `retry_after` where that is known
    ├── Unavailable      it did not happen: no byte of the request left this process
    └── OutcomeUnknown   the request was sent and no usable answer came: it may have happened

Nothing here holds content: `detail` is made of statuses, the API's identifiers and our own words.
"""

from dataclasses import dataclass
from typing import ClassVar

MAX_DETAIL = 256


@dataclass(frozen=True, slots=True)
class Trace:
    """The ids under which a call can be found again, at the service's side too.

    `client_request_id` is ours and fresh for every physical request; `request_id` and `server_trace_id` are
    the service's, None where it sent none; `status` is the HTTP status, None where no answer came.
    """

    client_request_id: str = ""
    request_id: str | None = None
    server_trace_id: str | None = None
    status: int | None = None


Fingerprint = tuple[int | None, str | None, str | None, str | None]
"""The status, type, code and param of an error, to be compared and not to be shown: see `APIError.fingerprint`."""


class APIError(Exception):
    """Base of all that a call can raise.

    `reason` is the name of the class as records and messages write it. `fingerprint` is equal for errors that say the
    same: their status, and digests of the type, code and param that the API named. `response_id` is the id of the
    response that the call began, where the service named it before the error came; it is never part of the text.
    """

    reason: ClassVar[str] = "error"

    def __init__(
        self,
        detail: str,
        trace: Trace | None = None,
        *,
        fingerprint: Fingerprint | None = None,
        response_id: str | None = None,
    ) -> None:
        self.detail = detail[:MAX_DETAIL]
        self.trace = trace or Trace()
        self.fingerprint: Fingerprint = fingerprint or (self.trace.status, None, None, None)
        self.response_id = response_id
        super().__init__(self.detail, self.trace)

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class Rejected(APIError):
    """The API will not do it, now or later: another request is needed."""

    reason = "rejected"


class Unauthorized(APIError):
    """The credential was not accepted (401); a fresh token comes with the next invocation."""

    reason = "unauthorized"


class Forbidden(APIError):
    """The credential may not do this (403), or Realtime does not take the model or the folder: a setting is wrong."""

    reason = "forbidden"


class Throttled(APIError):
    """Too much at once; `retry_after` is in seconds, None where the service named no usable time."""

    reason = "throttled"

    def __init__(
        self,
        detail: str,
        trace: Trace | None = None,
        retry_after: float | None = None,
        *,
        fingerprint: Fingerprint | None = None,
        response_id: str | None = None,
    ) -> None:
        super().__init__(detail, trace, fingerprint=fingerprint, response_id=response_id)
        self.retry_after = retry_after
        self.args = (self.detail, self.trace, retry_after)  # what a copy or a pickle is made from


class Unavailable(APIError):
    """The service could not be reached, and nothing was sent."""

    reason = "unavailable"


class OutcomeUnknown(APIError):
    """It was sent and may have happened: only a call that may repeat can find out by itself."""

    reason = "outcome_unknown"
