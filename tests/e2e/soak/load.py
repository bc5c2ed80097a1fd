"""What a soak sends: a seeded mix of good, doubled, held, missing and broken messages for all functions with a queue."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any

from tests.support.planted import EVENT_ID, PROMPT, RESPONSE_ID, SUBJECT

DELETE, CREATE = "delete_response", "realtime_response_create"
RESPOND, EVENT = "create_response", "realtime_client_event"
GET, LIST, CANCEL = "get_response", "list_input_items", "cancel_response"
REGISTER, HOLD = "register_response", "legal_hold"
ERASE, VERIFY, SWEEP = "erase_subject", "verify_deletion", "retention_sweep"
SOURCE = "/soak"
CASE = "soak"
MODEL = "gpt://b1glocalfolder/some-model"
CREATED_AT = "2026-01-01T00:00:00Z"
"""When the responses of erased people were created: before any erasure is asked for."""

HELD_SUBJECT = f"{SUBJECT}under-hold"


class Kind(Enum):
    """What has to become of a message, or of its key."""

    STORED = "deleted once, with a receipt"
    MISSING = "already absent"
    HELD = "held, and never deleted"
    RELEASED = "held at first, deleted when it is sent again without a hold"
    CREATED = "asked for once at the most"
    REPEATABLE = "asked for as often as it takes: its producer allows that"
    REUSED = "one of two contents is asked for, the other is dead-lettered"
    ANSWERED = "a response is created once at the most, registered where its id was learned, and told when it is over"
    UNKEPT = "a response is created once at the most, and kept and registered nowhere"
    LONE = "a client event takes effect once at the most"
    REFUSED = "refused by the service, and dead-lettered"
    ERASED = "registered for a person, deleted once since that person is erased, and then looked for"
    ERASURE = "ended with one summary, once all of the person is deleted"
    FOUND = "answered with what is stored"
    NOT_FOUND = "answered with its absence"
    REGISTERED = "registered"
    BROKEN = "dead-lettered under its message id"


@dataclass(frozen=True, slots=True)
class Planned:
    """One message. `key`: its business id, empty where none counts; `says`: what an answer must repeat.

    `about` is the response that a message without a business id is about; its key is that of its CloudEvent. Of people
    who are erased, `about` of the erasure and `says` of what it is to find name the person.
    """

    function: str
    kind: Kind
    body: str
    key: str = ""
    says: str = ""
    about: str = ""


@dataclass(frozen=True)
class Load:
    """All messages in the order in which they are sent, and what is there before: stored responses, held ones."""

    messages: tuple[Planned, ...]

    @property
    def stored(self) -> list[str]:
        """The responses to store."""
        kinds = {Kind.STORED, Kind.HELD, Kind.RELEASED}
        others = {planned.about for planned in self.messages if planned.kind in {Kind.ERASED, Kind.REFUSED}}
        return sorted({planned.key for planned in self.messages if planned.kind in kinds} | others)

    @property
    def looked_at(self) -> list[str]:
        """The responses to store that are over, and ran in the background."""
        return sorted({planned.about for planned in self.messages if planned.kind is Kind.FOUND})

    def orders(self, action: str) -> dict[str, str]:
        """The orders to place, or to release, the holds that are released in the end: bodies by key."""
        told = {key: {"action": action, "case": CASE, "response_id": key} for key in self.of(Kind.RELEASED)}
        return {identity(f"{action}-{key}"): _enveloped(order, f"{action}-{key}") for key, order in told.items()}

    def first(self, count: int) -> "Load":
        """Only what was sent, where so many were."""
        return Load(self.messages[:count])

    @property
    def erased(self) -> dict[str, Planned]:
        """By the response that it registers, each message that names a person whose erasure was asked for."""
        people = {planned.about for planned in self.messages if planned.kind is Kind.ERASURE}
        return {each.about: each for each in self.messages if each.kind is Kind.ERASED and each.says in people}

    def of(self, *kinds: Kind) -> dict[str, Planned]:
        """One message for each key of these kinds."""
        return {planned.key: planned for planned in self.messages if planned.kind in kinds}


def make_load(count: int, seed: int) -> Load:
    """A mix of so many messages, the same for the same seed."""
    random = Random(seed)
    messages: list[Planned] = []
    while len(messages) < count:
        number = len(messages)
        (make,) = random.choices(list(_MIX), list(_MIX.values()))
        made = make(number, random)
        # A producer that isn't sure sends again; so does a queue, but that is the faults' part.
        messages += made if len(made) > 1 else made * (1 + (random.random() < 0.1))
    random.shuffle(messages)
    return Load(tuple(messages[:count]))


def _stored(number: int, random: Random) -> list[Planned]:
    key = f"{RESPONSE_ID}{number}"
    message: dict[str, Any] = {"response_id": key, "reason": random.choice(["retention", "erasure", "manual"])}
    if random.random() < 0.3:
        message["subject"] = f"{SUBJECT}{number % 50}"
    return [Planned(DELETE, Kind.STORED, _perhaps_enveloped(message, number, random), key)]


def _missing(number: int, random: Random) -> list[Planned]:
    key = f"{RESPONSE_ID}missing-{number}"
    return [Planned(DELETE, Kind.MISSING, json.dumps({"response_id": key}), key)]


def _held(number: int, random: Random) -> list[Planned]:
    key = f"{RESPONSE_ID}held-{number}"
    if random.random() < 0.3:
        return [Planned(DELETE, Kind.HELD, json.dumps({"response_id": key, "subject": HELD_SUBJECT}), key)]
    kind = random.choice([Kind.HELD, Kind.RELEASED])
    return [Planned(DELETE, kind, json.dumps({"response_id": key}), key)]


def _created(number: int, random: Random) -> list[Planned]:
    key, says = f"{EVENT_ID}{number}", f"{PROMPT} {number}"
    return [Planned(CREATE, Kind.CREATED, _perhaps_enveloped(_create(key, says), number, random), key, says)]


def _created_in_a_session(number: int, random: Random) -> list[Planned]:
    key, says = f"{EVENT_ID}session-{number}", f"{PROMPT} {number}"
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": says}]}
    context = {"session": {"output_modalities": ["text"]}, "items": [item]}
    message = {"type": "response.create", "event_id": key, "context": context}
    return [Planned(CREATE, Kind.CREATED, json.dumps(message), key, says)]


def _repeatable(number: int, random: Random) -> list[Planned]:
    key, says = f"{EVENT_ID}again-{number}", f"{PROMPT} {number}"
    return [Planned(CREATE, Kind.REPEATABLE, json.dumps({**_create(key, says), "on_unknown": "retry"}), key, says)]


def _reused(number: int, random: Random) -> list[Planned]:
    key = f"{EVENT_ID}reused-{number}"
    contents = [f"{PROMPT} {number} {which}" for which in ("first", "second")]
    return [Planned(CREATE, Kind.REUSED, json.dumps(_create(key, says)), key, says) for says in contents]


def _answered(number: int, random: Random) -> list[Planned]:
    key, says = f"{EVENT_ID}response-{number}", f"{PROMPT} response {number}"
    form: dict[str, Any] = random.choice([{}, {"stream": True}, {"background": True}])
    kept = random.random() < 0.8 or "background" in form
    message = {"event_id": key, "model": MODEL, "input": says, **form, **({} if kept else {"store": False})}
    kind = Kind.ANSWERED if kept else Kind.UNKEPT
    return [Planned(RESPOND, kind, _perhaps_enveloped(message, number, random), key, says)]


def _created_by_an_event(number: int, random: Random) -> list[Planned]:
    key, says = f"{EVENT_ID}event-{number}", f"{PROMPT} {number}"
    item = {
        "id": f"item-{number}",
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": says}],
    }
    longer: list[dict[str, Any]] = [
        {"type": "session.update", "session": {"output_modalities": ["text"]}},
        {"type": "conversation.item.create", "item": item},
        {"type": "conversation.item.retrieve", "item_id": item["id"]},
        {"type": "response.create", "event_id": key},
    ]
    script = random.choice([[_create(key, says)], longer, [*longer, {"type": "response.cancel"}]])
    return [Planned(EVENT, Kind.CREATED, json.dumps({"event_id": key, "script": script}), key, says)]


def _lone(number: int, random: Random) -> list[Planned]:
    """Sound: it is billed, and unlike an item no other's answer repeats it, though all POSTs share a conversation."""
    key, sound = f"{EVENT_ID}lone-{number}", f"{PROMPT} {number}".ljust(random.randrange(40, 400))
    audio = base64.b64encode(sound.encode()).decode()
    event = {"event_id": key, "type": "input_audio_buffer.append", "audio": audio}
    return [Planned(EVENT, Kind.LONE, json.dumps(event), key)]


