"""Read trigger events as deliveries, in the documented shape and in the shape that the platform really sends.

The documented shape: https://yandex.cloud/en/docs/functions/concepts/trigger/ymq-trigger
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from ledger import Key
from worker.message_attributes import MOST_CARRIED, NAME, OURS, SettlementAttribute, Signer, UnknownVersion, sendable

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_WHOLE = re.compile(r"[0-9]{1,15}")
_MESSAGE_ID = re.compile(r"[!-~]{1,128}")
_ATTRIBUTE_NAME = re.compile(r"(?!(?i:aws\.|amazon\.))[A-Za-z0-9_.-]{1,256}")
_ATTRIBUTE_TYPE = re.compile(r"(String|Number)(\.[!-~]{1,200})?")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One arrival of a message. Times are epoch seconds, `sent_at` milliseconds.

    Where its attribute `settlement` is `signed`, the attribute tells of earlier deliveries: `origin` is the id of the
    chain's first message, `sent_at` its time, and `dead` says that this is a dead letter. The numbers are those of a
    retry message. A producer's message has numbers of 0, and is its own origin. `queued_at` is when this message was
    put into its queue.

    `attributes` are the producer's own as (type, value); `dropped` of them did not fit. `flaw` says, without content,
    why the message can't be used, whatever its body says.
    """

    message_id: str
    body: str
    sent_at: int = 0
    queued_at: float = 0
    first_seen: float = 0
    received: int = 1
    key: Key | None = None
    origin: str = ""
    attempt: int = 0
    copy: int = 0
    redrive: int = 0
    not_before: float = 0
    force: bool = False
    dead: bool = False
    signed: bool = False
    traceparent: str | None = None
    attributes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    dropped: int = 0
    flaw: str | None = None

    @property
    def number(self) -> tuple[int, int]:
        """The number that orders the retry messages of a key."""
        return (self.redrive, self.copy)

    def attribute(self, key: Key) -> SettlementAttribute:
        """Return the attribute `settlement` that says of this delivery what a next message of its chain goes by."""
        seen, numbers = round(self.first_seen * 1000), (self.attempt, self.copy, self.redrive)
        return SettlementAttribute(key, self.origin, seen, self.sent_at, *numbers)


def deliveries(event: Mapping[str, Any], now: float, signer: Signer) -> list[Delivery]:
    """Read the deliveries of a trigger event, in order. A damaged delivery carries its `flaw`.

    Raises ValueError: the event is not a queue trigger's. Nothing in it can be settled, so it has to come back.
    """
    messages = event.get("messages") if isinstance(event, Mapping) else None
    if not isinstance(messages, list):
        message = "event.messages: not a list. Is this function invoked by a Message Queue trigger?"
        raise ValueError(message)  # noqa: TRY004 - the value is at fault, not a caller's type
    return [_delivery(entry, now, signer) for entry in messages]


def trace_of(value: object) -> str | None:
    """Return a W3C traceparent, or None for anything else. Retry messages and results carry it."""
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None


def _delivery(entry: Any, now: float, signer: Signer) -> Delivery:
    message = _mapping(_mapping(_mapping(entry).get("details")).get("message"))
    body, system = message.get("body"), _mapping(message.get("attributes"))
    # What can't be read is dead-lettered as JSON: the body, or the whole entry where it has no body.
    text = body if body and isinstance(body, str) else json.dumps(body or entry)
    message_id = message.get("message_id")
    # Without a time it counts as sent just now. So it is newer than any dead letter, and is called.
    sent_at = _number(system.get("SentTimestamp")) or int(now * 1000)
    name = message_id if _names(message_id) else hashlib.sha256(_utf8(text)).hexdigest()
    bare = Delivery(
        message_id=name,
        origin=name,
        body=text,
        sent_at=sent_at,
        queued_at=sent_at / 1000,
        first_seen=sent_at / 1000,
        received=_number(system.get("ApproximateReceiveCount")) or 1,
    )
    if not body or not isinstance(body, str):
        return replace(bare, flaw="details.message.body: empty, or not a string")
    md5 = message.get("md5_of_body")
    if md5 and str(md5).lower() != hashlib.md5(_utf8(body), usedforsecurity=False).hexdigest():
        return replace(bare, flaw="details.message.md5_of_body: does not match the body, send it again")
    attributes = _mapping(message.get("message_attributes"))
    return _with_attributes(bare, attributes, signer) if attributes else bare


def _with_attributes(bare: Delivery, attributes: Mapping[str, Any], signer: Signer) -> Delivery:
    values = {name: value for name, attribute in attributes.items() if (value := _value(attribute)) is not None}
    text = values.get(NAME, ("", ""))[1]
    try:
        read = signer.read(text, bare.body) if text else None
    except UnknownVersion:
        return replace(bare, flaw="message attribute settlement: of a version that this release does not know")
    known = {"traceparent"} if read is None else OURS
    own = [name for name in values if name not in OURS and _can_travel(name, values[name][1])][:MOST_CARRIED]
    carried = replace(
        bare,
        traceparent=trace_of(values.get("traceparent", ("", ""))[1]),
        attributes={name: values[name] for name in own},
        dropped=len(attributes.keys() - known) - len(own),
    )
    if read is None:
        return carried
    said, body = read
    return replace(
        carried,
        body=body,
        sent_at=said.sent_at,
        first_seen=said.first_seen / 1000,
        key=said.key,
        origin=said.origin,
        attempt=said.attempt,
        copy=said.copy,
        redrive=said.redrive,
        not_before=said.not_before / 1000,
        force=said.force,
        dead=said.dead,
        signed=True,
    )


def _can_travel(name: str, value: str) -> bool:
    """Return whether a queue takes this attribute again."""
    return bool(_ATTRIBUTE_NAME.fullmatch(name) and value and sendable(value))


def _value(attribute: Any) -> tuple[str, str] | None:
    """Return an attribute's type and value. The platform sends snake_case; its documentation shows camelCase."""
    fields = _mapping(attribute)
    kind, value = fields.get("data_type", fields.get("dataType")), fields.get("string_value", fields.get("stringValue"))
    if not isinstance(value, str):
        return None
    # The type that the documentation shows is not a type of the queue's.
    return (kind if isinstance(kind, str) and _ATTRIBUTE_TYPE.fullmatch(kind) else "String", value)


def _names(value: Any) -> TypeGuard[str]:
    """Return whether this can be a message's id in the ledger and in retry messages."""
    return isinstance(value, str) and _MESSAGE_ID.fullmatch(value) is not None


def _number(value: Any) -> int | None:
    # Python refuses to write a number of thousands of digits.
    text = str(value) if isinstance(value, int) and abs(value) < 10**15 else value
    return int(text) if isinstance(text, str) and _WHOLE.fullmatch(text) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
