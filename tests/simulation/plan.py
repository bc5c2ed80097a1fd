"""What one simulated run is made of: which function, which messages, which faults, and how many of them."""

from dataclasses import dataclass, field
from functools import cache

from ledger import Keys
from tests.simulation.faults import CRASH, FAULTS
from tests.simulation.messages import BEGUN, SUBJECTS, Sent
from worker.send.queue_message import MAX_BYTES
from worker.settings import Settings

SECRET = "planted-hash-secret"
TOKEN = "planted-token"

_DEFAULTS = Settings()
LEASE_MARGIN = _DEFAULTS.lease_margin
HOLD_WINDOW = _DEFAULTS.hold_window
SETTLING = HOLD_WINDOW + 60.0
"""Seconds after which a hold can be relied on: the window and the longest call. (One clock measures both ends here.)"""
MAX_AGE = _DEFAULTS.max_age
DAY = 86_400.0
QUEUE_KEEPS = 4 * DAY
"""Seconds that the function's queue keeps a message; the dead-letter queue keeps it for `DEAD_KEEPS`."""
DEAD_KEEPS = 14 * DAY
LONGEST_DELAY = 900.0
OURS = 700
"""Bytes that our own attributes take at the most."""
KEYS = Keys(SECRET)


@dataclass(frozen=True, slots=True)
class Plan:
    """One run's fixed part; times are in seconds.

    `beside`: the functions that work beside it, each with a queue of its own. `faults` names what may happen,
    `most` how often altogether, `at_most` how often each (else as often as can be). `gathers`: how long the
    trigger waits for more messages. `ages`: how long everything may be left alone, once each (0: the function's
    queue is purged instead). `sent_before`: all messages are there from the beginning; `one_by_one`: each is sent
    once nothing is left of those before. `steady`: no process is stopped for a while. `reports`: a hold is
    reported on, and released. `on_hold`: the records that holds are placed on, if not on any. `moves`: how many
    dead letters scripts move back that know nothing of redrives. `appears`: what was absent may be stored later.
    `large`: results are too large for the results queue. `retired`: until then every call is rejected, since the
    deployment is wrong; `denied`: these keys never are let in. `prompt`: where nothing else goes wrong, no more is
    to be done than so many seconds take. `forbidden` names ends that no message may have here: `unknown` for a
    dead letter as that, `moved` for the queue's own redrive policy, `doubled` for more messages of a key than its
    producers sent. `max_bytes`: what the function's queues take, attributes included. `websocket`: creates go by
    WebSocket. `stores`: responses that other applications have stored. `lasts`: for how long the timers tick, as
    soon as something is due; `ticks`: how often besides. `seals`: days are sealed. `returns`: how often a deleted
    response is there again. `refused`: responses whose deletions are rejected. `quota`: how many calls the service takes
    at a time, if not all; it refuses more.
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
    on_hold: tuple[str, ...] = ()
    redrives: int = 0
    forces: int = 0
    moves: int = 0
    skews: tuple[float, ...] = (0.0,)
    receives: int = 50
    gathers: float = 0.0
    attempts: int = 3
    max_age: float = MAX_AGE
    timeout: float = 60.0
    visibility: float = 120.0
    slow_call: float = 0.0
    tick: float = 0.01
    at_once: int = 16
    ages: tuple[float, ...] = ()
    steady: bool = False
    sent_before: bool = False
    one_by_one: bool = False
    appears: bool = False
    large: bool = False
    retired: float = 0.0
    denied: frozenset[str] = frozenset()
    prompt: float = 60.0
    bucket: bool = False
    absent: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    max_bytes: int = MAX_BYTES
    websocket: bool = False
    beside: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    lasts: float = 0.0
    ticks: int = 0
    seals: bool = False
    returns: int = 0
    refused: frozenset[str] = frozenset()
    quota: int = 0
    allowed: dict[str, tuple[str, ...]] = field(init=False)
    limits: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "limits", dict(self.at_most))
        chosen = {kind: tuple(f for f in all_ if f"{kind} {f}" in self.faults) for kind, all_ in FAULTS.items()}
        object.__setattr__(self, "allowed", chosen)

    @property
    def crashes(self) -> bool:
        """Whether a process may be killed; where none is, a message must end by itself."""
        return CRASH in self.faults

    def oversized(self, sent: Sent) -> bool:
        """Whether a message fits into its queue only as long as it carries nothing of ours."""
        return len(sent.body) > self.max_bytes - OURS

    def targets(self) -> list[str]:
        """The records that a hold can be placed on: any response's own, and that of anybody whom a message concerns."""
        if self.on_hold:
            return list(self.on_hold)
        keys = dict.fromkeys(sent.key for sent in self.messages if sent.key)
        people = dict.fromkeys(sent.subject for sent in self.messages if sent.subject)
        return [*(record_key_of("response", key) for key in keys), *(subject_record_key(each) for each in people)]


@cache
def record_key_of(function: str, key: str) -> str:
    """The ledger's key of a business key."""
    return KEYS.key(function, key)


@cache
def subject_record_key(subject: str) -> str:
    """The record that holds a person's legal holds."""
    return KEYS.key("subject", subject)


__all__ = ["BEGUN", "SUBJECTS", "Plan", "Sent"]
