"""Legal holds: a held response is not deleted until every hold on it, and on its subject, is released."""

from dataclasses import dataclass
from enum import StrEnum

from documents import TableUnavailable, Written
from ledger.keys import RecordKey
from ledger.record import Ledger, Record, Write


class HoldStatus(StrEnum):
    """What can be said of a hold: it works, it may still be overtaken, it came too late, or there is none."""

    EFFECTIVE = "effective"
    PLACED = "placed"
    TOO_LATE = "too_late"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class HoldReport:
    """A hold as it stands. `effective_at` is when it can first be relied on (epoch seconds)."""

    status: HoldStatus
    effective_at: float
    record: Record


class Holds:
    """Places and releases holds on records: a response's own, or a subject's (a record of its own).

    Deletions take no claim, so one may begin up to `window` seconds after it read that there was no hold. A hold is
    therefore reported effective only after `settling` seconds (that window, the longest call, the clocks' skew), by
    reading the record once more.

    It writes the bare hold: not who ordered it, nor the order of a case, so that a late duplicate of an earlier message
    to `legal_hold` may undo it. It makes nothing due: what a hold kept that is released here waits for the backstop of
    30 days. So give orders by messages to `legal_hold`, or by `ops hold`. Only to report holds, or for responses that
    are never registered:

        client = connect_with_key(YDB_DOCAPI_ENDPOINT, "ru-central1", key_id, secret)
        store = Ledger(client, LEDGER_TABLE_PREFIX + "ledger")
        holds = Holds(store, settling=10 + 60 + 600)  # HOLD_WINDOW, the longest invocation, LEASE_MARGIN
        holds.report(Keys(HASH_KEY).key("response", "resp_1"), time.time())  # or .key("subject", "alice")
    """

    def __init__(self, store: Ledger, settling: float) -> None:
        self._store = store
        self._settling = settling

    def place(self, key: RecordKey, case: str, now: float) -> float:
        """Add the hold of one case and return when it can first be relied on (then ask `report`).

        Raises TableUnavailable: whether it was placed is not known; placing it again is safe.
        """
        self._must(Write(key, sets={"hold_at": now}, adds={"hold": {case}}))
        return now + self._settling

    def release(self, key: RecordKey, case: str) -> None:
        """Take the hold of one case away; other cases' holds stay. Raises TableUnavailable."""
        self._must(Write(key, sets={}, deletes={"hold": {case}}))

    def report(self, key: RecordKey, now: float) -> HoldReport:
        """Return how the hold stands, from the record as it is now. Raises TableUnavailable."""
        record = self._store.get(key)
        effective_at = float(record.rest.get("hold_at", 0)) + self._settling
        if not record.hold:
            status = HoldStatus.NONE
        elif record.over:
            status = HoldStatus.TOO_LATE
        else:
            status = HoldStatus.EFFECTIVE if now >= effective_at else HoldStatus.PLACED
        return HoldReport(status, effective_at, record)

    def _must(self, write: Write) -> None:
        if self._store.write(write) is not Written.YES:
            raise TableUnavailable("hold")
