"""What a Realtime session knows: its configuration, its conversation, and the sound that it was sent.

It takes the client events that begin no response, and gives the server events that answer them; responses that are
still being given are the session's own matter.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from infra.local.studio.model import text_of
from infra.local.studio.realtime.client_events import Refused, check_modalities
from infra.local.studio.realtime.events import Event
from infra.local.studio.realtime.items import Items

SESSION_FIELDS_OF_2025 = {"modalities", "input_audio_format", "output_audio_format"}
BYTES_OF_A_MILLISECOND = 48  # 16 bits, 24 kHz
AUDIO_LIMIT = 15 * 2**20


class Dialogue:
    """One session's state. `new_id` gives ids."""

    def __init__(self, new_id: Callable[[], str], model: str) -> None:
        self._new_id = new_id
        self._sound = bytearray()
        self.items = Items(new_id)
        self.modalities: tuple[str, ...] = ("text", "audio")
        self._config: dict[str, Any] = {
            "type": "realtime",
            "object": "realtime.session",
            "id": f"sess_{new_id()}",
            "instructions": "",
            "tools": [],
            "model": model,
        }

    @property
    def id(self) -> str:
        """The session's id."""
        return str(self._config["id"])

    @property
    def heard(self) -> str:
        """What the model answers to."""
        return self.items.heard or text_of(self._config["instructions"])

    @property
    def tools(self) -> Event:
        """The session's tools and its choice of them, which a response.create may change for itself."""
        return {name: self._config[name] for name in ("tools", "tool_choice") if name in self._config}

    def shown(self) -> Event:
        """The session as acknowledgements show it: both modalities, whatever was asked for."""
        return {**self._config, "output_modalities": ["text", "audio"]}

    def take(self, event: Event) -> list[Event]:
        """Take a checked client event and give what answers it; raises Refused."""
        return _ACTS[event["type"]](self, event)

    def update(self, event: Event) -> list[Event]:
        """`session.update`; acknowledged twice, as seen live."""
        patch = event["session"]
        check_modalities(patch.get("output_modalities"))
        if old := sorted(SESSION_FIELDS_OF_2025 & set(patch)):
            raise Refused(f"Fields of the old session format: {', '.join(old)}")
        self.modalities = tuple(patch.get("output_modalities") or self.modalities)
        self._config.update({name: patch[name] for name in patch if name not in ("id", "object", "model")})
        return [{"type": "session.updated", "session": self.shown()}] * 2

    def append(self, event: Event) -> list[Event]:
        """`input_audio_buffer.append`: nothing acknowledges it."""
        try:
            sound = base64.b64decode(event["audio"], validate=True)
        except (binascii.Error, ValueError):
            raise Refused("audio is not base64", "invalid_value") from None
        if len(self._sound) + len(sound) > AUDIO_LIMIT:
            raise Refused("The audio buffer is full", "input_audio_buffer_full")
        self._sound += sound
        return []

    def commit(self, _event: Event) -> list[Event]:
        """`input_audio_buffer.commit`: the sound becomes an item of the user, then its transcript is told."""
        if not self._sound:
            raise Refused("The audio buffer is empty", "input_audio_buffer_commit_empty")
        said = f"{len(self._sound) // BYTES_OF_A_MILLISECOND} milliseconds of sound"
        self._sound.clear()
        before, item_id = self.items.last_id, f"item_{self._new_id()}"
        item: Event = {"id": item_id, "object": "realtime.item", "type": "message", "role": "user"}
        content = [{"type": "input_audio", "transcript": said}]
        return [
            {"type": "input_audio_buffer.committed", "previous_item_id": before, "item_id": item_id},
            *self.items.put({**item, "status": "completed", "content": content}),
            {
                "type": "conversation.item.input_audio_transcription.completed",
                "item_id": item_id,
                "content_index": 0,
                "transcript": said,
            },
        ]

    def cancel(self, _event: Event) -> list[Event]:
        """`response.cancel`, where no response is being given."""
        raise Refused("There is no such active response", "response_cancel_not_active")


_ACTS: dict[str, Callable[[Dialogue, Event], list[Event]]] = {
    "session.update": Dialogue.update,
    "input_audio_buffer.append": Dialogue.append,
    "input_audio_buffer.commit": Dialogue.commit,
    "response.cancel": Dialogue.cancel,
    "conversation.item.create": lambda dialogue, event: dialogue.items.create(event),
    "conversation.item.retrieve": lambda dialogue, event: dialogue.items.retrieve(event),
    "conversation.item.truncate": lambda dialogue, event: dialogue.items.truncate(event),
    "conversation.item.delete": lambda dialogue, event: dialogue.items.delete(event),
}
