"""Attributes of queue messages: the names that are ours, and `settlement`, which carries a message's numbers.

The text of `settlement` is compact JSON. Its `mac` is an HMAC-SHA-256 over the function's name, the SHA-256 of the
message's body, and all other fields. Without a valid `mac` it means nothing: any producer may write such an attribute.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pydantic_core import from_json

from ledger import Key

NAME = "settlement"

OF_DEAD_LETTERS = ("reason", "function", "detail")
"""What only a dead letter carries, for people and for filters."""

OURS = frozenset({NAME, "traceparent", *OF_DEAD_LETTERS})
"""The attributes that this project writes. On a producer's message they mean nothing, but for `traceparent`."""

MOST_CARRIED = 10 - len(OURS)
"""A producer's attributes that are carried along: a message has ten at the most, and a dead letter needs ours."""

VERSION = 1

_REFUSED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class UnknownVersion(Exception):
    """The attribute is signed, but of a version that this release can't read."""


@dataclass(frozen=True, slots=True)
class SettlementAttribute:
    """What a retry message or a dead letter says of the deliveries before it. Times are epoch milliseconds.

    `key` is the business id. `origin` is the id and `sent_at` the time of the first message of the chain, which
    no retry and no redrive changes. `dead`: it is on a dead letter. `force`: an operator accepts a second call.
    """

    key: Key
    origin: str
    first_seen: int
    sent_at: int
    attempt: int = 0
    copy: int = 0
    redrive: int = 0
    dead: bool = False
    not_before: int = 0
    force: bool = False


class Signer:
    """Writes and reads the attribute of one function's messages, with a key derived from `HASH_KEY`."""

    def __init__(self, hash_key: str, function: str) -> None:
        self._key = hmac.digest(hash_key.encode(), b"settlement attribute", "sha256")
        self._function = function.encode()

    def write(self, attribute: SettlementAttribute, body: str, encoding: str = "") -> str:
        """Write the attribute's text for a message with this body. `encoding` says how the body is written."""
        said = {name: value for name, value in asdict(attribute).items() if value or name in _ALWAYS}
        return self.sign(said | ({"encoding": encoding} if encoding else {}), body)

    def sign(self, said: Mapping[str, Any], body: str) -> str:
        """Write the text of these fields, with the version and the mac."""
        said = {"v": VERSION, **said}
        return _compact(said | {"mac": self._mac(said, body)})

    def read(self, text: str, sent: str) -> tuple[SettlementAttribute, str] | None:
        """Return the attribute and the decoded body of a message sent as `sent`; None where it is not signed.

        Raises UnknownVersion: another release signed it.
        """
        try:
            said = from_json(text)
            mac = said.pop("mac")
            body = decoded(sent) if said.get("encoding") == "base64" else sent
            right = hmac.compare_digest(self._mac(said, body).encode(), mac.encode())
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None  # whatever a producer put there
        if not right:
            return None
        if said["v"] != VERSION:
            raise UnknownVersion
        known = {field.name for field in fields(SettlementAttribute)}
        return SettlementAttribute(**{name: value for name, value in said.items() if name in known}), body

    def _mac(self, said: Mapping[str, Any], body: str) -> str:
        parts = (self._function, hashlib.sha256(_utf8(body)).digest(), _compact(said).encode("ascii"))
        return hmac.new(
            self._key, b"".join(len(part).to_bytes(8, "big") + part for part in parts), "sha256"
        ).hexdigest()


_ALWAYS = frozenset({"key", "origin", "attempt", "copy", "redrive", "first_seen", "sent_at"})


def unverified(text: str) -> dict[str, Any]:
    """Read the attribute's text without a look at the mac, for people and tests. Raises ValueError."""
    said: dict[str, Any] = json.loads(text)
    return said


def sendable(text: str) -> bool:
    """Return whether the queue takes this text. It refuses characters that XML 1.0 can't hold."""
    return not _REFUSED.search(text)


def cleaned(text: str) -> str:
    """Return the text with a question mark for each character that the queue refuses."""
    return _REFUSED.sub("?", text)


def encoded(body: str) -> str:
    """Write a body that the queue refuses as base64 (`encoding`)."""
    return base64.b64encode(_utf8(body)).decode()


def decoded(sent: str) -> str:
    """Return the body of a message that was sent `encoded`. Raises ValueError where it is not base64 of UTF-8."""
    return base64.b64decode(sent, validate=True).decode("utf-8", "surrogatepass")


def _compact(said: Mapping[str, Any]) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
