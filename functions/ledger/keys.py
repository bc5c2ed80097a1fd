"""Keyed hashes: the ledger, the logs and the results name keys, subjects and bodies only by these."""

import hashlib
import hmac
from typing import NewType

Key = NewType("Key", str)
"""A business id as messages give it. It never leaves the queues: ledger, logs and results know its hash."""

RecordKey = NewType("RecordKey", str)
"""The key of a record: `<namespace>#<keyed hash>`."""


class Keys:
    """Makes record keys out of business ids with a secret, so that a reader of the ledger learns no id.

    The secret must stay for as long as the ledger lives: another secret makes every record unknown.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def key(self, namespace: str, value: str) -> RecordKey:
        """Make the key of a record: `<namespace>#<32 hex digits>`.

        A namespace is `response` for all that is known of a stored response, `subject` for people, else a
        function's name, and `<function>:message` for messages without a valid key: equal ids of different kinds
        never share a record.
        """
        return RecordKey(f"{namespace}#{self.digest(f'{namespace}#{value}')}")

    def digest(self, text: str) -> str:
        """Make the keyed hash of any text (HMAC-SHA-256, its first 128 bits in hex); lone surrogates are allowed."""
        return hmac.new(self._secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
