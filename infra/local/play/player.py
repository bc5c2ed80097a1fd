"""Playing samples: each is sent to its function in the local environment, and watched until it has ended."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from infra.local.catalog import namespace_of
from infra.local.cloud.runtime import Runtime
from infra.local.environment import Environment
from infra.local.play.observe import Observed, Observer
from infra.local.samples.case import Case
from infra.local.samples.deleted import deleted
from ledger import Holds, Keys, Ledger

PATIENCE = 60.0
"""Seconds in which nothing changes until what has not ended is given up: a busy machine is slow, but goes on."""
LOOK_EVERY = 0.3
"""Seconds between two looks at the queues."""
REALTIME = "realtime_"
"""What the names of functions that open sessions begin with."""


@dataclass
class Run:
    """One sample under way: the ids under which its messages are delivered, and how each was last seen."""

    case: Case
    message_ids: list[str]
    observed: list[Observed] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with messages that are on their way."""
        self.observed = self.observed or [Observed() for _ in self.message_ids]

    @property
    def differences(self) -> list[str]:
        """What did not end as the file says."""
        wrong = [
            f"message {number}: {difference}"
            for number, (seen, wanted) in enumerate(zip(self.observed, self.case.sample.ends, strict=True), 1)
            for difference in seen.differences(wanted)
        ]
        return self.unexpected + wrong

    def records(self, keys: Keys) -> set[str]:
        """The ledger records that its messages may have: that of the business id, or that of the message itself."""
        function, each = self.case.function, zip(self.message_ids, self.case.sample.ends, strict=True)
        return {
            record
            for message_id, end in each
            for record in (
                keys.key(namespace_of(function), end.key or message_id),
                keys.key(f"{function}:message", message_id),
            )
        }

    @property
    def over(self) -> bool:
        """Whether each message has ended, as it should or in another way."""
        ends = zip(self.observed, self.case.sample.ends, strict=True)
        return all(seen.over or not seen.differences(wanted) for seen, wanted in ends)

    @property
    def settled(self) -> int:
        """How many of its messages have ended as they should."""
        ends = zip(self.observed, self.case.sample.ends, strict=True)
        return sum(not seen.differences(wanted) for seen, wanted in ends)


class Player:
    """Sends samples, one after the other, until it is told that all is over."""

    def __init__(self, environment: Environment, over: threading.Event) -> None:
        self.runs: list[Run] = []
        self._environment = environment
        self._over = over
        self._store = Ledger(environment.dynamodb, environment.ledger)
        self._holds = Holds(self._store, settling=0)
        self._keys = Keys(environment.settings["HASH_KEY"])
        self._runtimes: dict[tuple[str, ...], Runtime] = {}

    def play(self, chosen: Sequence[Case]) -> None:
        """Begin all samples; those whose return the queue has to wait out come first, then those that need quiet."""
        try:
            for case in sorted(chosen, key=lambda case: (not case.sample.returns, not case.sample.strikes_anyone)):
                if case.sample.strikes_anyone:
                    self._wait(lambda: all(run.over for run in self.runs if not run.case.sample.returns))
                if self._over.is_set():
                    break
                self.runs.append(self._begin(case.redated(time.time(), self._environment.settings["HASH_KEY"])))
        finally:
            for runtime in self._runtimes.values():
                runtime.stop()

    def _begin(self, case: Case) -> Run:
        """Prepare what the sample needs, deliver its messages for the first time, and wait until that is over."""
        sample, studio = case.sample, self._environment.studio
        if sample.stored:
            studio.seed(*sample.stored)
        for response_id, fields in sample.stored_as.items():
            studio.seed(response_id, **fields)
        for response_id in sample.holds:
            self._holds.place(self._keys.key(namespace_of(case.function), response_id), "demo", time.time())
        for response_id in sample.deleted:
            self._store.write(deleted(self._keys.key("response", response_id), response_id, time.time()))
        for end in sample.ends:
            if sample.realtime_post is not None and end.key is not None:
                studio.realtime_post(sample.realtime_post, end.key)
        for fault in sample.faults:
            studio.fault(**fault)
        return self._invoke(case) if sample.via == "invoke" else self._send(case)

    def _invoke(self, case: Case) -> Run:
        reply = self._runtime(case).invoke(case.event)
        run = Run(case, [message["message_id"] for message in case.messages])
        if not reply.ok:
            run.unexpected.append(f"the call {reply.ended}: {reply.error} {reply.message}")
        return run

    def _runtime(self, case: Case) -> Runtime:
        """The instance that serves direct calls with these settings."""
        settings = case.sample.settings
        name = (case.function, *(f"{name}={value}" for name, value in sorted(settings.items())))
        if name not in self._runtimes:
            self._runtimes[name] = self._environment.runtime(case.function, **settings)
            self._runtimes[name].warm()
        return self._runtimes[name]

    def _send(self, case: Case) -> Run:
        bodies = [message["body"] for message in case.messages]
        run = Run(case, self._environment.send(case.function, *bodies, attributes=case.queue_attributes()))
        self._wait(lambda: self._delivered(run))  # samples must not share a batch
        return run

    def _delivered(self, run: Run) -> bool:
        seen = {message_id for each in list(self._environment.seen) for message_id in each.message_ids}
        return seen.issuperset(run.message_ids)

    def _wait(self, holds: Callable[[], bool]) -> None:
        while not holds() and not self._over.wait(0.02):
            pass


def play(
    environment: Environment,
    chosen: Sequence[Case],
    patience: float = PATIENCE,
    progress: Callable[[int], Any] = lambda _: None,
) -> list[Run]:
    """Play samples, the functions side by side, until each has ended, as it should or not.

    `patience`: seconds in which nothing changes until what has not ended is given up; what was not begun by then is
    left out. `progress` is told how many messages have ended as they should.
    """
    over, observer = threading.Event(), Observer(environment)
    changed, before = time.monotonic(), list[list[Observed]]()
    # A fault that strikes any session would strike another function's: functions that open sessions take turns.
    parts = defaultdict[str, list[Case]](list)
    for case in chosen:
        parts[REALTIME if case.function.startswith(REALTIME) else case.function].append(case)
    players = {name: Player(environment, over) for name in parts}

    def look(watched: Sequence[Run]) -> bool:
        observer.look()
        for run in watched:
            run.observed = [observer.observe(run.case, index, each) for index, each in enumerate(run.message_ids)]
        return all(run.over for run in watched)

    with ThreadPoolExecutor(len(players) or 1) as pool:
        playing = [pool.submit(player.play, parts[name]) for name, player in players.items()]
        try:
            while time.monotonic() < changed + patience:
                begun = [each.result() for each in playing if each.done()]  # raises what a player raised
                runs = [run for player in players.values() for run in player.runs]
                # The last look is at all of them: calls are counted before records are read, and may have grown since.
                ended = look([run for run in runs if not run.over]) and len(begun) == len(playing) and look(runs)
                progress(sum(run.settled for run in runs))
                if ended:
                    break
                if (now := [list(run.observed) for run in runs]) != before:
                    changed, before = time.monotonic(), now
                time.sleep(LOOK_EVERY)
        finally:
            over.set()
    return sorted((run for player in players.values() for run in player.runs), key=lambda run: run.case.title)