def _refused(number: int, _random: Random) -> list[Planned]:
    about = f"{RESPONSE_ID}plain-{number}"
    body = _enveloped({"response_id": about}, f"cancel-{number}")
    return [Planned(CANCEL, Kind.REFUSED, body, identity(f"cancel-{number}"), about=about)]


def _erased(number: int, random: Random) -> list[Planned]:
    """A person with one to three responses, and the erasure of all: in the end they come in any order."""
    person, name = f"{SUBJECT}erased-{number}", f"erasure-{number}"
    made: list[Planned] = []
    for which in range(random.choice((1, 2, 3))):
        about, event = f"{RESPONSE_ID}erased-{number}-{which}", f"register-{number}-{which}"
        told = {"response_id": about, "subject": person, "policy": "session", "created_at": CREATED_AT}
        made.append(Planned(REGISTER, Kind.ERASED, _enveloped(told, event), identity(event), person, about))
    key = json.dumps([name, person])
    erasure = json.dumps({"subject": person, "erasure_id": name})
    return [*made, Planned(ERASE, Kind.ERASURE, erasure, key, about=person)]


def _looked(number: int, random: Random) -> list[Planned]:
    function, there = random.choice([GET, LIST, CANCEL]), random.random() < 0.6
    about = f"{RESPONSE_ID}looked-{number}" if there else f"{RESPONSE_ID}never-{number}"
    kind = Kind.FOUND if there else Kind.NOT_FOUND
    body = _enveloped({"response_id": about}, f"look-{number}")
    return [Planned(function, kind, body, identity(f"look-{number}"), about=about)]


