"""What can go wrong, by the kind of effect that it meets, and how much time each costs."""

from documents.time_budget import LONGEST_REQUEST

_OUTAGES = ("down", "down long", "silent", "slow long")

FAULTS: dict[str, tuple[str, ...]] = {
    "read": ("throttled", "timeout", "partial", "slow", *_OUTAGES),
    "query": ("throttled", "timeout", "stale", *_OUTAGES),
    # unseen: applied, but no answer; lost: neither; late: no answer, and applied some time later;
    # twice: applied, and sent once more on the way, whose second answer counts.
    "write": ("throttled", "conflict", "lost", "unseen", "late", "twice", "slow", *_OUTAGES, "down for an hour"),
    "send": ("refused", "partial", "lost", "unseen", "twice", "slow", *_OUTAGES),
    "result": ("refused", "partial", "lost", "unseen", "twice", "slow", *_OUTAGES, "down for an hour"),
    "store": ("refused", "lost", "unseen", "slow"),
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
        "bug",
        "bug after",
        "down",
        "down long",
        "silent",
    ),
    "GET": ("no connection", "lost", "slow", "429", "403", "404 html", "500", "503 wait 2", "bug"),
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
        "bug",
        "bug after",
        "down",
        "down long",
        "silent",
    ),
    "CANCEL": ("lost", "lost after", "429", "500"),
    # The steps of a realtime session: its handshake, the frame that asks for a response, and all that is received.
    "OPEN": ("no connection", "403", "429", "500"),
    "FRAME": ("lost", "lost after", "400", "429", "500"),
    "EVENT": ("closed", "closed 1008", "slow"),
}

OUTAGES = {
    "down": (1.0, "busy"),
    "down long": (70.0, "busy"),
    "down for an hour": (3600.0, "busy"),
    "silent": (70.0, "silent"),
    "slow long": (70.0, "slow"),
}
"""Outages meet everybody and everything of a kind: for how many seconds, and what each request meets meanwhile."""

_BUSY = {
    "read": "throttled",
    "query": "throttled",
    "write": "throttled",
    "send": "refused",
    "result": "refused",
    "store": "refused",
}
_SILENT = {"read": "timeout", "query": "timeout", "write": "lost", "send": "lost", "result": "lost", "store": "lost"}
MEANWHILE = {
    "busy": _BUSY | dict.fromkeys(("DELETE", "GET", "POST"), "429"),
    "silent": _SILENT | dict.fromkeys(("DELETE", "GET", "POST"), "slow"),
    "slow": dict.fromkeys(FAULTS, "slow"),
}

CRASH, DUPLICATE, GHOST = "crash", "duplicate", "ghost"
PERSON_CRASH = "a person's program crashes"

SERVICES = frozenset({"read", "query", "write", "send", "result", "store"})
"""Kinds of effects on the services that settle a message; the others are calls of the API, and acknowledgements."""

SLOW = 0.9
"""Seconds that a slow service takes for a request."""


SILENCE = LONGEST_REQUEST
"""Seconds after which the client gives up a service that says nothing."""

COSTS = dict.fromkeys(("timeout", "lost", "unseen", "late"), SILENCE) | {"twice": 0.0, "slow": SLOW}
"""Seconds that a request takes which meets a fault; others are quick."""


def every_fault() -> frozenset[str]:
    """Names of all faults, as a plan lists them."""
    named = {f"{kind} {fault}" for kind, faults in FAULTS.items() for fault in faults}
    return frozenset(named | {CRASH, PERSON_CRASH, DUPLICATE, GHOST})
