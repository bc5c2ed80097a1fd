"""Calls side by side: as many as there are threads for, and all of them in any case."""

import threading
from functools import partial

import pytest

from worker.threads import Threads


def test_tasks_run_side_by_side_and_come_back_in_order() -> None:
    together = threading.Barrier(4)

    def task(number: int) -> int:
        together.wait(timeout=30)
        return number

    assert Threads(4)([partial(task, number) for number in range(4)]) == [0, 1, 2, 3]


def test_what_a_task_raises_is_given_back_and_harms_no_other() -> None:
    error = ValueError("of one task")

    def fails() -> int:
        raise error

    assert Threads(2)([lambda: 1, fails, lambda: 3]) == [1, error, 3]


@pytest.mark.parametrize("threads", [0, 1, 2])
def test_a_system_that_gives_no_more_threads_gets_all_the_work_done_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, threads: int
) -> None:
    start, started = threading.Thread.start, list[threading.Thread]()

    def limited(thread: threading.Thread) -> None:
        if len(started) == threads:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    def task(number: int, all_asked_for: threading.Event) -> int:
        # The caller works once it has asked for its threads. Until then none of them is free to be asked again.
        if threading.current_thread() is threading.main_thread():
            all_asked_for.set()
        assert all_asked_for.wait(timeout=60)
        return number

    monkeypatch.setattr(threading.Thread, "start", limited)
    run = Threads(8)

    for _ in range(2):
        all_asked_for = threading.Event()
        assert run([partial(task, number, all_asked_for) for number in range(50)]) == list(range(50))
    assert "can't start new thread" in caplog.text


def test_nothing_to_do_is_done_at_once() -> None:
    assert Threads(1)([]) == []
