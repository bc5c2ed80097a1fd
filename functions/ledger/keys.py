"""Keyed hashes: the ledger, the logs and the results name keys, subjects and bodies only by these."""

import hashlib
import hmac


class Keys:
    """Makes row keys out of business ids with a secret, so that a reader of the ledger learns no id.

    The same secret must be used for as long as the ledger lives: another one makes every row unknown.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def key(self, namespace: str, value: str) -> str:
        """The key of a row: ``<namespace>#<32 hex digits>``.

        A namespace is a function's name, ``<function>:message`` for messages that have no valid key,
        or ``subject``: equal ids of different kinds never share a row.
        """
        return f"{namespace}#{self.digest(f'{namespace}#{value}')}"

    def digest(self, text: str) -> str:
        """The keyed hash of any text (HMAC-SHA-256, its first 128 bits in hex); lone surrogates are allowed."""
        return hmac.new(self._secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
