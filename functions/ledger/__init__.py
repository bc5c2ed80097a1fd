"""Durable state on the Document API: claims, outcomes, receipts and holds, one row a key."""

from ledger.claims import Claim
from ledger.holds import HoldReport, Holds, HoldStatus
from ledger.keys import Keys
from ledger.record import Ledger, Record

__all__ = ["Claim", "HoldReport", "HoldStatus", "Holds", "Keys", "Ledger", "Record"]
