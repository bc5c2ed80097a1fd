"""Circuit breakers: errors after which no further call makes sense, for a batch or for all batches of an instance."""

import logging
import threading
from dataclasses import dataclass, field

from aistudio import APIError, Forbidden, Rejected, Throttled, Unauthorized
from ledger import RecordKey

EQUAL_REJECTIONS = 3
"""Keys whose calls are rejected alike in a row, after which the deployment is taken to be wrong, not the messages."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class BatchBreaker:
    """Lets the calls of a batch begin, until an error shows that it concerns them all.

    `next_call_at` is when the next call may begin (monotonic seconds).
    """

    stopped_by: APIError | None = None
    next_call_at: float = 0.0
    _denied: set[RecordKey] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def throttled(self) -> bool:
        """Whether the service has asked for fewer calls: at once, or after a short wait."""
        return self.next_call_at > 0 or isinstance(self.stopped_by, Throttled)

    def report(self, error: APIError, key: RecordKey) -> None:
        """Begin no further calls after a throttling, or once a second key is not let in: one alone may be at fault."""
        with self._lock:
            if isinstance(error, (Unauthorized, Forbidden)):
                self._denied.add(key)
            if isinstance(error, Throttled) or len(self._denied) > 1:
                self.stopped_by = error


class DeploymentBreaker:
    """Counts the keys whose calls are rejected alike in a row, over all batches of an instance.

    One message that is sent again and again says nothing of the deployment.

    While it is open a batch tries one call first; a call that succeeds, or is rejected for another reason, closes it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: Rejected | None = None
        self._keys: set[RecordKey] = set()

    @property
    def opened_by(self) -> Rejected | None:
        """The rejection that all calls meet; None while calls may begin."""
        return self._last if len(self._keys) >= EQUAL_REJECTIONS else None

    def covers(self, error: APIError) -> bool:
        """Return whether this error says of the deployment what the breaker was opened by."""
        opened_by = self.opened_by
        return opened_by is not None and isinstance(error, Rejected) and error.fingerprint == opened_by.fingerprint

    def succeeded(self) -> None:
        """A call ended well."""
        with self._lock:
            self._last, self._keys = None, set()

    def rejected(self, error: Rejected, key: RecordKey) -> None:
        """Count a rejected call. It counts against the deployment, unless the error names a fault of its message."""
        if error.of_the_message:
            self.succeeded()
            return
        with self._lock:
            equal = self._last is not None and self._last.fingerprint == error.fingerprint
            was_open = equal and len(self._keys) >= EQUAL_REJECTIONS
            self._last, self._keys = error, self._keys if equal else set()
            if not was_open:  # nor does the set grow any more
                self._keys.add(key)
            if len(self._keys) >= EQUAL_REJECTIONS and not was_open:
                _log.error(
                    "the deployment is wrong, not the messages: %d equal rejections in a row (%s); all are deferred",
                    EQUAL_REJECTIONS,
                    error.detail,
                )
