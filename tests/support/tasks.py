"""Tasks in order, in the test's own thread."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def one_after_another(tasks: Sequence[Callable[[], T]]) -> list[T | BaseException]:
    """Run tasks in order in this thread; a crash ends all of them."""
    ends: list[T | BaseException] = []
    for task in tasks:
        try:
            ends.append(task())
        except Exception as error:  # noqa: BLE001 - whatever a task raises is its end, as in the real executor
            ends.append(error)
    return ends
