"""The client events of the Realtime API: their fields, and what acknowledges them."""

from dataclasses import dataclass
from typing import Any

from infra.local.studio.realtime.events import Event


class Refused(Exception):
    """A client event that is answered with an error; `code` may say more."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True)
class Kind:
    """One type: the fields that it must have and may have, each with its type, and the event that acknowledges it."""

    required: dict[str, type]
    optional: dict[str, type]
    acknowledged_by: str | None = None
    supported: bool = True


_ITEM: dict[str, type] = {"item_id": str}
KINDS: dict[str, Kind] = {
    "session.update": Kind({"session": dict}, {}, "session.updated"),
    "input_audio_buffer.append": Kind({"audio": str}, {}),
    "input_audio_buffer.commit": Kind({}, {}, "input_audio_buffer.committed"),
    "input_audio_buffer.clear": Kind({}, {}, supported=False),
    "conversation.item.create": Kind({"item": dict}, {"previous_item_id": str}, "conversation.item.created"),
    "conversation.item.retrieve": Kind(_ITEM, {}, "conversation.item.retrieved"),
    "conversation.item.truncate": Kind(
        {**_ITEM, "content_index": int, "audio_end_ms": int}, {}, "conversation.item.truncated"
    ),
    "conversation.item.delete": Kind(_ITEM, {}, "conversation.item.deleted"),
    "response.create": Kind({}, {"response": dict}, "response.created"),
    "response.cancel": Kind({}, {"response_id": str}, "response.done"),
    "output_audio_buffer.clear": Kind({}, {}, supported=False),
}


def check(event: Event) -> None:
    """Raise Refused for an event of no known type, of one that is not supported, or with wrong fields."""
    kind = KINDS.get(event["type"])
    if kind is None or not kind.supported:
        raise Refused(f"The event {event['type']} is not supported", "unsupported_event")
    fields = {**kind.required, **kind.optional, "event_id": str}
    if unknown := sorted(set(event) - set(fields) - {"type"}):
        raise Refused(f"Unknown fields: {', '.join(unknown)}")
    for name, what in fields.items():
        value = event.get(name)
        if value is None and name not in kind.required:
            continue
        if not isinstance(value, what) or isinstance(value, bool):
            raise Refused(f"{name} must be {_WORDS[what]}")
    if event["type"] == "response.create":
        check_modalities((event.get("response") or {}).get("output_modalities"))


_WORDS: dict[type, str] = {dict: "an object", str: "a string", int: "a whole number"}


def check_modalities(value: Any) -> None:
    """Raise Refused for what can't stand as `output_modalities`; null is as good as nothing."""
    if value is not None and not (isinstance(value, list) and all(one in ("text", "audio") for one in value)):
        raise Refused("output_modalities may hold text and audio")
