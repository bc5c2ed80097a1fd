"""How much may be done for one key: copies of it, calls that count, calls that must not repeat."""

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tests.simulation.plan import DUPLICATE, GHOST, row_key
from tests.simulation.process import Process
from tests.simulation.queues import Post

if TYPE_CHECKING:
    from tests.simulation.world import World

_DOUBLING = (DUPLICATE, GHOST, "send unseen", "send twice")
"""Faults after which a copy of the same number may be made once more, as where its mark could not be written."""

Call = tuple[str, float]
"""A task and the deadline of its call, which both requests of a call have in common."""


class Budgets:
    """Counts what is done. Whatever excuses doing it once more is counted too, so that no bound is a guess.

    Messages of one key with different dates are left out: they take the mark from each other.
    """

    def __init__(self, world: "World", function: str) -> None:
        self._world = world
        messages = [sent for sent in world.plan.messages if sent.key]
        dates = {(row_key(function, sent.key), sent.due) for sent in messages}
        self._rows = {sent.key: row_key(function, sent.key) for sent in messages}
        self._dated = {row for row, count in Counter(row for row, _ in dates).items() if count > 1}
        self._freely = {sent.key for sent in messages if sent.retries_unknown}
        self._copies: Counter[tuple[str, tuple[int, int]]] = Counter()  # (row, number) of all that were ever put
        self._copiers: set[tuple[str, str]] = set()  # (process, row) of whoever put one
        self._unmarked: set[tuple[str, str]] = set()  # those of them whose mark may be missing
        self._cut: Counter[str] = Counter()  # deliveries that were killed or came back, by row
        self._begun: Counter[str] = Counter()  # calls, by key
        self._calls: defaultdict[str, set[Call]] = defaultdict(set)  # those that count, by key
        self._possible: Counter[str] = Counter()  # creates that were begun and may have been made, by key
        self.forced: set[tuple[str, int]] = set()
        """(row, redrive) of what an operator redrove by force."""

    def put(self, post: Post) -> None:
        """A message was put into the function's queue: its copies are one chain a generation, numbered from 0."""
        redrive, seq = post.number
        self._copies[post.row, post.number] += 1
        if post.attributes:
            self._copiers.add((self._world.current.process.name, post.row))
        made, chains = self._copies[post.row, post.number], self._copies[post.row, (redrive, 0)]
        if seq and post.row not in self._dated and made > chains + self._doubled(post.row):
            self._world.violation(f"H20: {made} copies number {seq} of {chains} messages")

    def _doubled(self, row: str) -> int:
        unmarked = sum(1 for _, of in self._unmarked if of == row)
        return unmarked + sum(self._world.used[fault] for fault in _DOUBLING)

    def may_lack_its_mark(self, process: Process) -> None:
        """A process was killed, or a write of it failed."""
        self._unmarked |= {each for each in self._copiers if each[0] == process.name}

    def cut(self, rows: frozenset[str]) -> None:
        """Deliveries of these rows were killed, or came back unsettled."""
        self._cut.update(rows)

    def was_cut(self, row: str) -> bool:
        """Whether that ever happened to this row."""
        return self._cut[row] > 0

    def killed(self, process: Process) -> None:
        """A process is no more."""
        self.cut(process.rows)
        self.may_lack_its_mark(process)

    def begins(self, key: str) -> None:
        """A call begins."""
        self._begun[key] += 1

    def parked(self, key: str, attempts: int) -> None:
        """A row says that so many attempts were made; a caller that did not get on may be counted once more."""
        begun, row = self._begun[key], self._rows[key]
        if attempts > begun + self._cut[row] + self._doubled(row):
            self._world.violation(f"H21: {attempts} attempts on record, and {begun} calls")

    def counts(self, key: str, call: Call, *, unknown: bool) -> None:
        """A request has ended; ``unknown``: nobody can say whether it did what it was for, so its call counts."""
        (self._calls[key].add if unknown else self._calls[key].discard)(call)

    def create_begins(self, key: str) -> None:
        """The call is one that must not repeat."""
        self._possible[key] += 1
        allowed = 1 + sum(1 for row, _ in self.forced if row == self._rows[key])
        if self._possible[key] > allowed and key not in self._freely:
            self._world.violation("I2: asked for a second time, though the first call may have done it")

    def create_refused(self, key: str) -> None:
        """It is known that nothing was made."""
        self._possible[key] -= 1

    def final(self) -> None:
        """The calls that count stay within the budget of each chain; what cut a delivery short may cost one more."""
        budget = self._world.plan.attempts
        for key, calls in self._calls.items():
            row = self._rows[key]
            chains = sum(count for (of, (_, seq)), count in self._copies.items() if of == row and not seq)
            if row not in self._dated and len(calls) > budget * (chains + self._doubled(row)) + self._cut[row]:
                self._world.violation(f"I6: {len(calls)} calls that count, of a budget of {budget}")

    def digest(self) -> tuple[Any, ...]:
        """What later verdicts depend on."""
        calls = tuple((key, len(calls)) for key, calls in sorted(self._calls.items()))
        return (
            frozenset(self.forced),
            frozenset(self._begun.items()),
            frozenset(self._copies.items()),
            frozenset(self._possible.items()),
            calls,
        )
