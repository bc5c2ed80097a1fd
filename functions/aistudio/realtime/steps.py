"""The steps of a script: client events as frames, within the bounds of a session, and how far each of them got."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aistudio.answers import MAX_BODY, MAX_STREAM
from aistudio.api import API, encode
from aistudio.exceptions import Rejected
from aistudio.realtime.client_events import (
    APPEND,
    ITEM_CREATE,
    ITEM_RETRIEVE,
    KINDS,
    RESPONSE_CANCEL,
    RESPONSE_CREATE,
    SESSION_UPDATE,
    Kind,
)
from aistudio.realtime.error_events import Complaint
from aistudio.realtime.heard import item_id_of
from aistudio.realtime.results import EventResult

MOST_AUDIO = 1_000_000
"""Characters of base64 in one `input_audio_buffer.append`: longer sound goes in several.

What the service takes is not documented; WebSocket servers take frames of 1 MiB unless they are told otherwise.
"""


@dataclass(slots=True, eq=False)
class Step:
    """One client event of a script. `given`: the caller's own, and not what each session begins with.

    `answer` is the server event that acknowledged it, `over` whether nothing more is to come of it, `refusal` what the
    error said that refused it.
    """

    event: Mapping[str, Any]
    frames: Sequence[bytes]
    ids: frozenset[str]
    given: bool = True
    sent: bool = False
    over: bool = False
    answer: Mapping[str, Any] | None = None
    refusal: str | None = None

    @property
    def type(self) -> str:
        """The client event's type."""
        return str(self.event["type"])

    @property
    def kind(self) -> Kind:
        """Its row of the table."""
        return KINDS[self.type]

    @property
    def billed(self) -> bool:
        """Whether it may have been billed."""
        return self.sent and self.kind.effect == "billed"

    @property
    def item(self) -> Mapping[str, Any] | None:
        """The item that it asked for, as the service has it."""
        item = (self.answer or {}).get("item") if self.type == ITEM_RETRIEVE else None
        return item if isinstance(item, Mapping) else None

    def take(self, event: Mapping[str, Any]) -> None:
        """Note the server event that acknowledges it."""
        self.answer, self.over = event, True

    def acknowledged_by(self, event: Mapping[str, Any], known_items: set[str | None]) -> bool:
        """Return whether this server event says that the step was taken; of a new item its first event does."""
        if event.get("type") not in self.kind.acknowledged_by:
            return False
        about = item_id_of(event)
        if self.type == ITEM_CREATE:
            item = self.event.get("item")
            named = item.get("id") if isinstance(item, Mapping) else None
            return about == named if named is not None else about not in known_items
        return about == self.event["item_id"] if "item_id" in self.event else True

    def result(self) -> EventResult:
        """Return what became of it."""
        named = self.event.get("event_id")
        if self.refusal is not None:
            return EventResult(self.type, named, "refused", error=self.refusal)
        if not self.sent:
            return EventResult(self.type, named, "not_sent")
        if self.over and (self.answer is not None or self.type == RESPONSE_CREATE):
            return EventResult(self.type, named, "acknowledged", self.answer)
        return EventResult(self.type, named, "sent" if self.over else "unknown")


def cancel_refused_by(complaint: Complaint, steps: Sequence[Step], ours: Step | None) -> Step | None:
    """Return the response.cancel that an error is about; one without an event is about `ours`, if that is open."""
    cancels = (step for step in steps if step.type == RESPONSE_CANCEL and step.sent and complaint.about in step.ids)
    unnamed = complaint.about is None and ours is not None and ours.sent and ours.refusal is None
    return next(cancels, ours if unnamed else None)


def steps_of(api: API, events: Sequence[Mapping[str, Any]]) -> list[Step]:
    """Make the steps of a script, which begins with a session.update of its own where the caller has none there.

    Raises Rejected: for what JSON doesn't have, and for more than a session may carry; nothing was sent.
    """
    given = bool(events) and events[0]["type"] == SESSION_UPDATE
    first = {**(events[0] if given else {"type": SESSION_UPDATE}), "session": _session(events[0] if given else {})}
    steps = [_step(api, first, given=given), *(_step(api, event) for event in events[1 if given else 0 :])]
    sizes = [len(frame) for step in steps for frame in step.frames]
    if max(sizes) > MAX_BODY or sum(sizes) > MAX_STREAM:
        raise Rejected(f"nothing was sent: over {MAX_BODY} bytes in a frame, or {MAX_STREAM} in a session")
    return steps


def _step(api: API, event: Mapping[str, Any], *, given: bool = True) -> Step:
    named = {**event, "event_id": str(event.get("event_id") or api.new_id())}
    frames = list(_cut(api, named))
    return Step(
        named, [encode(frame) for frame in frames], frozenset(str(frame["event_id"]) for frame in frames), given
    )


def _cut(api: API, event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the event, or several of it where it carries more sound than one may; the first keeps the event's id."""
    audio = event.get("audio")
    if event["type"] != APPEND or not isinstance(audio, str) or len(audio) <= MOST_AUDIO:
        yield event
        return
    for at in range(0, len(audio), MOST_AUDIO):
        own = event["event_id"] if at == 0 else api.new_id()
        yield {**event, "event_id": own, "audio": audio[at : at + MOST_AUDIO]}


def _session(update: Mapping[str, Any]) -> dict[str, Any]:
    """Build the session's fields: the caller's, and no turn detection unless the caller asks for it.

    A script commits its sound itself, and a response that the service begins by itself would be in the way of ours.
    """
    session = {"type": "realtime", **(update.get("session") or {})}
    audio = session.get("audio", {})
    heard = audio.get("input", {}) if isinstance(audio, Mapping) else None
    if "turn_detection" in session or not isinstance(heard, Mapping) or "turn_detection" in heard:
        return session
    return {**session, "audio": {**audio, "input": {**heard, "turn_detection": None}}}
