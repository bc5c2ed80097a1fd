"""The items of a conversation, in their order."""

from collections.abc import Callable
from typing import Any

from infra.local.studio.model import text_of
from infra.local.studio.realtime.client_events import Refused
from infra.local.studio.realtime.events import Event

ROLES = ("user", "assistant", "system")


class Items:
    """What was said so far. `new_id` gives ids."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._items: list[Event] = []

    @property
    def heard(self) -> str:
        """All text that did not come from the model."""
        return " ".join(found for item in self._items if item.get("role") != "assistant" and (found := text_of(item)))

    def create(self, event: Event) -> list[Event]:
        """`conversation.item.create`."""
        given = event["item"]
        _check(given)
        if any(item["id"] == given.get("id") for item in self._items):
            raise Refused("There is an item of this id already", "duplicate_item_id")
        item = {"id": f"item_{self._new_id()}", "object": "realtime.item", "status": "completed"}
        return self.put({**item, **{name: given[name] for name in given if given[name] is not None}}, event)

    def put(self, item: Event, event: Event | None = None) -> list[Event]:
        """Put an item behind the one that the event names, or last; gives the events that tell so."""
        place = self._place((event or {}).get("previous_item_id"))
        before = self._items[place - 1]["id"] if place else None
        self._items.insert(place, item)
        told = {"previous_item_id": before, "item": item}
        return [
            {"type": "conversation.item.added", **told},
            {"type": "conversation.item.created", **told},
            {"type": "conversation.item.done", "item": item},
        ]

    @property
    def last_id(self) -> str | None:
        """The id of the last item."""
        return self._items[-1]["id"] if self._items else None

    def retrieve(self, event: Event) -> list[Event]:
        """`conversation.item.retrieve`."""
        return [{"type": "conversation.item.retrieved", "item": self._find(event["item_id"])}]

    def truncate(self, event: Event) -> list[Event]:
        """`conversation.item.truncate`: what the model said aloud is cut, and its transcript is gone with it."""
        item = self._find(event["item_id"])
        index, end = event["content_index"], event["audio_end_ms"]
        if item.get("role") != "assistant":
            raise Refused("Only what the model said can be truncated", "invalid_item")
        if not 0 <= index < len(item["content"]) or item["content"][index]["type"] != "output_audio" or end < 0:
            raise Refused("There is no audio to cut at content_index and audio_end_ms", "invalid_value")
        item["content"][index] = {**item["content"][index], "transcript": None}
        told = {"item_id": item["id"], "content_index": index, "audio_end_ms": end}
        return [{"type": "conversation.item.truncated", **told}]

    def delete(self, event: Event) -> list[Event]:
        """`conversation.item.delete`."""
        self._items.remove(self._find(event["item_id"]))
        return [{"type": "conversation.item.deleted", "item_id": event["item_id"]}]

    def _find(self, item_id: str) -> Event:
        for item in self._items:
            if item["id"] == item_id:
                return item
        raise Refused("There is no item of this id", "item_not_found")

    def _place(self, previous: str | None) -> int:
        if previous is None:
            return len(self._items)
        return 0 if previous == "root" else self._items.index(self._find(previous)) + 1


def _check(given: dict[str, Any]) -> None:
    if not isinstance(given.get("type"), str):
        raise Refused("item must be an object with a type")
    if given["type"] == "message" and given.get("role") not in ROLES:
        raise Refused("A message needs a role: user or system")
    if given.get("role") == "assistant":
        raise Refused("Assistant items are not supported yet")
    if given["type"] == "function_call_output" and not isinstance(given.get("call_id"), str):
        raise Refused("A function_call_output needs a call_id")
