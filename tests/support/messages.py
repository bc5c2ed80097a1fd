"""Messages as a trigger delivers them (the shape really seen), and messages taken off a queue."""

import hashlib
import itertools
import json
from collections.abc import Mapping
from typing import Any

from infra.local.cloud.servers import Waiting
from infra.local.cloud.trigger_event import platform_id
from worker.message_attributes import NAME, SettlementAttribute, Signer

Entry = dict[str, Any]
Attributes = dict[str, str | int]

_ids = itertools.count(1)


def entry(
    body: object, *, sent_at: float, message_id: str = "", received: int = 1, attributes: Attributes | None = None
) -> Entry:
    """One message of a trigger event; a body that is no text is written as JSON. `sent_at` in epoch seconds."""
    text = body if isinstance(body, str) else json.dumps(body)
    name = message_id or platform_id(f"{next(_ids):032x}")
    return {
        "event_metadata": {"event_id": name, "created_at": "2026-11-22T08:00:00.000Z", "tracing_context": None},
        "details": {
            "queue_id": "yrn:yc:ymq:ru-central1:b1glocalfolder:own",
            "message": {
                "message_id": name,
                "md5_of_body": hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest(),
                "body": text,
                "attributes": {
                    "ApproximateFirstReceiveTimestamp": str(int(sent_at * 1000)),
                    "ApproximateReceiveCount": str(received),
                    "SentTimestamp": str(int(sent_at * 1000)),
                },
                "message_attributes": {name: _attribute(value) for name, value in (attributes or {}).items()},
                "md5_of_message_attributes": "",
            },
        },
    }


def signed(sent: Entry, signer: Signer, **said: Any) -> Entry:
    """The message as its function would have sent it, with these fields in its attribute; times are epoch seconds."""
    message = sent["details"]["message"]
    sent_at = int(message["attributes"]["SentTimestamp"])
    times: dict[str, Any] = {
        name: int(said.pop(name) * 1000) for name in ("first_seen", "sent_at", "not_before") if name in said
    }
    first: dict[str, Any] = {"key": message["message_id"], "origin": message["message_id"]}
    fields: dict[str, Any] = {**first, "first_seen": sent_at, "sent_at": sent_at, **times, **said}
    text = signer.write(SettlementAttribute(**fields), message["body"])
    message["message_attributes"][NAME] = _attribute(text)
    return sent


def arrived(waiting: Waiting, sent_at: float) -> Entry:
    """A message found on a queue, as the trigger would deliver it."""
    attributes: Attributes = {
        name: int(value) if value.isdigit() else value for name, value in waiting.attributes.items()
    }
    return entry(waiting.body, sent_at=sent_at, message_id=platform_id(waiting.message_id), attributes=attributes)


def again(delivered: Entry) -> Entry:
    """The same queue message, back after its visibility timeout."""
    message = delivered["details"]["message"]
    attributes: Mapping[str, str] = message["attributes"]
    received = int(attributes["ApproximateReceiveCount"]) + 1
    message = {**message, "attributes": {**attributes, "ApproximateReceiveCount": str(received)}}
    return {**delivered, "details": {**delivered["details"], "message": message}}


def _attribute(value: str | int) -> dict[str, str]:
    return {"data_type": "Number" if isinstance(value, int) else "String", "string_value": str(value)}
