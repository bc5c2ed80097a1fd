"""What a response says, put together from its events: its items, and their parts in order.

Both generations of names are read: `response.output_text.delta` and `response.text.delta`, and so on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aistudio.realtime.audio import Sound
from aistudio.responses.response import dicts

Event = Mapping[str, Any]
Kind = Literal["text", "transcript", "audio"]

_KINDS: dict[str, Kind] = {
    "output_text": "text",
    "text": "text",
    "output_audio_transcript": "transcript",
    "audio_transcript": "transcript",
    "output_audio": "audio",
    "audio": "audio",
}


@dataclass(slots=True)
class _Part:
    """One part of an item's content. Of each kind: the deltas, and what a `…done` event said in the end."""

    deltas: dict[Kind, list[str]] = field(default_factory=dict)
    sound: Sound | None = None
    done: dict[Kind, str] = field(default_factory=dict)
    whole: dict[str, Any] | None = None

    def say(self, kind: Kind) -> str:
        whole = self.whole.get(kind) if self.whole else None
        return self.done.get(kind) or (whole if isinstance(whole, str) else "") or "".join(self.deltas.get(kind, []))

    def content(self) -> dict[str, Any]:
        if self.whole is not None:
            return self.whole
        if self.say("text"):
            return {"type": "output_text", "text": self.say("text")}
        return {"type": "output_audio", "audio": None, "transcript": self.say("transcript")}


@dataclass(slots=True)
class _Item:
    """One item of the output, as far as it was heard."""

    id: str | None
    index: int | None
    parts: dict[int, _Part] = field(default_factory=dict)
    whole: dict[str, Any] | None = None
    call: dict[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """Return the item as response.done would hold it."""
        content = [part.content() for _, part in sorted(self.parts.items())]
        named = {"id": self.id} if self.id else {}
        if self.whole is not None:
            return self.whole if self.whole.get("content") or not content else {**self.whole, "content": content}
        if self.call is not None:
            return {**named, "type": "function_call", **self.call}
        return {**named, "type": "message", "role": "assistant", "content": content}


class Output:
    """Collects the events of one response by item and content index."""

    def __init__(self) -> None:
        self._items: dict[str | int | None, _Item] = {}
        self._names: dict[Kind, str] = {}

    def take(self, event: Event) -> None:
        """Take an event; an event that says nothing of the output changes nothing."""
        name, _, step = str(event.get("type")).removeprefix("response.").rpartition(".")
        kind = _KINDS.get(name)
        # A service that speaks both generations says everything twice.
        if kind is not None and self._names.setdefault(kind, name) == name:
            self._take_piece(self._part(event), kind, step, event)
        elif name == "content_part" and step == "done" and isinstance(event.get("part"), dict):
            self._part(event).whole = event["part"]
        elif name == "output_item" and step == "done" and isinstance(event.get("item"), dict):
            self._item(event, event["item"].get("id")).whole = event["item"]
        elif name == "function_call_arguments" and step == "done":
            call = {key: event[key] for key in ("call_id", "name", "arguments") if isinstance(event.get(key), str)}
            self._item(event, event.get("item_id")).call = call

    def _take_piece(self, part: _Part, kind: Kind, step: str, event: Event) -> None:
        value = event.get("delta" if step == "delta" else kind)
        if not isinstance(value, str):
            return
        if step == "delta" and kind == "audio":
            part.sound = part.sound or Sound()
            part.sound.add(value)
        elif step == "delta":
            part.deltas.setdefault(kind, []).append(value)
        elif step == "done" and kind != "audio":
            part.done[kind] = value

    def _item(self, event: Event, item_id: object) -> _Item:
        index = event.get("output_index")
        position = index if isinstance(index, int) else None
        named = item_id if isinstance(item_id, str) else None
        return self._items.setdefault(position if named is None else named, _Item(named, position))

    def _part(self, event: Event) -> _Part:
        index = event.get("content_index")
        parts = self._item(event, event.get("item_id")).parts
        return parts.setdefault(index if isinstance(index, int) else 0, _Part())

    def items(self) -> list[dict[str, Any]]:
        """Build the output for a response.done that holds none."""
        return [item.document() for item in self._in_order()]

    def say(self, kind: Literal["text", "transcript"], response: Mapping[str, Any]) -> str | None:
        """Join what all parts say; what no event said is taken from the response itself."""
        output = dicts(response.get("output"))
        said = {
            (position, index): told
            for position, item in enumerate(output)
            for index, part in enumerate(dicts(item.get("content")))
            if isinstance(told := part.get(kind), str)
        }
        for order, item in enumerate(self._in_order()):
            position = _position(item, order, output)
            said |= {(position, index): part.say(kind) for index, part in item.parts.items() if part.say(kind)}
            if item.whole is not None:
                contents = enumerate(dicts(item.whole.get("content")))
                for index, told in ((index, part.get(kind)) for index, part in contents):
                    if isinstance(told, str):
                        said.setdefault((position, index), told)
        return "".join(told for _, told in sorted(said.items())) or None

    def audio(self) -> tuple[bytes | bytearray | None, bool]:
        """Return the audio of all parts in order, and whether some could not be decoded."""
        sounds = [part.sound for item in self._in_order() for _, part in sorted(item.parts.items()) if part.sound]
        heard = [sound.whole() for sound in sounds]
        whole = [audio for audio in heard if audio]
        return (whole[0] if len(whole) == 1 else b"".join(whole) or None), any(audio is None for audio in heard)

    def _in_order(self) -> list[_Item]:
        items = list(self._items.values())
        return sorted(items, key=lambda item: -1 if item.index is None else item.index)


def _position(item: _Item, order: int, output: list[dict[str, Any]]) -> int:
    """Say where in the response's own output an item stands."""
    ids = [each.get("id") for each in output]
    if item.id is not None and item.id in ids:
        return ids.index(item.id)
    if item.index is not None:
        return item.index
    unnamed = item.id is None or not all(isinstance(each, str) for each in ids)
    return order if unnamed else len(output) + order
