"""The small plans that are searched exhaustively: what may happen in them, and how often."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from documents.reads import READ_AT_ONCE
from tests.simulation.events import Move
from tests.simulation.faults import CRASH, DUPLICATE
from tests.simulation.messages import SUBJECTS, Sent, creation, deletion, erasure, order, registration, request
from tests.simulation.plan import DAY, Plan, record_key_of, subject_record_key

KEY = "planted-a"


def _scope(function: str, sent: tuple[Sent, ...], most: int, faults: dict[str, int], **more: Any) -> Plan:
    return Plan(function, sent, frozenset(faults), most, tuple(faults.items()), reports=False, **more)


def _deletions(most: int, faults: dict[str, int], messages: int = 1, **more: Any) -> Plan:
    return _scope("delete", tuple(deletion(f"m{at}", KEY) for at in range(1, messages + 1)), most, faults, **more)


def _creates(most: int, faults: dict[str, int], messages: int = 1, **more: Any) -> Plan:
    return _scope("create", tuple(creation(f"m{at}", KEY) for at in range(1, messages + 1)), most, faults, **more)


_LOOKS = 5
"""Looks of an erasure before its last one, half an hour after the first."""


def _looks() -> Iterator[Move]:
    for at in range(_LOOKS):
        yield ("trigger", "delivers to erase_subject", f"e{at}" if at else "m1")
        yield (f"w{at + 1}", "acknowledges", "")
        yield ("time", "passes", "until something happens")


_STORED = "planted-r1"
_AT_WORK = ("register_response", "delete_response", "legal_hold", "verify_deletion")


def _registered(*more: Sent, faults: dict[str, int] | None = None, most: int = 0, **rest: Any) -> Plan:
    """A response is registered and due; the sweep runs as soon as it is. Beside it go these messages."""
    sent = (registration("m1", _STORED, 0.0, -60.0), *more)
    rest |= {"stores": (_STORED,), "beside": _AT_WORK, "sent_before": True, "lasts": 7200.0}
    return _scope("respond", sent, most, faults or {}, **rest)


_HELD: dict[str, Any] = {"holds": 1, "on_hold": (record_key_of("response", _STORED),)}

_ABSENT = Plan(
    "delete",
    (deletion("m1", KEY), deletion("m2", KEY, subject=""), deletion("m3", KEY, subject="")),
    absent=frozenset({KEY}),
    appears=True,
    holds=1,
    reports=False,
    sent_before=True,
)
"""A response that is not there yet; only the first of its messages names a person."""

_STORED_AND_HELD = (
    ("studio", "stores", KEY),
    ("holder", "places", subject_record_key(SUBJECTS[0])),
    ("holder1", "writes hold", ""),
    ("time", "passes", "11"),
    ("trigger", "delivers", "m3"),
)

_FAR_BEHIND = (
    deletion("m1", KEY, subject=""),
    *(deletion(f"o{at}", f"planted-{at}", subject="") for at in range(READ_AT_ONCE)),
    deletion("m2", KEY),
)
"""More keys than are read at once between two messages of one key."""

SCHEDULES: dict[str, tuple[Plan, tuple[Move, ...]]] = {
    "two retry messages of one number come together, called unequally often": (
        _deletions(3, {"DELETE 500": 1, "DELETE 429": 2}, messages=2, batch=2, sent_before=True),
        (
            ("trigger", "delivers", "m1"),
            ("trigger", "delivers", "m2"),
            ("w1", f"DELETE {KEY}", "500"),
            ("w2", f"DELETE {KEY}", "429"),
            ("w1", "acknowledges", ""),
            ("w2", "acknowledges", ""),
            ("time", "passes", "11"),
            ("trigger", "delivers", "c2+c1"),
            ("w3", f"DELETE {KEY}", "429"),
        ),
    ),
    "two retry messages have one number, and the batch of one comes back": (
        _deletions(2, {"DELETE down long": 1, "ack lost": 1}, messages=2, sent_before=True, visibility=60.0),
        (
            ("trigger", "delivers", "m1"),
            ("trigger", "delivers", "m2"),
            ("w1", f"DELETE {KEY}", "down long"),
            ("w2", f"DELETE {KEY}", ""),
            ("w2", "acknowledges", ""),
            ("w1", "acknowledges", "lost"),
            ("time", "passes", "62"),
            ("trigger", "delivers", "m1"),
            ("w3", "acknowledges", ""),
        ),
    ),
    "the body of a retry message that the queue gave up is sent alone": (
        _deletions(3, {CRASH: 2, "DELETE 429": 1}, moves=1, receives=2, sent_before=True),
        (
            ("trigger", "delivers", "m1"),
            ("w1", f"DELETE {KEY}", "429"),
            ("w1", "acknowledges", ""),
            ("time", "passes", "until something happens"),
            ("trigger", "delivers", "c1"),
            ("w2", f"DELETE {KEY}", CRASH),
            ("time", "passes", "until something happens"),
            ("trigger", "delivers", "c1"),
            ("w3", f"DELETE {KEY}", CRASH),
            ("time", "passes", "until something happens"),
            ("trigger", "delivers", "c1"),
            ("script", "moves the body of", "c1"),
        ),
    ),
    "an older retry message is moved back when no queue can hold the newer one any more": (
        _deletions(3, {"DELETE 429": 2, "ack lost": 1}, moves=1, receives=1, ages=(0.0, 4.5 * DAY), sent_before=True),
        (
            ("trigger", "delivers", "m1"),
            ("w1", f"DELETE {KEY}", "429"),
            ("w1", "acknowledges", ""),
            ("time", "passes", "until something happens"),
            ("trigger", "delivers", "c1"),
            ("w2", f"DELETE {KEY}", "429"),
            ("w2", "acknowledges", "lost"),
            ("time", "passes", "200"),
            ("trigger", "delivers", "c1"),
            ("queue", "is purged", ""),
            ("queue", "keeps all", f"{4.5 * DAY:.0f}"),
            ("script", "moves", "c1"),
        ),
    ),
    "a delivery is killed once it has a retry message, and another's watermark is as high": (
        _deletions(4, {"DELETE 429": 3, CRASH: 1}, messages=2, sent_before=True),
        (
            ("trigger", "delivers", "m1"),
            ("trigger", "delivers", "m2"),
            ("w1", f"DELETE {KEY}", "429"),
            ("w2", f"DELETE {KEY}", "429"),
            ("w1", "acknowledges", ""),
            ("w2", "sends to own queue", ""),
            ("w2", "writes open", CRASH),
            ("time", "passes", "130"),
            ("trigger", "delivers", "m2"),
            ("w3", f"DELETE {KEY}", "429"),
            ("w3", "acknowledges", ""),
        ),
    ),
    "two creates of a claimed key come together, one of which has a retry message": (
        _creates(2, {CRASH: 1, "ack lost": 1}, messages=3, batch=2, sent_before=True),
        (
            ("trigger", "delivers", "m1"),
            ("w1", f"POST {KEY}", CRASH),
            ("trigger", "delivers", "m3"),
            ("w2", "acknowledges", "lost"),
            ("time", "passes", "130"),
            ("trigger", "delivers", "m3+m2"),
            ("w3", "acknowledges", ""),
        ),
    ),
    "a message takes the place of a retry message that was purged, and is refused": (
        _deletions(2, {"DELETE 500": 1, "DELETE 400": 1}, messages=2, ages=(0.0,)),
        (
            ("producer", "sends", "m1"),
            ("trigger", "delivers", "m1"),
            ("w1", f"DELETE {KEY}", "500"),
            ("w1", "acknowledges", ""),
            ("queue", "is purged", ""),
            ("producer", "sends", "m2"),
            ("trigger", "delivers", "m2"),
            ("w2", f"DELETE {KEY}", "400"),
        ),
    ),
    "the body of a message is sent alone and ends before the delivery that the queue gave up": (
        _deletions(6, {DUPLICATE: 2, CRASH: 2, "DELETE 400": 2}, moves=1, receives=2, sent_before=True),
        (
            ("trigger", "delivers", "m1"),
            ("w1", f"DELETE {KEY}", "400"),
            ("trigger", "delivers again", "m1"),
            ("w2", f"DELETE {KEY}", CRASH),
            ("trigger", "delivers again", "m1"),
            ("script", "moves the body of", "m1"),
            ("trigger", "delivers", "c1"),
            ("w3", f"DELETE {KEY}", "400"),
            ("w3", "acknowledges", ""),
            ("w1", "sends to dead letters", CRASH),
        ),
    ),
    "the body of a dead letter is sent alone and ends before a late delivery of its message claims": (
        _creates(6, {DUPLICATE: 1, CRASH: 1, "POST 400": 2}, moves=1, redrives=1, sent_before=True),
        (
            ("trigger", "delivers", "m1"),
            ("trigger", "delivers again", "m1"),
            ("w1", f"POST {KEY}", "400"),
            ("w1", "acknowledges", ""),
            ("script", "moves the body of", "d1"),
            ("trigger", "delivers", "c2"),
            ("w3", f"POST {KEY}", "400"),
            ("w3", "acknowledges", ""),
            ("w2", f"POST {KEY}", CRASH),
            ("operator", "redrives", "d3"),
        ),
    ),
    "an absence answers a message that names a person, and a hold follows": (
        _ABSENT,
        (
            ("trigger", "delivers", "m2"),
            ("w1", "acknowledges", ""),
            ("trigger", "delivers", "m1"),
            ("w2", "acknowledges", ""),
            *_STORED_AND_HELD,
        ),
    ),
    "an absence answers a refused deletion that names a person, and a hold follows": (
        replace(_ABSENT, faults=frozenset({"DELETE 400"}), most=1),
        (
            ("trigger", "delivers", "m1"),
            ("w1", f"DELETE {KEY}", "400"),
            ("trigger", "delivers", "m2"),
            ("w2", "acknowledges", ""),
            ("w1", "acknowledges", ""),
            *_STORED_AND_HELD,
        ),
    ),
    "an absence answers a message that asks to go, and a registration with a date follows": (
        Plan(
            "respond",
            (
                request("x1", KEY, 0.0, reason="manual"),
                request("x2", KEY, 0.0),
                registration("m1", KEY, 40.0, 60 * DAY),
            ),
            beside=_AT_WORK,
            stores=(KEY,),
            absent=frozenset({KEY}),
            returns=1,
            lasts=40 * DAY,
            reports=False,
        ),
        (
            ("producer", "sends", "x1"),
            ("producer", "sends", "x2"),
            ("trigger", "delivers to delete_response", "x1"),
            ("trigger", "delivers to delete_response", "x2"),
            ("w2", "acknowledges", ""),
            ("w1", "acknowledges", ""),
            ("studio", "stores again", KEY),
        ),
    ),
    "a response goes with what continues it while another is asked for that has no record": (
        Plan(
            "respond",
            (request("x1", KEY, 0.0), request("x2", _STORED, 0.0, cascade=True)),
            beside=_AT_WORK,
            stores=(KEY, _STORED),
            lasts=DAY,
            sent_before=True,
            reports=False,
        ),
        (
            ("trigger", "delivers to delete_response", "x1"),
            ("trigger", "delivers to delete_response", "x2"),
            ("w1", f"DELETE {KEY}", ""),
            ("w2", "acknowledges", ""),
        ),
    ),
    "a message far behind in a batch names a person on hold": (
        Plan(
            "delete",
            _FAR_BEHIND,
            holds=1,
            reports=False,
            sent_before=True,
            batch=len(_FAR_BEHIND),
        ),
        (
            ("holder", "places", subject_record_key(SUBJECTS[0])),
            ("holder1", "writes hold", ""),
            ("time", "passes", "11"),
            ("trigger", "delivers", "+".join(sent.name for sent in _FAR_BEHIND)),
        ),
    ),
    "a deletion is refused and held at once, and its writer is killed": (
        _deletions(3, {DUPLICATE: 1, CRASH: 1, "DELETE 400": 1}, holds=1, sent_before=True),
        (
            ("trigger", "delivers", "m1"),
            ("w1", f"DELETE {KEY}", "400"),
            ("trigger", "delivers again", "m1"),
            ("holder", "places", record_key_of("response", KEY)),
            ("holder1", "writes hold", ""),
            ("w2", "sends to results", ""),
            ("w1", "sends to dead letters", CRASH),
            ("w2", "acknowledges", ""),
        ),
    ),
    "a claim comes late that was made before its delivery began a redrive": (
        _creates(3, {"write late": 1, "POST 400": 1}, moves=1, sent_before=True),
        (
            ("trigger", "delivers", "m1"),
            ("w1", f"POST {KEY}", "400"),
            ("w1", "acknowledges", ""),
            ("script", "moves the body of", "d1"),
            ("trigger", "delivers", "c2"),
            ("w2", "writes claimed", "late"),
            ("time", "passes", "until something happens"),
            ("w2", "sends to results", ""),
            ("ledger", "applies late", "0"),
        ),
    ),
    "an erasure is looked at twice at once, at its end": (
        Plan(
            "respond",
            (erasure("m1", SUBJECTS[0], 0.0),),
            frozenset({DUPLICATE}),
            1,
            beside=("erase_subject",),
            lasts=DAY,
            sent_before=True,
            reports=False,
        ),
        (
            *_looks(),
            ("trigger", "delivers to erase_subject", f"e{_LOOKS}"),
            ("w6", "looks at subject", ""),
            ("trigger", "delivers again to erase_subject", f"e{_LOOKS}"),
            ("w7", "sends to results", ""),
            ("w6", "sends to results", ""),
        ),
    ),
}
"""Runs that neither chance nor a search comes upon soon, move by move."""

_ASTRAY = {"write lost": 1, "write unseen": 1, "write twice": 1, "write late": 1}

SCOPES: dict[str, Plan] = {
    "a deletion twice at once, refused, held, a crash": _deletions(
        3, {DUPLICATE: 1, CRASH: 1, "DELETE 400": 1}, holds=1
    ),
    "a deletion refused, redriven, refused again, a crash": _deletions(3, {CRASH: 1, "DELETE 400": 2}, redrives=1),
    "a deletion twice at once, writes go astray": _deletions(2, {DUPLICATE: 1, CRASH: 1, **_ASTRAY}),
    "a deletion, throttled and refused, late writes": _deletions(
        3, {DUPLICATE: 1, "write late": 2, "DELETE 400": 1, "DELETE 429": 1}
    ),
    "a deletion twice at once, throttled, the queue fails": _deletions(
        2, {DUPLICATE: 1, "DELETE 429": 1, "send down": 1, "send unseen": 1}
    ),
    "two deletions of one response": _deletions(1, {"DELETE 429": 1, "DELETE 500 after": 1}, messages=2),
    "a create refused, redriven, refused again, a crash": _creates(3, {CRASH: 1, "POST 400": 2}, redrives=1),
    "a create twice at once, writes go astray": _creates(2, {DUPLICATE: 1, CRASH: 1, **_ASTRAY}),
    "a create, throttled and refused, late writes": _creates(
        2, {DUPLICATE: 1, "write late": 1, "POST 400": 1, "POST 429": 1}
    ),
    "a create twice at once, throttled, the queue fails": _creates(
        2, {DUPLICATE: 1, "POST 429": 1, "send down": 1, "send unseen": 1}
    ),
    "two creates with one key": _creates(1, {"POST 429": 1, "POST lost": 1}, messages=2),
    "a create by WebSocket, killed and cut off": _creates(
        2,
        {DUPLICATE: 1, CRASH: 1, "FRAME lost": 1, "FRAME lost after": 1, "FRAME 429": 1, "EVENT closed": 1},
        websocket=True,
    ),
    "a response registered, swept, and held at any moment": _registered(**_HELD),
    "a response registered, swept, and asked for": _registered(request("m2", _STORED, 0.0, reason="manual")),
    "a response registered, swept, and ordered to be held": _registered(
        order("m2", "place", "case 1", 0.0, response_id=_STORED)
    ),
    "a create forced": _creates(3, {CRASH: 1, "POST lost after": 2}, forces=1),
}
