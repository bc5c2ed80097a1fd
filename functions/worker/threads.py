"""Run calls at the same time in threads, because the platform gives a Python function one event at a time."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)


def within(seconds: float, task: Callable[[], T]) -> T:
    """Carry out a task in a thread of its own and give back what it returns, or raise what it raises.

    Where the system gives no more threads it is carried out here, however long it takes.

    Raises TimeoutError: it takes longer than so many seconds. It goes on all the same, and its result is dropped.
    """
    end: Future[T] = Future()

    def work() -> None:
        try:
            end.set_result(task())
        except BaseException as error:  # noqa: BLE001 - given back to the caller, who knows what it means
            end.set_exception(error)

    try:
        threading.Thread(target=work, name="request", daemon=True).start()
    except RuntimeError:
        return task()
    return end.result(seconds)


class Threads:
    """Runs tasks at the same time, in the caller's thread and in others that live as long as the instance.

    At most `at_once`, or as many as `allowed` says at the beginning, where that is fewer.
    Where the system gives no further thread, the existing threads do all the work.
    """

    def __init__(self, at_once: int, allowed: Callable[[], int] | None = None) -> None:
        self._others = at_once - 1
        self._allowed = allowed or (lambda: at_once)
        self._pool = ThreadPoolExecutor(max(1, self._others), thread_name_prefix="call")

    def __call__(self, tasks: Sequence[Callable[[], T]]) -> list[T | BaseException]:
        """Run all to their end. Returns, in order, what each returned or raised."""
        ends: dict[int, T | BaseException] = {}
        waiting = deque(enumerate(tasks))
        all_ended = threading.Event()

        def work() -> None:
            while waiting:
                try:
                    index, task = waiting.popleft()
                except IndexError:  # another thread was quicker
                    return
                try:
                    ends[index] = task()
                except BaseException as error:  # noqa: BLE001 - given back to the caller, who knows what it means
                    ends[index] = error
                if len(ends) == len(tasks):
                    all_ended.set()

        for _ in range(min(self._others, self._allowed() - 1, len(tasks) - 1)):
            try:
                self._pool.submit(work)
            except RuntimeError as error:
                _log.warning("calls have fewer threads than they may: %s", error)
                break
        work()
        if tasks:
            all_ended.wait()
        return [ends[index] for index in range(len(tasks))]