def _registered(number: int, random: Random) -> list[Planned]:
    about = f"{RESPONSE_ID}registered-{number}"
    body = _enveloped({"response_id": about, "policy": "session"}, f"register-{number}")
    return [Planned(REGISTER, Kind.REGISTERED, body, identity(f"register-{number}"), about=about)]


def _broken(number: int, random: Random) -> list[Planned]:
    function = random.choice([DELETE, CREATE, RESPOND, EVENT, GET, LIST, CANCEL, REGISTER, HOLD, ERASE, VERIFY])
    odd: list[Any] = [
        {"response_id": f"{RESPONSE_ID}{number}", PROMPT: number},
        {"response_id": f"{RESPONSE_ID}/../{number}", "reason": PROMPT},
        {"type": "response.delete", "event_id": f"{EVENT_ID}{number}", "says": PROMPT},
        {"specversion": "0.3", "id": f"{EVENT_ID}{number}", "data": {}},
        [PROMPT, number],
    ]
    text = json.dumps(random.choice(odd))
    cut = random.random() < 0.3
    return [Planned(function, Kind.BROKEN, f"{number} {text[:-1]}" if cut else f"{text}{' ' * (number % 97)}")]


def _create(key: str, says: str) -> dict[str, Any]:
    return {"type": "response.create", "event_id": key, "response": {"instructions": says}}


def _perhaps_enveloped(message: dict[str, Any], number: int, random: Random) -> str:
    if random.random() < 0.7:
        return json.dumps(message)
    return _enveloped(message, f"ce-{number}")


def _enveloped(message: dict[str, Any], event_id: str) -> str:
    return json.dumps({"specversion": "1.0", "id": event_id, "source": SOURCE, "type": "soak", "data": message})


def identity(event_id: str) -> str:
    """The key of a message without a business id: its CloudEvent's source and id."""
    return json.dumps([SOURCE, event_id], separators=(",", ":"))


_MIX: dict[Callable[[int, Random], list[Planned]], float] = {
    _stored: 42,
    _missing: 5,
    _held: 4,
    _created: 12,
    _created_in_a_session: 6,
    _created_by_an_event: 4,
    _answered: 10,
    _looked: 7,
    _registered: 3,
    _lone: 3,
    _refused: 2,
    _erased: 3,
    _repeatable: 3,
    _reused: 2,
    _broken: 6,
}
