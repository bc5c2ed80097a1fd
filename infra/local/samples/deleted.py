"""The record of a response that was deleted, for samples of what comes after that."""

from ledger import Key, RecordKey, Write
from ledger.agenda import VERIFY, due
from ledger.states import DELETED


def deleted(key: RecordKey, response_id: str, now: float) -> Write:
    """Make the write that says that the response was deleted, and is to be looked for now."""
    receipt = {"state": DELETED, "receipts": 1, "receipt": {"outcome": DELETED, "executed_at": now}}
    return Write(key, receipt | due(key, Key(response_id), now, VERIFY))
