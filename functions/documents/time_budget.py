"""Limit the time that requests to one service take from an invocation."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from botocore.exceptions import BotoCoreError

T = TypeVar("T")

CONNECT_TIMEOUT, READ_TIMEOUT = 1.0, 2.0
"""Seconds that a client waits for a connection, and for an answer."""

LONGEST_REQUEST = CONNECT_TIMEOUT + READ_TIMEOUT

AWAY = 2
"""Requests in a row without an answer, after which a service counts as away: each took its longest time."""


class TookTooLong(BotoCoreError):
    """A request was given up: a name that is not resolved, many dead addresses, an answer that comes byte by byte."""

    fmt = "no whole answer in time"


class Within(Protocol):
    """Carries out a task, and raises TimeoutError where it takes longer than so many seconds."""

    def __call__(self, seconds: float, task: Callable[[], T], /) -> T:
        """Give back what the task returns, or raise what it raises."""
        ...


def directly(_: float, task: Callable[[], T], /) -> T:
    """Carry out a task however long it takes."""
    return task()


class AtOnce(Protocol):
    """Carries out tasks, maybe side by side, and gives back, in order, what each returned or raised."""

    def __call__(self, tasks: Sequence[Callable[[], T]], /) -> list[T | BaseException]:
        """Carry out all tasks to their end."""
        ...


def in_order(tasks: Sequence[Callable[[], T]], /) -> list[T | BaseException]:
    """Carry out the tasks in turn. What a task raises is raised at once."""
    return [task() for task in tasks]


class Budget:
    """One service's budget for one invocation: a request is begun only where its longest time is left.

    `left` says how many seconds the invocation has; `longest` is how many a request can take. Without `left`
    there is no end: a person's program waits as long as it takes. `within` holds requests to that time: a client's
    own timeouts count for each step of a request alone. `at_once` carries out requests side by side. Threads may share
    a budget: silences of requests that ran side by side took the time of one, and count as one.
    """

    def __init__(
        self,
        left: Callable[[], float] = lambda: float("inf"),
        longest: float = LONGEST_REQUEST,
        within: Within = directly,
        at_once: AtOnce = in_order,
    ) -> None:
        self._left = left
        self._longest = longest
        self._within = within
        self._at_once = at_once
        self._lock = threading.Lock()  # of `_silences`
        self._silences = 0
        self._before = threading.local()  # `silences` before the thread's request was begun

    def allows(self, requests: int = 1, *, insist: bool = False) -> bool:
        """Return whether so many requests in a row may begin. With `insist` they may, even to a silent service."""
        return (insist or self._silences < AWAY) and self._left() >= requests * self._longest

    def ask(self, request: Callable[[], T]) -> T:
        """Send a request. Raises TookTooLong where its longest time is over: it may be carried out all the same."""
        self._before.silences = self._silences
        try:
            return self._within(self._longest, request)
        except TimeoutError:
            raise TookTooLong from None

    def side_by_side(self, requests: Sequence[Callable[[], T]]) -> list[T]:
        """Carry out what may go at once; return in order what each returned. Raise in the end what a task raised."""
        ends = self._at_once(requests)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return [end for end in ends if not isinstance(end, BaseException)]

    def silent(self) -> None:
        """Record that the request of this thread got no answer."""
        with self._lock:
            if self._silences <= getattr(self._before, "silences", self._silences):
                self._silences += 1

    def answered(self) -> None:
        """Record that an answer came."""
        with self._lock:
            self._silences = 0
