"""What one simulated run is made of: which function, which messages, which faults, and how many of them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from ledger import Keys
from worker.settings import Settings

SECRET = "planted-hash-secret"
TOKEN = "planted-token"
CONTENT = "planted content"
SUBJECT = "planted-subject"

FAULTS: dict[str, tuple[str, ...]] = {
    # down, down long, down for an hour: the same for everybody and everything of this kind; long is seventy seconds.
    "read": ("throttled", "timeout", "partial", "down", "down long"),
    # unseen: applied, but no answer; lost: neither; late: no answer, and applied some time later;
    # twice: applied, no answer, and sent once more by the client library, whose second answer counts.
    "write": ("throttled", "conflict", "lost", "unseen", "late", "twice", "down", "down long"),
    "send": ("refused", "partial", "lost", "unseen", "twice", "down", "down long"),
    "result": ("refused", "partial", "lost", "unseen", "twice", "down", "down long", "down for an hour"),
    "ack": ("lost",),
    "DELETE": (
        "no connection",
        "lost",
        "lost after",
        "slow",
        "slow after",
        "429",
        "429 wait 2",
        "429 wait 600",
        "400",
        "401",
        "403",
        "404 html",
        "409",
        "500",
        "500 after",
        "503 wait 2",
        "503 wait after",
        "not deleted",
        "down",
        "down long",
    ),
    "GET": ("no connection", "lost", "slow", "429", "403", "404 html", "500", "503 wait 2"),
    "POST": (
        "no connection",
        "lost",
        "lost after",
        "slow",
        "slow after",
        "429",
        "429 wait 2",
        "429 wait 600",
        "400",
        "401",
        "403",
        "500",
        "500 after",
        "503 wait 2",
        "503 wait after",
        "down",
        "down long",
    ),
}
OUTAGES = {"down": 1.0, "down long": 70.0, "down for an hour": 3600.0}
WHILE_DOWN = {
    "read": "throttled",
    "write": "throttled",
    "send": "refused",
    "result": "refused",
    "DELETE": "429",
    "GET": "429",
    "POST": "429",
}
CRASH, DUPLICATE, GHOST = "crash", "duplicate", "ghost"
PERSON_CRASH = "a person's program crashes"

BEGUN = 1_800_000_000.0
"""Epoch seconds at which every run begins."""

_DEFAULTS = Settings.read(
    dict.fromkeys(("YDB_DOCAPI_ENDPOINT", "QUEUE_URL", "DEAD_LETTER_QUEUE_URL"), "https://x")
    | dict.fromkeys(("AISTUDIO_FOLDER_ID", "HASH_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), SECRET),
)
LEASE_MARGIN = _DEFAULTS.lease_margin
HOLD_WINDOW = _DEFAULTS.hold_window
QUEUE_RETENTION = _DEFAULTS.queue_retention
SETTLING = HOLD_WINDOW + 60.0
"""Seconds after which a hold can be relied on: the window and the longest call. (One clock measures both ends here.)"""
MAX_AGE = _DEFAULTS.max_age
KEYS = Keys(SECRET)


def every_fault() -> frozenset[str]:
    """Names of all faults, as a plan lists them."""
    named = {f"{kind} {fault}" for kind, faults in FAULTS.items() for fault in faults}
    return frozenset(named | {CRASH, PERSON_CRASH, DUPLICATE, GHOST})


@dataclass(frozen=True, slots=True)
class Sent:
    """A producer's message. ``key`` is its business key, empty for one that no function can read."""

    name: str
    key: str
    body: str
    retries_unknown: bool = False
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One run's fixed part; times are in seconds.

    ``faults`` names what may happen, ``most`` how often altogether, ``at_most`` how often each (else as often as can
    be). ``forgetful``: a message may stay in its queue for so long that it is dropped. ``sent_before``: all messages
    are there from the beginning; ``one_by_one``: each is sent once nothing is left of those before. ``steady``: no
    process is stopped for a while. ``reports``: a hold is reported on, and released. ``forbidden`` names ends that no
    message may have here: ``unknown`` for a parking as that, ``moved`` for the queue's own redrive policy.
    """

    function: str
    messages: tuple[Sent, ...]
    faults: frozenset[str] = frozenset()
    most: int = 0
    at_most: tuple[tuple[str, int], ...] = ()
    workers: int = 2
    batch: int = 1
    holds: int = 0
    reports: bool = True
    redrives: int = 0
    forces: int = 0
    skews: tuple[float, ...] = (0.0,)
    receives: int = 5
    attempts: int = 3
    timeout: float = 60.0
    visibility: float = 120.0
    slow_call: float = 0.0
    tick: float = 0.01
    at_once: int = 16
    forgetful: bool = False
    hold_subject: bool = False
    steady: bool = False
    sent_before: bool = False
    one_by_one: bool = False
    absent: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    allowed: dict[str, tuple[str, ...]] = field(init=False)

    limits: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "limits", dict(self.at_most))
        chosen = {kind: tuple(f for f in all_ if f"{kind} {f}" in self.faults) for kind, all_ in FAULTS.items()}
        object.__setattr__(self, "allowed", chosen)


def deletion(name: str, response_id: str, due: float = 0.0, *, of_nobody: bool = False) -> Sent:
    """A message that asks for a deletion, at ``due`` seconds after the beginning; ``of_nobody`` names no subject."""
    body = {"response_id": response_id, "reason": "erasure" if name != "m1" else "retention"}
    if not of_nobody:
        body["subject"] = SUBJECT
    if due:
        body["not_before"] = datetime.fromtimestamp(BEGUN + due, UTC).isoformat()
    return Sent(name, response_id, json.dumps(body), due=BEGUN + due if due else 0.0)


def creation(name: str, event_id: str = "", on_unknown: str = "dead_letter") -> Sent:
    """A message that asks for a response; without an ``event_id`` its key is its message id, which is its name.

    Its instructions end in the key: by them the service sees who asks, whatever else the request says or leaves out.
    """
    key = event_id or name
    body = {"type": "response.create", "response": {"instructions": f"{CONTENT} {key}"}, "on_unknown": on_unknown}
    if event_id:
        body["event_id"] = event_id
    return Sent(name, key, json.dumps(body), on_unknown == "retry")


def hold_row(plan: Plan, response_id: str) -> str:
    """The row that holds are placed on: the response's, or that of whom it concerns."""
    return KEYS.key("subject", SUBJECT) if plan.hold_subject else row_key("response", response_id)


@cache
def row_key(function: str, key: str) -> str:
    """The ledger's key of a business key."""
    return KEYS.key(function, key)
