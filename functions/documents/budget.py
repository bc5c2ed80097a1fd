"""What one service may still take of an invocation's time, and whether it says anything at all."""

from collections.abc import Callable

CONNECT_TIMEOUT, READ_TIMEOUT = 1.0, 2.0
"""Seconds that a client waits for a connection, and for an answer."""

LONGEST_REQUEST = CONNECT_TIMEOUT + READ_TIMEOUT

AWAY = 2
"""Silences in a row after which a service is taken to be away: each has cost a request's longest time."""


class Budget:
    """One service's budget for one invocation: a request is begun only where its longest time is left.

    `left` says how many seconds the invocation has; `longest` is how many a request can take. Without `left`
    there is no end: a person's program waits as long as it takes. Threads may share a budget.
    """

    def __init__(self, left: Callable[[], float] = lambda: float("inf"), longest: float = LONGEST_REQUEST) -> None:
        self._left = left
        self._longest = longest
        self._silences = 0

    def allows(self, requests: int = 1, *, insist: bool = False) -> bool:
        """Whether so many requests, one after the other, may be begun; `insist` asks a silent service as well."""
        return (insist or self._silences < AWAY) and self._left() >= requests * self._longest

    def silent(self) -> None:
        """Take note of a request that no answer came to."""
        self._silences += 1

    def answered(self) -> None:
        """Take note of an answer."""
        self._silences = 0
