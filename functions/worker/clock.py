"""The clock as a parameter, and an invocation's deadline."""

import time
from dataclasses import dataclass
from typing import Protocol

from documents.time_budget import LONGEST_REQUEST, AtOnce, Budget, Within, directly, in_order


class Clock(Protocol):
    """Tells the time, and waits. All times are in seconds."""

    def now(self) -> float:
        """Return seconds since the epoch, to compare with other machines' times."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never jump, to measure with."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait. Use it for short waits only, because waiting in a function is billed."""
        ...


class SystemClock:
    """The machine's own clock."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


MARGIN = 10.0
"""Seconds kept for settling a batch after its calls, at most a third of the invocation's time."""
_LAST_WORDS = 0.03
"""The share of them that is kept for the log lines about the batch's end."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When an invocation is killed, and when its calls must have ended so that it can settle them before.

    `ends` and `calls_end` are on the monotonic clock, `killed_at` is epoch seconds, `window` is what calls had.
    `within` holds requests to other services to their time, and `at_once` carries them out side by side.
    """

    clock: Clock
    ends: float
    calls_end: float
    window: float
    killed_at: float
    within: Within = directly
    at_once: AtOnce = in_order

    @classmethod
    def after(cls, seconds: float, clock: Clock, within: Within = directly, at_once: AtOnce = in_order) -> "Deadline":
        """Make the deadline of an invocation that has this many seconds left."""
        window = seconds - min(MARGIN, seconds / 3)
        begun = clock.monotonic()
        return cls(clock, begun + seconds, begun + window, window, clock.now() + seconds, within, at_once)

    def budget(self, longest: float = LONGEST_REQUEST) -> Budget:
        """Make one service's budget for this invocation. `longest` is the most seconds that a request to it takes.

        In an invocation too short for that, a request may begin with two thirds of the time kept for settling.
        """
        margin = self.ends - self.calls_end
        longest = min(longest, margin * 2 / 3)
        return Budget(lambda: self.left() - margin * _LAST_WORDS, longest, self.within, self.at_once)

    def left(self) -> float:
        """Return the seconds left to the invocation."""
        return self.ends - self.clock.monotonic()

    def left_for_calls(self) -> float:
        """Return the seconds that a call beginning now may take."""
        return self.calls_end - self.clock.monotonic()
