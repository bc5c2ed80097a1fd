"""Trigger events: from the platform's JSON to deliveries, in the documented and in the really seen shape.

What is documented: https://yandex.cloud/en/docs/functions/concepts/trigger/ymq-trigger
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_WHOLE = re.compile(r"[0-9]{1,15}")
_MESSAGE_ID = re.compile(r"[!-~]{1,128}")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One arrival of a message. Numbers are 0 on a producer's message; times are epoch seconds, ``sent_at`` ms.

    ``flaw`` says, without content, why the message can't be used whatever its body says.
    """

    message_id: str
    body: str
    sent_at: int = 0
    first_seen: float = 0
    received: int = 1
    key: str | None = None
    attempt: int = 0
    seq: int = 0
    redrive: int = 0
    not_before: float = 0
    traceparent: str | None = None
    forced: bool = False
    flaw: str | None = None

    @property
    def number(self) -> tuple[int, int]:
        """What orders the copies of a key."""
        return (self.redrive, self.seq)


def deliveries(event: Mapping[str, Any], now: float) -> list[Delivery]:
    """The deliveries of a trigger event, in order; one that is damaged carries its ``flaw``.

    Raises:
        ValueError: the event is not a queue trigger's at all: nothing in it can be settled, so it must return.
    """
    messages = event.get("messages") if isinstance(event, Mapping) else None
    if not isinstance(messages, list):
        message = "event.messages: not a list. Is this function invoked by a Message Queue trigger?"
        raise ValueError(message)  # noqa: TRY004 - the value is at fault, not a caller's type
    return [_delivery(entry, now) for entry in messages]


def trace_of(value: object) -> str | None:
    """A W3C traceparent, or None for anything else: it travels as an attribute of copies and results."""
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None


def _delivery(entry: Any, now: float) -> Delivery:
    message = _mapping(_mapping(_mapping(entry).get("details")).get("message"))
    body, system = message.get("body"), _mapping(message.get("attributes"))
    # What can't be read is parked as it came, as JSON: the body, or all of an entry that has none.
    text = body if body and isinstance(body, str) else json.dumps(body or entry)
    message_id = message.get("message_id")
    # Without a time it counts as sent just now: newer than whatever was parked, so it is dealt with.
    sent_at = _number(system.get("SentTimestamp")) or int(now * 1000)
    bare = Delivery(
        message_id=message_id if _names(message_id) else hashlib.sha256(_utf8(text)).hexdigest(),
        body=text,
        sent_at=sent_at,
        first_seen=sent_at / 1000,
        received=_number(system.get("ApproximateReceiveCount")) or 1,
    )
    if not body or not isinstance(body, str):
        return replace(bare, flaw="details.message.body: empty, or not a string")
    md5 = message.get("md5_of_body")
    if md5 and md5 != hashlib.md5(_utf8(body), usedforsecurity=False).hexdigest():
        return replace(bare, flaw="details.message.md5_of_body: does not match the body, send it again")
    return _with_attributes(bare, _mapping(message.get("message_attributes")))


def _with_attributes(bare: Delivery, attributes: Mapping[str, Any]) -> Delivery:
    values = {name: _value(attribute) for name, attribute in attributes.items()}
    numbers = {
        name: _number(values[name])
        for name in ("attempt", "seq", "redrive", "not_before", "first_seen")
        if name in values
    }
    broken = [name for name, value in numbers.items() if value is None]
    if broken:
        return replace(bare, flaw=f"message attribute {broken[0]}: not a whole number")
    carried = replace(
        bare,
        key=values.get("key") or None,
        attempt=numbers.get("attempt") or 0,
        seq=numbers.get("seq") or 0,
        redrive=numbers.get("redrive") or 0,
        not_before=numbers.get("not_before") or 0,
        first_seen=numbers.get("first_seen") or bare.first_seen,
        traceparent=trace_of(values.get("traceparent")),
        forced=(values.get("force") or "").lower() in {"1", "true", "yes"},
    )
    if "encoding" not in values:
        return carried
    try:
        decoded = base64.b64decode(bare.body, validate=True).decode("utf-8", "surrogatepass")
    except ValueError:  # not ASCII, not base64, not UTF-8
        return replace(carried, flaw="message attribute encoding: the body is not base64 of UTF-8")
    return replace(carried, body=decoded)


def _value(attribute: Any) -> str | None:
    """An attribute's value: the platform sends snake_case, its documentation says camelCase."""
    fields = _mapping(attribute)
    value = fields.get("string_value", fields.get("stringValue"))
    return value if isinstance(value, str) else None


def _names(value: Any) -> TypeGuard[str]:
    """Whether this may name a message: it travels as an attribute of copies, which the queue must take."""
    return isinstance(value, str) and _MESSAGE_ID.fullmatch(value) is not None


def _number(value: Any) -> int | None:
    # Python refuses to write a number of thousands of digits.
    text = str(value) if isinstance(value, int) and abs(value) < 10**15 else value
    return int(text) if isinstance(text, str) and _WHOLE.fullmatch(text) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
