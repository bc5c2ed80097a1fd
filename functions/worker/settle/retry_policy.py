"""What an error means for the message: tried again and when, or parked (the classes: aistudio/errors.py)."""

from dataclasses import dataclass
from math import log2
from random import Random

from aistudio import APIError, Forbidden, OutcomeUnknown, Rejected, Throttled, Unauthorized
from worker.outcome import End

LONGEST = 900.0
"""Seconds: the longest backoff."""


@dataclass(frozen=True, slots=True)
class Again:
    """Tried again after ``wait`` seconds; ``counted`` where the call counts against the budget."""

    wait: float
    counted: bool = False
    reason: str | None = None

    @property
    def end(self) -> End:
        """How a delivery ends once its copy is confirmed."""
        return End.RETRY if self.counted else End.DEFERRED


@dataclass(frozen=True, slots=True)
class Park:
    """To the dead-letter queue; ``counted`` where the call before it counts against the budget."""

    reason: str
    detail: str = ""
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Where trying again ends: counted attempts at a number, deferrals at an age in seconds."""

    attempts: int
    age: float


def judge(
    error: APIError, *, may_repeat: bool, attempt: int, seq: int, age: float, limits: Limits, rng: Random
) -> Again | Park:
    """Decide what becomes of a message whose call ended in this error.

    ``may_repeat``: the call is idempotent, or the producer accepts a second one. ``attempt`` and ``seq`` are the
    delivery's; ``age`` is seconds since the message was first seen, or due.
    """
    if isinstance(error, Rejected) or (isinstance(error, OutcomeUnknown) and not may_repeat):
        return Park(error.reason, error.detail, counted=True)
    if isinstance(error, OutcomeUnknown):
        if attempt + 1 >= limits.attempts:
            return Park(error.reason, error.detail, counted=True)
        return Again(backoff(attempt, rng), counted=True, reason=error.reason)
    if age > limits.age:
        return Park(error.reason, error.detail)
    wait = patience(seq, age, rng)
    if isinstance(error, Throttled) and error.retry_after is not None:
        wait += error.retry_after  # not all at the same second
    return Again(wait, reason=error.reason)


def stops_batch(error: APIError) -> bool:
    """Whether the batch should begin no further calls: the quota is used up, or the deployment is broken."""
    return isinstance(error, (Throttled, Unauthorized, Forbidden))


def patience(seq: int, age: float, rng: Random) -> float:
    """Seconds to wait before trying once more what has not been called.

    Copies that only waited for a date count in ``seq`` too: a message that is due now has not been put off often.
    """
    return backoff(min(seq, int(log2(1 + max(0.0, age)))), rng)


def backoff(times: int, rng: Random) -> float:
    """Seconds to wait after so many earlier tries: exponential with full jitter, 1 s to 900 s."""
    return max(1.0, rng.uniform(0, min(LONGEST, 2.0 ** min(times + 1, 10))))
