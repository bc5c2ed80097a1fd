"""The Document API: consistent reads, conditional writes, and the tables. It knows no rules of the ledger."""

from documents.queries import Index
from documents.reads import TableUnavailable
from documents.store import Store, Written

__all__ = ["Index", "Store", "TableUnavailable", "Written"]
