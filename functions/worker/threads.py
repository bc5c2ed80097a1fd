"""Calls side by side in threads: the platform gives a Python function one event at a time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """A pool of threads that lives as long as its instance."""

    def __init__(self, at_once: int) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="call")

    def __call__(self, tasks: Sequence[Callable[[], T]]) -> list[T | BaseException]:
        """Run all to their end and give back, in order, what each returned or raised."""
        futures = [self._pool.submit(task) for task in tasks]
        return [future.exception() or future.result() for future in futures]
