"""What goes wrong during a soak: functions killed, servers stopped in their tracks, and an AI Studio in trouble."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from infra.local.environment import Environment
from tests.e2e.soak.proxy import QueueProxy

Fault = dict[str, Any]

LOSING = 0.03
"""The share of batches sent to a queue whose answer is lost while there is chaos."""

DELETE, POST, LOOK = ({"method": method} for method in ("DELETE", "POST", "GET"))
HTTP_FAULTS: list[Fault] = [
    {"status": 429, "headers": {"Retry-After": "1"}, "times": 4},
    {"status": 429, "headers": {"Retry-After": "40"}, "times": 2},
    {"status": 429, "times": 2},
    {"status": 500, "times": 6},
    {"status": 500, "effect": "before", "times": 6},
    {"status": 502, "html": True, "effect": "before", "times": 3},
    {"status": 503, "headers": {"Retry-After": "1"}, "times": 3},
    {"status": 504, "html": True, "delay": 0.5, "effect": "after", "times": 2},
    {"status": 404, "html": True, "times": 2},
    {"status": 401, "times": 1},
    {"status": 403, "times": 1},
    {"drop": "before", "times": 4},
    {"drop": "after", "times": 4},
    {"drop": "after", "reset": True, "times": 3},
    {"drop": "body", "body": {"padding": "x" * 100}, "times": 2},
    {"delay": 1.5, "times": 2},
    {"status": 200, "body": "<html>", "effect": "none", "times": 1},
]
SESSION_FAULTS: list[Fault] = [
    {"realtime": "close_before", "close_code": 1006, "times": 3},
    {"realtime": "close_before", "at": "session.update", "close_code": 1011, "times": 2},
    {"realtime": "close_after", "after_events": 0, "times": 3},
    {"realtime": "close_after", "after_events": 4, "close_code": 1011, "times": 2},
    {"realtime": "error_event", "error_type": "rate_limit_error", "times": 2},
    {"realtime": "error_event", "error_type": "server_error", "billed": True, "times": 2},
    {"realtime": "error_event", "error_type": "invalid_request_error", "at": "session.update", "times": 1},
    {"realtime": "foreign_done", "times": 2},
    {"realtime": "two_dones", "times": 2},
    {"realtime": "unknown_events", "times": 2},
    {"realtime": "done_status", "done_status": "incomplete", "times": 2},
    {"realtime": "slow", "delay": 0.1, "times": 1},
]
REFUSALS: list[Fault] = [{"match": DELETE, "status": 400}, {"match": POST, "status": 422}]


class Chaos:
    """Does one thing after the other to an environment; `done` counts them by name."""

    def __init__(self, environment: Environment, proxy: QueueProxy, seed: int) -> None:
        self._environment = environment
        self._proxy = proxy
        self._random = Random(seed)
        self._over = threading.Event()
        self.done: Counter[str] = Counter()
        self._ways = {
            "kill": self._kill,
            "storm": self._storm,
            "short pause of the servers": lambda: self._pause(environment.servers.pid, 0.5, 3.0),
            # Longer than a client of theirs waits: requests fail, and are carried out all the same, later.
            "long pause of the servers": lambda: self._pause(environment.servers.pid, 6.5, 9.0),
            "pause of the AI Studio": lambda: self._pause(environment.studio.pid, 0.5, 4.0),
            "queue that takes nothing": self._refuse,
        }

    def plan(self, kills: int, storms: int, rounds: int) -> list[str]:
        """So many kills and storms, and so often everything else, in a random order."""
        others = [name for name in self._ways if name not in ("kill", "storm")]
        planned = ["kill"] * kills + ["storm"] * storms + others * rounds
        self._random.shuffle(planned)
        return planned

    def strike(self, what: str) -> None:
        """Do one thing, and come back when it is over."""
        self._ways[what]()
        self.done[what] += 1

    def end(self) -> None:
        """Break off a pause, and leave no fault behind."""
        self._over.set()
        self._proxy.losing = 0.0
        self._environment.studio.clear_faults()

    def _kill(self) -> None:
        trigger = self._environment.triggers[self._random.choice(sorted(self._environment.triggers))]
        self._random.choice(trigger.runtimes).kill()

    def _pause(self, pid: int, shortest: float, longest: float) -> None:
        with paused(pid):
            self._over.wait(self._random.uniform(shortest, longest))

    def _refuse(self) -> None:
        self._proxy.refusing = True
        self._over.wait(self._random.uniform(2.0, 5.0))
        self._proxy.refusing = False

    def _storm(self) -> None:
        self._proxy.losing = LOSING
        matches = [DELETE, DELETE, POST, LOOK]
        faults = [{**fault, "match": self._random.choice(matches)} for fault in HTTP_FAULTS]
        faults += [{**fault} for fault in SESSION_FAULTS] + [{**fault} for fault in REFUSALS]
        self._random.shuffle(faults)
        self._environment.studio.faults(faults)


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """Stop a process where it stands, and let it go on after the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
