"""What is to become of stored responses: which are registered, how long they are kept, and the proof of their end."""

from ledger import Record
from ledger.agenda import SHARDS, VERIFY, text_of
from ledger.registration import Registration
from ledger.states import ALREADY_ABSENT, DELETED, HELD, VERIFICATION

__all__ = ["ALREADY_ABSENT", "DELETED", "HELD", "SHARDS", "VERIFICATION", "VERIFY", "Record", "Registration", "text_of"]
