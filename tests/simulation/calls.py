"""How often a key may be called, and when a call may begin (I2, I6)."""

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tests.simulation.plan import Sent, record_key_of
from tests.simulation.process import Process
from tests.simulation.records import FINAL_STATES, state_of

if TYPE_CHECKING:
    from tests.simulation.world import World

Call = tuple[str, float]
"""A task and the deadline of its call, which both requests of a call have in common."""

_STEP = 0.05
"""Seconds that may pass between the question whether a call may begin, and its beginning."""


class Calls:
    """Counts the calls of each key, and knows which of them may have done what they were for."""

    def __init__(self, world: "World", function: str) -> None:
        self._world = world
        messages = [sent for sent in world.plan.messages if sent.key and not sent.to]
        self.record_keys = {sent.key: record_key_of(function, sent.key) for sent in messages}
        self._freely = {(sent.key, sent.content) for sent in messages if sent.retries_unknown}
        self.begun: Counter[str] = Counter()  # calls, by key
        self._steps: defaultdict[str, list[int]] = defaultdict(list)  # when calls were begun, by record
        self.last_begun: dict[str, int] = {}  # the step of each key's last call
        self._counted: defaultdict[str, set[Call]] = defaultdict(set)  # calls that count, by key
        self._deleted: set[tuple[str, str]] = set()  # (process, key) of deletions that were confirmed
        self._possible: Counter[str] = Counter()  # creates that may have been made, by key
        self._taken: defaultdict[str, Counter[str]] = defaultdict(Counter)  # billed frames of sessions, by key
        self._callers: dict[str, Process] = {}  # who is at a create now, by key
        self._contents: dict[str, str] = {}  # what a key stands for since its first call
        self._stood_for: defaultdict[str, set[str]] = defaultdict(set)  # the same, and before its record expired
        self.forced: set[tuple[str, int]] = set()  # (record, redrive) of what an operator redrove by force

    def begins(self, method: str, key: str, content: str) -> None:
        """A call begins."""
        self.tried(key)
        if method == "POST":
            self._create_begins(key, content, self._world.current.process)

    def tried(self, key: str) -> None:
        """A call begins, or is refused before anything of it is billed."""
        self.begun[key] += 1
        self.last_begun[key] = self._world.steps
        self._steps[self.record_keys[key]].append(self._world.steps)

    def takes(self, key: str, content: str, frame: str) -> None:
        """A session takes a billed frame: none is taken twice, unless its whole call may be made again."""
        self._taken[key][frame] += 1
        if self._taken[key][frame] > self._allowed(key, content):
            self._broken("I2: a frame of a session was sent once more, though the service had taken it")

    def may_begin(self) -> None:
        """A request of a call is about to be sent."""
        process = self._world.current.process
        if process.closed or len(process.denied) > 1:
            self._broken("breaker: a call was begun though the service had asked the batch for patience")
        function = self._world.ports_of(process.url).function
        if process.calls_end - self._world.t + _STEP < min(function.needs, 0.8 * process.window):
            self._broken("breaker: a call was begun with less time than it needs")

    def _create_begins(self, key: str, content: str, process: Process) -> None:
        first = self._contents.setdefault(key, content)
        self._stood_for[key].add(first)
        if first != content:
            self._broken(f"key_reused: the key stands for {first!r}, and {content!r} was asked for")
        if state_of(self._world.table.items.get(self.record_keys[key], {})) in FINAL_STATES:
            self._broken("I2: asked for again, though its outcome is on record")
        if key in self._callers and self._callers[key] in self._world.processes:
            self._broken("I2: asked for while another caller is at it")
        self._callers[key] = process
        self._possible[key] += 1
        if self._possible[key] > self._allowed(key, content):
            self._broken("I2: asked for once more, though the calls before may have done it")

    def _allowed(self, key: str, content: str) -> int:
        record_key = self.record_keys[key]
        if (key, content) in self._freely:
            retries = self._world.checker.retries
            return retries.chains(record_key) * self._world.plan.attempts + retries.cut[record_key]
        return 1 + sum(1 for forced, _ in self.forced if forced == record_key)

    def may_have_happened(self, key: str) -> bool:
        """Whether a create may have been made that nobody may make again."""
        record_key, free = self.record_keys[key], any(key == each for each, _ in self._freely)
        return self._possible[key] > 0 and not free and not any(forced == record_key for forced, _ in self.forced)

    def stands_for(self, sent: Sent) -> bool:
        """Whether a message's key stands for other content than the message's, and always did."""
        return sent.key in self._stood_for and sent.content not in self._stood_for[sent.key]

    def since(self, record_key: str, step: int) -> int:
        """How many calls of a record were begun since then."""
        return sum(1 for each in self._steps[record_key] if each >= step)

    def create_ended(self, key: str, *, refused: bool) -> None:
        """A create's request has ended; `refused`: it is known that nothing was made."""
        self._callers.pop(key, None)
        self._possible[key] -= refused

    def deleted(self, key: str) -> None:
        """A caller learns that its deletion happened."""
        self._deleted.add((self._world.current.process.name, key))

    def acknowledged(self, key: str, state: str | None) -> None:
        """A caller acknowledges a message of this key."""
        if (self._world.current.process.name, key) in self._deleted and state != "deleted":
            self._broken(f"I4: the deletion was confirmed, and its record says {state}")

    def counts(self, key: str, call: Call, *, unknown: bool) -> None:
        """A request has ended; `unknown`: nobody can say whether it did what it was for, so its call counts."""
        (self._counted[key].add if unknown else self._counted[key].discard)(call)

    def lapsed(self, record_key: str) -> None:
        """The record of a key has expired: what was asked for before counts no longer."""
        for key in [key for key, of in self.record_keys.items() if of == record_key]:
            self._possible.pop(key, None)
            self._taken.pop(key, None)
            self._contents.pop(key, None)

    def dead_lettered(self, key: str, attempts: int) -> None:
        """A record says that so many attempts were made; a claim that was not given back may be counted once more."""
        record_key, retries = self.record_keys[key], self._world.checker.retries
        if attempts > self.begun[key] + retries.cut[record_key] + retries.faulty[record_key]:
            self._broken(f"H21: {attempts} attempts on record, and {self.begun[key]} calls")

    def final(self) -> None:
        """The calls that count stay within the budget of each chain; what cut a delivery short may cost one more."""
        quiet = not self._world.used and not self._world.paused
        for key in sorted({key for _, key in self._deleted} if quiet else ()):
            if state_of(self._world.table.items.get(self.record_keys[key], {})) != "deleted":
                self._broken("I4: a deletion was confirmed, and its record never said so")
        budget, retries = self._world.plan.attempts, self._world.checker.retries
        for key, calls in self._counted.items():
            record_key = self.record_keys[key]
            if (
                len(calls)
                > budget * (retries.chains(record_key) + retries.excused[record_key]) + retries.cut[record_key]
            ):
                self._broken(f"I6: {len(calls)} calls that count, of a budget of {budget}")

    def _broken(self, what: str) -> None:
        self._world.violation(what)

    def digest(self) -> tuple[Any, ...]:
        """What later verdicts depend on."""
        calls = tuple((key, len(calls)) for key, calls in sorted(self._counted.items()))
        return (
            frozenset(self.forced),
            frozenset(self.begun.items()),
            frozenset(self._possible.items()),
            frozenset(self._callers),
            tuple((key, frozenset(frames.items())) for key, frames in sorted(self._taken.items())),
            calls,
        )
