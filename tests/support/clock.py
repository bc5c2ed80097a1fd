"""A clock that moves only when told to."""

START = 1_795_334_400.0
"""2026-11-22T08:00:00Z, like the samples in events/."""


class FakeClock:
    """Virtual seconds; `sleep` moves the clock and is remembered."""

    def __init__(self, start: float = START) -> None:
        self._start = start
        self._passed = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Seconds that passed."""
        return self._passed

    def sleep(self, seconds: float) -> None:
        """Wait, in no time."""
        self.slept.append(seconds)
        self._passed += seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds

    def skewed(self, seconds: float) -> "SkewedClock":
        """The clock of another machine, which is wrong by so much."""
        return SkewedClock(self, seconds)


class SkewedClock:
    """Another machine's view of the same time."""

    def __init__(self, clock: FakeClock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds

    def now(self) -> float:
        """Seconds since the epoch, as this machine believes."""
        return self._clock.now() + self._seconds

    def monotonic(self) -> float:
        """Seconds that passed."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, in no time."""
        self._clock.sleep(seconds)
