"""The client events of the Realtime API: one table of their fields, what acknowledges them, and what they leave behind.

https://yandex.cloud/en/docs/ai-studio/clientEvents/realtimeResponseCreate and its neighbours
"""

import base64
import binascii
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Effect = Literal["none", "kept", "billed"]
"""What a client event leaves behind.

`none`: nothing, or what the same event would leave again. `kept`: it changes a conversation each time that it is sent;
over WebSocket the conversation ends with its connection, so that nothing stays. `billed`: sound or tokens were used.
"""

RESPONSE_CREATE, RESPONSE_CANCEL = "response.create", "response.cancel"
SESSION_UPDATE, ITEM_CREATE, APPEND = "session.update", "conversation.item.create", "input_audio_buffer.append"
COMMIT, ITEM_RETRIEVE = "input_audio_buffer.commit", "conversation.item.retrieve"

Id = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Index = Annotated[int, Field(ge=0, strict=True)]


def _in_base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        raise ValueError("audio is not base64") from None
    return value


class Event(BaseModel):
    """Base of all client events."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    event_id: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None

    @model_validator(mode="after")
    def _supported(self) -> Self:
        if not KINDS[self.type].supported:
            raise ValueError("currently not supported by the service")
        return self

    def body(self) -> dict[str, Any]:
        """Return the event as it is sent: the fields that were given, as they were given."""
        given = self.model_dump(exclude_unset=True)
        return {name: value for name, value in given.items() if value is not None}


class SessionUpdate(Event):
    """Change the session: only the fields that are given."""

    type: Literal["session.update"]
    session: dict[str, Any]


class AudioAppend(Event):
    """Append sound to the input buffer."""

    type: Literal["input_audio_buffer.append"]
    audio: Annotated[str, AfterValidator(_in_base64)]


class AudioCommit(Event):
    """Make an item of the input buffer."""

    type: Literal["input_audio_buffer.commit"]


class Item(BaseModel):
    """An item of a conversation; the API leaves open what else it holds."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: Annotated[str, StringConstraints(min_length=1)]
    id: Id | None = None
    role: Literal["user", "assistant", "system"] | None = None
    content: list[dict[str, Any]] | None = None


class ItemCreate(Event):
    """Put an item into the conversation: last, or behind `previous_item_id` (`root`: first)."""

    type: Literal["conversation.item.create"]
    item: Item
    previous_item_id: Id | None = None


class ItemRetrieve(Event):
    """Ask for an item as the service has it."""

    type: Literal["conversation.item.retrieve"]
    item_id: Id


class ItemTruncate(Event):
    """Cut what the model said aloud, as if no more of it had been heard."""

    type: Literal["conversation.item.truncate"]
    item_id: Id
    content_index: Index
    audio_end_ms: Index


class ItemDelete(Event):
    """Take an item out of the conversation."""

    type: Literal["conversation.item.delete"]
    item_id: Id


class ResponseCreate(Event):
    """Ask for a response."""

    type: Literal["response.create"]
    response: dict[str, Any] | None = None


class ResponseCancel(Event):
    """Cancel the response that is being given."""

    type: Literal["response.cancel"]
    response_id: Id | None = None


class AudioClear(Event):
    """Empty the input buffer."""

    type: Literal["input_audio_buffer.clear"]


class OutputClear(Event):
    """Empty the output buffer."""

    type: Literal["output_audio_buffer.clear"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table. `acknowledged_by`: the server events each of which says that it was taken, if any.

    `within` is how many seconds that may take; a response, once begun, may take as long as the whole script.
    """

    fields: type[Event]
    acknowledged_by: tuple[str, ...]
    effect: Effect
    within: float = 10.0
    supported: bool = True


_ADDED = ("conversation.item.added", "conversation.item.created", "conversation.item.done")
KINDS: dict[str, Kind] = {
    SESSION_UPDATE: Kind(SessionUpdate, ("session.updated",), "none"),
    APPEND: Kind(AudioAppend, (), "billed"),
    COMMIT: Kind(AudioCommit, ("input_audio_buffer.committed",), "billed"),
    "input_audio_buffer.clear": Kind(AudioClear, ("input_audio_buffer.cleared",), "none", supported=False),
    # Nothing promises that an item is acknowledged, so that what follows waits a short time only.
    ITEM_CREATE: Kind(ItemCreate, _ADDED, "kept", within=2.0),
    ITEM_RETRIEVE: Kind(ItemRetrieve, ("conversation.item.retrieved",), "none"),
    "conversation.item.truncate": Kind(ItemTruncate, ("conversation.item.truncated",), "none"),
    "conversation.item.delete": Kind(ItemDelete, ("conversation.item.deleted",), "none"),
    # The slowest first sound that was seen took 22 s; it is behind response.created.
    RESPONSE_CREATE: Kind(ResponseCreate, ("response.created",), "billed", within=60.0),
    RESPONSE_CANCEL: Kind(ResponseCancel, ("response.done",), "kept"),
    "output_audio_buffer.clear": Kind(OutputClear, ("output_audio_buffer.cleared",), "none", supported=False),
}

if TYPE_CHECKING:
    ClientEvent = Event
else:
    ClientEvent = Annotated[reduce(or_, (kind.fields for kind in KINDS.values())), Field(discriminator="type")]
    """Any client event, read by its `type`."""


def _named_apart(script: list[ClientEvent]) -> list[ClientEvent]:
    named = [event.event_id for event in script if event.event_id is not None]
    if len(set(named)) < len(named):
        raise ValueError("two events have the same event_id")
    return script


Script = Annotated[list[ClientEvent], Field(min_length=1), AfterValidator(_named_apart)]
"""Client events for one session, in order."""
