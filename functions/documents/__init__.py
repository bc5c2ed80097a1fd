"""The Document API: consistent reads, conditional writes, and the tables. It knows no rules of the ledger."""

from documents.store import Store, TableUnavailable, Written
from documents.writes import Write

__all__ = ["Store", "TableUnavailable", "Write", "Written"]
