"""What a session says beside the acknowledgements and the responses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aistudio.realtime.client_events import SESSION_UPDATE
from aistudio.realtime.turn import response_id_of

_TRANSCRIPTION = "conversation.item.input_audio_transcription."


@dataclass(slots=True)
class Heard:
    """The ids that were named so far, and the transcripts of the sound that went in, as the API has them."""

    items: set[str | None] = field(default_factory=set)
    responses: set[str] = field(default_factory=set)
    transcriptions: list[dict[str, Any]] = field(default_factory=list)
    session: object = None
    unchanged: bool = False
    """Whether the last session.updated shows the session as the one before it did."""
    told_again: bool = False
    """Whether the last session.updated may have been the one before it, which the service tells twice."""

    def note(self, event: Mapping[str, Any]) -> None:
        """Take one server event."""
        kind, response_id = str(event.get("type")), response_id_of(event)
        if response_id is not None:
            self.responses.add(response_id)
        if kind == "session.updated":
            shown = event.get("session")
            self.unchanged = self.session is not None and shown == self.session
            self.told_again = self.unchanged and not self.told_again
            self.session = shown
        if kind.startswith(("conversation.item.", "input_audio_buffer.")):
            self.items.add(item_id_of(event))
        if kind in (f"{_TRANSCRIPTION}completed", f"{_TRANSCRIPTION}failed"):
            told = {name: value for name, value in event.items() if name not in ("type", "event_id")}
            self.transcriptions.append(told)

    def has_transcripts(self, item_ids: set[str | None]) -> bool:
        """Return whether each of these items has its transcript, or will not get one."""
        return item_ids <= {told.get("item_id") for told in self.transcriptions}


def item_id_of(event: Mapping[str, Any]) -> str | None:
    """Return the id of the item that a server event is about; None where it names none."""
    item = event.get("item")
    named = item.get("id") if isinstance(item, Mapping) else event.get("item_id")
    return named if isinstance(named, str) else None


def shows_another(event: Mapping[str, Any], update: Mapping[str, Any]) -> bool:
    """Return whether a session.updated shows another text than this session.update asks for.

    What is no text tells nothing: lists come back with more than was asked for, and a model may be shown by its name.
    """
    shown, asked = event.get("session"), update.get("session")
    if not isinstance(shown, Mapping) or not isinstance(asked, Mapping):
        return False
    texts = {name: value for name, value in asked.items() if isinstance(value, str) and name not in ("type", "model")}
    known = {name: told for name in texts if isinstance(told := shown.get(name), str)}
    return any(told.casefold() != texts[name].casefold() for name, told in known.items())


def asks_for_transcripts(event: Mapping[str, Any]) -> bool:
    """Return whether a client event asks for transcripts of the sound that goes in, in either generation of names."""
    session = event.get("session") if event["type"] == SESSION_UPDATE else None
    if not isinstance(session, Mapping):
        return False
    audio = session.get("audio")
    heard = audio.get("input") if isinstance(audio, Mapping) else None
    return bool(session.get("input_audio_transcription") or (isinstance(heard, Mapping) and heard.get("transcription")))
