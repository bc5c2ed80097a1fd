"""H20: copies multiply where a neighbour keeps their batch coming back, unless the mark tells old from new."""

import pytest

from tests.support.bench import Bench
from tests.support.messages import Entry, again
from tests.support.observations import said
from tests.support.paused import Paused

ROUNDS = 6
TOO_BIG = "x" * 262_000
"""A body that fits into a queue, and no longer does with a copy's attributes."""


def live_copies(bench: Bench, batch: list[Entry], key: str) -> int:
    """Let the batch come back again and again, each copy come as soon as it can, and count the key's live copies."""
    copies: list[Entry] = []
    for _ in range(ROUNDS):
        assert not bench.deliver(*batch).acknowledged
        batch = [again(message) for message in batch]
        for copy in copies:
            assert bench.deliver(copy).acknowledged
        copies = bench.take_copies()
    return sum(said(copy).get("key") == key for copy in copies)


def throttled(bench: Bench, method: str, key: str) -> None:
    bench.studio.fault(match={"method": method, "id": key}, times=None, status=429, headers={"Retry-After": "60"})


def uncopyable(bench: Bench) -> Entry:
    """A message that is unsettled whenever it comes: it can't be used, and can't be copied."""
    return bench.message(TOO_BIG)


@pytest.mark.hole(20)
def test_a_throttled_deletion_does_not_multiply(deletions: Bench) -> None:
    throttled(deletions, "DELETE", "resp_1")
    batch = [deletions.message({"response_id": "resp_1"}), uncopyable(deletions)]

    assert live_copies(deletions, batch, "resp_1") == 1


@pytest.mark.hole(20)
def test_a_deletion_that_is_not_due_does_not_multiply(deletions: Bench) -> None:
    message = deletions.message({"response_id": "resp_1", "not_before": "2026-11-28T08:00:00Z"})

    assert live_copies(deletions, [message, uncopyable(deletions)], "resp_1") == 1


@pytest.mark.hole(20)
def test_a_deletion_whose_date_is_finer_than_the_ledger_keeps_it_does_not_multiply(deletions: Bench) -> None:
    deletions.studio.fault(times=None, status=429, headers={"Retry-After": "3600"})
    message = deletions.message({"response_id": "resp_1", "not_before": "2026-11-22T07:00:00.123456Z"})

    assert live_copies(deletions, [message, uncopyable(deletions)], "resp_1") == 1


@pytest.mark.hole(20)
def test_a_deletion_that_was_held_before_does_not_multiply(deletions: Bench) -> None:
    deletions.studio.seed("resp_1")
    row = deletions.keys.key("response", "resp_1")
    deletions.holds.place(row, "case-1", deletions.clock.now())
    deletions.deliver(deletions.message({"response_id": "resp_1"}))
    deletions.holds.release(row, "case-1")
    deletions.clock.advance(60)
    throttled(deletions, "DELETE", "resp_1")
    batch = [deletions.message({"response_id": "resp_1"}), uncopyable(deletions)]

    assert live_copies(deletions, batch, "resp_1") == 1


@pytest.mark.hole(20)
def test_a_throttled_create_does_not_multiply(creates: Bench) -> None:
    throttled(creates, "POST", "evt_1")
    batch = [creates.message({"event_id": "evt_1"}), uncopyable(creates)]

    assert live_copies(creates, batch, "evt_1") == 1


@pytest.mark.hole(20)
def test_a_busy_create_does_not_multiply(creates: Bench) -> None:
    message = creates.message({"event_id": "evt_1"})
    with Paused(creates, message):
        assert live_copies(creates, [again(message), uncopyable(creates)], "evt_1") == 1


@pytest.mark.hole(20)
def test_a_create_that_is_not_due_does_not_multiply(creates: Bench) -> None:
    message = creates.retry_message(
        {"event_id": "evt_1"}, key="evt_1", not_before=int(creates.clock.now()) + 30 * 86_400
    )

    assert live_copies(creates, [message, uncopyable(creates)], "evt_1") == 1
