"""Durable state on the Document API: claims, outcomes, receipts and holds, one record a key."""

from ledger.claims import Claim
from ledger.holds import HoldReport, Holds, HoldStatus
from ledger.keys import Key, Keys, RecordKey
from ledger.message_chains import Standing
from ledger.record import Ledger, Record, Write

__all__ = [
    "Claim",
    "HoldReport",
    "HoldStatus",
    "Holds",
    "Key",
    "Keys",
    "Ledger",
    "Record",
    "RecordKey",
    "Standing",
    "Write",
]
