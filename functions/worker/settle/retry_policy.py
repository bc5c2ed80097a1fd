"""What an error means for the message: sent again and when, or dead-lettered (the classes: aistudio/exceptions.py)."""

from dataclasses import dataclass
from random import Random

from aistudio import APIError, OutcomeUnknown, Rejected, Throttled
from worker.outcome import End, Later

LONGEST = 900.0
"""Seconds: the longest backoff."""


@dataclass(frozen=True, slots=True)
class Again:
    """Sent again, to come back after `wait` seconds; `counted` where the call counts against the budget."""

    wait: float
    counted: bool = False
    reason: str | None = None

    @property
    def end(self) -> End:
        """How a delivery ends once its retry message is confirmed."""
        return End.RETRY if self.counted else End.DEFERRED


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """To the dead-letter queue; `counted` where the call before it counts against the budget."""

    reason: str
    detail: str = ""
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Where trying again ends: counted attempts at a number, deferrals at an age in seconds."""

    attempts: int
    age: float


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a message's earlier deliveries. `age`: seconds since it was first seen, or due."""

    attempt: int
    copy: int
    age: float


def after_failure(
    error: APIError, history: History, *, may_repeat: bool, deployment: bool, limits: Limits, rng: Random
) -> Again | DeadLetter:
    """Decide what becomes of a message whose call ended in this error.

    `may_repeat`: the call is idempotent, or the producer accepts a second one. `deployment`: the error says that
    the deployment is wrong, so that no message is to blame.
    """
    if isinstance(error, OutcomeUnknown):
        if not may_repeat or history.attempt + 1 >= limits.attempts:
            return DeadLetter(error.reason, error.detail, counted=True)
        return Again(backoff(history.attempt, rng), counted=True, reason=error.reason)
    if isinstance(error, Rejected) and not deployment:
        return DeadLetter(error.reason, error.detail, counted=True)
    return defer(error, history, called=True, limits=limits, rng=rng)


def defer(error: APIError | None, history: History, *, called: bool, limits: Limits, rng: Random) -> Again | DeadLetter:
    """Decide about a message that is not to blame: it comes back later, until it is too old.

    `error` is what is in its way, None where time was short. Age ends only what was `called`, or was put off
    before: after a long outage nothing is given up that was never tried.
    """
    if history.age > limits.age and (called or history.copy):
        if error is None:
            return DeadLetter("unavailable", "no call could begin within the message's age limit")
        return DeadLetter(error.reason, error.detail)
    wait = backoff(history.copy, rng)
    if isinstance(error, Throttled) and error.retry_after is not None:
        wait += error.retry_after  # not all at the same second
    return Again(wait, reason=error.reason if error else None)


def postpone(later: Later, history: History, *, now: float, limits: Limits) -> Again | DeadLetter:
    """Decide about a message whose work is not finished: it comes back, until its attempts or its time are over."""
    if later.counted:
        over = history.attempt + 1 >= limits.attempts
    else:
        over = history.age > limits.age if later.last is None else now >= later.last
    if over:
        return DeadLetter(later.reason, later.detail, later.counted)
    return Again(min(later.longest, later.seconds * 2.0 ** min(history.copy, 20)), later.counted, later.reason)


def backoff(times: int, rng: Random) -> float:
    """Return the seconds to wait after so many earlier tries: exponential with full jitter, 1 s to 900 s."""
    return max(1.0, rng.uniform(0, min(LONGEST, 2.0 ** min(times + 1, 10))))
