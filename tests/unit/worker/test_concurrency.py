"""How many calls are made at once, where the service's quota is below CONCURRENCY."""

import threading

from worker.settle.concurrency import Window
from worker.threads import Threads


def played(window: Window, quota: int, batches: int) -> list[tuple[int, bool]]:
    """What each batch of a hundred calls had at once, and whether that was more than the quota."""
    seen = []
    for _ in range(batches):
        over = window.size > quota
        seen.append((window.size, over))
        window.learn(quota if over else 100, throttled=over)
    return seen


def test_under_a_quota_of_ten_few_batches_are_throttled_and_most_of_the_quota_is_used() -> None:
    seen = played(Window(16), quota=10, batches=700)
    assert sum(over for _, over in seen) <= 700 / 9 + 3
    assert sum(min(size, 10) for size, _ in seen) / 700 >= 9.5


def test_a_raised_quota_is_used_up_to_the_ceiling() -> None:
    window = Window(16)
    played(window, quota=3, batches=50)
    assert played(window, quota=100, batches=20)[-1] == (16, False)


def test_instances_that_share_a_quota_come_to_share_it_about_evenly() -> None:
    greedy, late = Window(16), Window(16)
    late.size = 1
    sizes = []
    for _ in range(200):
        over = greedy.size + late.size > 16
        for each in (greedy, late):
            each.learn(100, throttled=over)
        sizes.append((greedy.size, late.size))
    assert all(abs(one - other) <= 1 for one, other in sizes[-50:])


def test_a_service_that_takes_nothing_is_still_asked_by_one_call_at_a_time() -> None:
    window = Window(16)
    for _ in range(10):
        window.learn(1, throttled=True)
    assert window.size == 1


def test_few_messages_show_nothing_of_the_quota() -> None:
    window = Window(16)
    window.learn(8, throttled=True)
    window.learn(3, throttled=False)
    assert window.size == 12


def test_no_more_tasks_run_at_once_than_the_window_allows() -> None:
    allowed, lock = Window(8), threading.Lock()
    allowed.learn(8, throttled=True)
    allowed.learn(6, throttled=True)
    running, most = 0, 0
    full = threading.Barrier(4)

    def task() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        full.wait(60)  # four are needed to go on, so four have run at once
        with lock:
            running -= 1

    ended = Threads(8, lambda: allowed.size)([task] * 16)
    assert ended == [None] * 16
    assert most == 4
