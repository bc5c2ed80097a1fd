"""What a failed call says about the world, in place of a status code.

    APIError
    ├── Rejected         it did not happen and will not
    ├── Unauthorized     it did not happen: the credential is not accepted
    ├── Forbidden        it did not happen: a role, the folder, the model or billing forbids it
    ├── Throttled        it did not happen: try again, not before `retry_after` where that is known
    ├── Unavailable      it did not happen: no byte of the request left this process
    └── OutcomeUnknown   the request was sent and no usable answer came: it may have happened

No error holds content: `detail` is made of statuses, identifiers of the API, and fixed words.
"""

from dataclasses import dataclass
from typing import ClassVar

MAX_DETAIL = 256


@dataclass(frozen=True, slots=True)
class Trace:
    """The ids under which a call is found in logs, the service's logs among them.

    `client_request_id` is made here, a fresh one for every physical request. `request_id` and `server_trace_id` come
    from the service; they are None where it sent none. `status` is the HTTP status, None where no answer came.
    """

    client_request_id: str = ""
    request_id: str | None = None
    server_trace_id: str | None = None
    status: int | None = None


Fingerprint = tuple[int | None, str | None, str | None, str | None]
"""The status, type, code and param of an error, for comparison only: see `APIError.fingerprint`."""

OF_THE_MESSAGE: Fingerprint = (None, "of the message", None, None)
"""The fingerprint of an error that names a fault of one message: it says nothing of any other."""


class APIError(Exception):
    """Base of all errors that a call raises.

    `reason` is the class's name in records and messages. `fingerprint` is equal for two errors with equal status, type,
    code and param; it holds digests of the last three. `response_id` is the id of the response that the call began,
    where the service named it before the error came; the error's text never shows it.
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

    @property
    def of_the_message(self) -> bool:
        """Whether it names a fault of this one message, so that the deployment is right as far as the service came."""
        return self.fingerprint == OF_THE_MESSAGE

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class Rejected(APIError):
    """The API refuses this request, now and later: only another request can succeed."""

    reason = "rejected"


class Unauthorized(APIError):
    """The credential was not accepted (401). The next invocation brings a fresh token."""

    reason = "unauthorized"


class Forbidden(APIError):
    """The credential lacks the right (403), or Realtime refuses the model or the folder: a setting is wrong."""

    reason = "forbidden"


class Throttled(APIError):
    """The service is asked for too much at once. `retry_after` is in seconds, None where it named no usable time."""

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
        self.args = (self.detail, self.trace, retry_after)  # a copy and a pickle are made from these


class Unavailable(APIError):
    """The service could not be reached, and nothing was sent."""

    reason = "unavailable"


class OutcomeUnknown(APIError):
    """The request was sent and may have been carried out. Only a call that may be repeated can find out."""

    reason = "outcome_unknown"
