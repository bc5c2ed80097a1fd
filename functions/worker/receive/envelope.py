"""Take a message out of its CloudEvents envelope (https://github.com/cloudevents/spec, JSON format 1.0 and 0.3)."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from ledger import Key, RecordKey
from worker.message_attributes import sendable

OUR_SOURCES = "/aistudio-functions/"
"""What the sources of this project's own events begin with."""

MAX_KEY = 2_048
"""Characters of a key: it travels in an attribute of retry messages."""

_BOM = "\ufeff"


class Invalid(Exception):
    """The message can't be used. The text says what is wrong and where, without content."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The message that another function's message followed from: its identity, its key, and the key of its record.

    A sender writes them into the envelope with `attributes`. The key is left out where it is the identity.
    """

    identity: str
    key: Key
    record_key: RecordKey | None

    @property
    def attributes(self) -> dict[str, str]:
        """As attributes of an envelope."""
        key = {"causationkey": self.key} if self.key != self.identity else {}
        record = {"causationrecord": self.record_key} if self.record_key else {}
        return {"causationid": self.identity, **key, **record}


@dataclass(frozen=True, slots=True)
class Content:
    """What a body holds: the message as JSON, and `where` it stood, for errors.

    `identity` is the envelope's source and id as a JSON array; None where the message came bare. `cause` is the
    message that it followed from, where another function sent it: a producer's word for it may mean something else.
    """

    message: Any
    where: str
    identity: str | None = None
    traceparent: object = None
    cause: Cause | None = None


def open_body(text: str) -> Content:
    """Take the message out of a body, bare or in a CloudEvents envelope.

    Raises Invalid: there is no message, or it can't be read. The text says what was found.
    """
    body = _json(text, "body")
    if isinstance(body, list):
        if len(body) != 1 or not _is_envelope(body[0]):
            raise Invalid(f"body: a list of {len(body)}; send each message, or each CloudEvent, as one of the queue's")
        body = body[0]
    if not isinstance(body, dict):
        raise Invalid(f"body: {_kind(body)}, not a JSON object")
    if not _is_envelope(body):
        return Content(body, "body")
    version = body["specversion"]
    if version not in ("1.0", "0.3"):
        raise Invalid('body.specversion: not of CloudEvents "1.0" or "0.3", the versions that are read')
    source, event_id = (_attribute(body, name) for name in ("source", "id"))
    return Content(
        message=_data(body, version),
        where="body.data",
        identity=identity_of(source, event_id),
        traceparent=body.get("traceparent"),
        cause=_cause(body) if source.startswith(OUR_SOURCES) else None,
    )


def identity_of(source: str, event_id: str) -> str:
    """Return the key of an event whose message has none of its own."""
    return json.dumps([source, event_id], ensure_ascii=False, separators=(",", ":"))


def _is_envelope(body: object) -> bool:
    return isinstance(body, dict) and "specversion" in body


def _attribute(envelope: Mapping[str, Any], name: str) -> str:
    value = envelope.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid(f"body.{name}: a CloudEvents envelope needs a non-empty string")
    return value


def _cause(envelope: Mapping[str, Any]) -> Cause | None:
    identity, key, record = (_sendable(envelope.get(f"causation{name}")) for name in ("id", "key", "record"))
    return Cause(identity, Key(key or identity), RecordKey(record) if record else None) if identity else None


def _sendable(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_KEY and sendable(value) else None


def _data(envelope: Mapping[str, Any], version: str) -> dict[str, Any]:
    data, encoded = envelope.get("data"), envelope.get("data_base64") if version == "1.0" else None
    where = "body.data"
    if encoded is not None:
        if data is not None:
            raise Invalid("body.data, body.data_base64: both are given; CloudEvents allows one")
        data, where = _decoded(encoded, "body.data_base64"), "body.data_base64"
    elif version == "0.3" and envelope.get("datacontentencoding") is not None:
        if envelope["datacontentencoding"] != "base64":
            raise Invalid("body.datacontentencoding: not base64, the only encoding that CloudEvents 0.3 knows")
        data = _decoded(data, where)
    if data is None:
        raise Invalid(f"{where}: the message is missing")
    if isinstance(data, str):
        data = _json(data, where)
    if not isinstance(data, dict):
        raise Invalid(f"{where}: {_kind(data)}, not a JSON object")
    return data


def _decoded(encoded: object, where: str) -> str:
    if not isinstance(encoded, str):
        raise Invalid(f"{where}: {_kind(encoded)}, not base64 text")
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        raise Invalid(f"{where}: not base64 of UTF-8") from None


def _json(text: str, where: str) -> Any:
    """Parse a text as JSON, after a byte order mark; without fields that stand twice, of which parsers use either."""
    try:
        parsed = from_json(text.removeprefix(_BOM).encode("utf-8", "surrogatepass"), allow_inf_nan=False)
        json.loads(text.removeprefix(_BOM), object_pairs_hook=_once)
    except ValueError as error:
        # The parser's text names a position and a kind, never the input.
        raise Invalid(f"{where}: not JSON ({error})"[:200]) from None
    except _Twice:
        raise Invalid(f"{where}: a field stands twice in the same object") from None
    return parsed


class _Twice(Exception):
    """A field stands twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


def _kind(value: object) -> str:
    """Return the kind of a JSON value in JSON's words."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
