"""What producers send: deletions, creates, and what no function can use."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

BEGUN = 1_800_000_000.0
"""Epoch seconds at which every run begins."""

CONTENT = "planted content"
SUBJECTS = ("planted-subject", "planted-person", "planted-somebody")


@dataclass(frozen=True, slots=True)
class Sent:
    """A producer's message. `key` is its business key, empty for a message that no function can read.

    `at`: how many seconds after the beginning it is sent at the soonest. `content` tells messages of a key apart
    that ask for different things; `due` is its date in epoch seconds; `attributes` are the producer's own. `to`
    names the function that it goes to, if not to the one that is simulated.
    """

    name: str
    key: str
    body: str
    content: str = ""
    subject: str = ""
    retries_unknown: bool = False
    due: float = 0.0
    attributes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    to: str = ""
    at: float = 0.0


POISON = Sent("poison", "", '{"planted": "content"}')


def padded(sent: Sent, size: int) -> Sent:
    """The message with a body of so many bytes."""
    return replace(sent, body=sent.body + " " * (size - len(sent.body)))


def deletion(name: str, response_id: str, due: float = 0.0, subject: str = SUBJECTS[0]) -> Sent:
    """A message that asks for a deletion, at `due` seconds after the beginning; it may name nobody."""
    body = {"response_id": response_id, "reason": "erasure" if name != "m1" else "retention"}
    if subject:
        body["subject"] = subject
    if due:
        body["not_before"] = datetime.fromtimestamp(BEGUN + due, UTC).isoformat()
    return Sent(name, response_id, json.dumps(body), subject=subject, due=BEGUN + due if due else 0.0)


def creation(
    name: str, event_id: str = "", on_unknown: str = "dead_letter", content: str = "", *, items: int = 0
) -> Sent:
    """A message that asks for a response; without an `event_id` its key is its message id, which is its name.

    `items` go before it into its session.
    """
    key = event_id or name
    content += f"+{items}" if items else ""
    body = _creation(key, on_unknown, content)
    if items:
        body["context"] = {"items": [{"type": "message", "id": f"item_{at}"} for at in range(items)]}
    if event_id:
        body["event_id"] = event_id
    return Sent(name, key, json.dumps(body), on_unknown + content, retries_unknown=on_unknown == "retry")


STEPS: Mapping[str, Mapping[str, object]] = {
    "update": {"type": "session.update", "session": {"instructions": CONTENT}},
    "wrong": {"type": "session.update", "session": {"voice": "refused"}},
    "item": {"type": "conversation.item.create", "item": {"type": "message"}},
    "look": {"type": "conversation.item.retrieve", "item_id": "item_1"},
    "sound": {"type": "input_audio_buffer.append", "audio": "UExBTlRFRA=="},
    "commit": {"type": "input_audio_buffer.commit"},
    "ask": {"type": "response.create"},
    "cancel": {"type": "response.cancel"},
}
"""What a script is made of; the service refuses what is wrong."""


def script(name: str, event_id: str, on_unknown: str = "dead_letter", steps: Sequence[str] = ("update", "ask")) -> Sent:
    """A message with a script. Each of its events is named by what is asked, by whom, and its place."""
    content = f"{on_unknown}+{'-'.join(steps)}"
    events = [{**STEPS[step], "event_id": f"{content} {event_id} {place}"} for place, step in enumerate(steps)]
    body = {"event_id": event_id, "on_unknown": on_unknown, "script": events}
    return Sent(name, event_id, json.dumps(body), content, retries_unknown=on_unknown == "retry")


def stored(name: str, event_id: str, *, background: bool, stream: bool) -> Sent:
    """A message that asks for a response which is stored."""
    asked = {"model": "planted", "input": CONTENT, "instructions": f"{CONTENT} stored {event_id}"}
    body = {**asked, "event_id": event_id, "background": background, "stream": stream}
    return Sent(name, event_id, json.dumps(body), "stored")


def about(name: str, function: str, response_id: str) -> Sent:
    """A message to another function about a response that is there by then."""
    return Sent(name, response_id, json.dumps({"response_id": response_id}), to=function)


def kept(name: str, event_id: str, at: float, until: float, subject: str) -> Sent:
    """A message that asks for a response which is stored until `until`, and registered for a person."""
    sent = stored(name, event_id, background=False, stream=False)
    said = json.loads(sent.body) | {"subject": subject, "delete_after": moment(until)}
    return replace(sent, body=json.dumps(said), at=at)


def event(name: str, source: str, event_id: str) -> Sent:
    """A create in a CloudEvents envelope: its identity is the envelope's source and id."""
    key = json.dumps([source, event_id], separators=(",", ":"))
    data = _creation(key, "dead_letter", "")
    body = {"specversion": "1.0", "type": "planted", "source": source, "id": event_id, "data": data}
    return Sent(name, key, json.dumps(body), "dead_letter")


def _creation(key: str, on_unknown: str, content: str) -> dict[str, object]:
    """Its instructions end in what is asked and by whom: by them the service sees both, whatever else is left out."""
    asked = f"{CONTENT} {on_unknown}{content} {key}"
    return {"type": "response.create", "response": {"instructions": asked}, "on_unknown": on_unknown}


def registration(name: str, response_id: str, at: float, until: float | None, **said: object) -> Sent:
    """A message that registers a response which is to be deleted at `until` seconds after the beginning."""
    dated = {} if until is None else {"delete_after": moment(until)}
    return _about(name, "register_response", response_id, at, dated | said)


def request(name: str, response_id: str, at: float, **said: object) -> Sent:
    """A message that asks for the deletion of a registered response."""
    return _about(name, "delete_response", response_id, at, said)


def order(name: str, action: str, case: str, at: float, **target: object) -> Sent:
    """An order to place or to release the hold of a case on `response_id` or `subject`."""
    body = {"action": action, "case": case, **target}
    return Sent(name, "", json.dumps(body), to="legal_hold", at=at)


def erasure(name: str, subject: str, at: float, requested: float | None = None) -> Sent:
    """A message that has everything of a person deleted that was created by then."""
    said = {} if requested is None else {"requested_at": moment(requested)}
    return Sent(name, "", json.dumps({"subject": subject, "erasure_id": name, **said}), to="erase_subject", at=at)


def _about(name: str, function: str, response_id: str, at: float, said: Mapping[str, object]) -> Sent:
    return Sent(name, response_id, json.dumps({"response_id": response_id, **said}), to=function, at=at)


def moment(after: float) -> str:
    """The time so many seconds after the beginning."""
    return datetime.fromtimestamp(BEGUN + after, UTC).isoformat()
