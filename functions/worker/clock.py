"""Time as a parameter: the clock, and an invocation's deadline."""

import time
from dataclasses import dataclass
from typing import Protocol

from documents.budget import LONGEST_REQUEST, Budget, Within, directly


class Clock(Protocol):
    """Where time comes from, and how it is waited for; seconds throughout."""

    def now(self) -> float:
        """Seconds since the epoch, to compare with other machines' times."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump, to measure with."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait. Only for short waits: waiting in a function is billed."""
        ...


class SystemClock:
    """The machine's own clock."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


MARGIN = 10.0
"""Seconds kept for settling a batch after its calls, at most a third of the invocation's time."""
_LAST_WORDS = 0.03
"""What of them is kept for saying how the batch ended."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When an invocation is killed, and when its calls must have ended so that it can settle them before.

    `ends` and `calls_end` are on the monotonic clock, `killed_at` is epoch seconds, `window` is what calls had. `within` holds requests to other services to their time.
    """

    clock: Clock
    ends: float
    calls_end: float
    window: float
    killed_at: float
    within: Within = directly

    @classmethod
    def after(cls, seconds: float, clock: Clock, within: Within = directly) -> "Deadline":
        """The deadline of an invocation that has this many seconds left."""
        window = seconds - min(MARGIN, seconds / 3)
        begun = clock.monotonic()
        return cls(clock, begun + seconds, begun + window, window, clock.now() + seconds, within)

    def budget(self, longest: float = LONGEST_REQUEST) -> Budget:
        """One service's budget for this invocation; `longest` is how many seconds a request to it can take.

        An invocation too short for that takes its chance with two thirds of what is kept for settling.
        """
        margin = self.ends - self.calls_end
        return Budget(lambda: self.left() - margin * _LAST_WORDS, min(longest, margin * 2 / 3), self.within)

    def left(self) -> float:
        """Seconds left to the invocation."""
        return self.ends - self.clock.monotonic()

    def left_for_calls(self) -> float:
        """Seconds that a call beginning now may take."""
        return self.calls_end - self.clock.monotonic()
