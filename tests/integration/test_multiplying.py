"""H20: retry messages multiply where a neighbour keeps bringing their batch back, unless the watermark prevents it."""

import pytest

from tests.support.bench import Bench
from tests.support.messages import Entry, again
from tests.support.observations import said
from tests.support.paused import Paused

ROUNDS = 6
TOO_BIG = "x" * 262_000
"""A body that fits into a queue, and no longer does with a retry message's attributes."""


def live_retries(bench: Bench, batch: list[Entry], key: str) -> int:
    """How many retry messages of the key are live, where batch and retry messages come again as soon as they can."""
    retries: list[Entry] = []
    for _ in range(ROUNDS):
        assert not bench.deliver(*batch).acknowledged
        batch = [again(message) for message in batch]
        for retry in retries:
            assert bench.deliver(retry).acknowledged
        retries = bench.take_retry_messages()
    return sum(said(retry).get("key") == key for retry in retries)


def throttled(bench: Bench, method: str, key: str) -> None:
    bench.studio.fault(match={"method": method, "id": key}, times=None, status=429, headers={"Retry-After": "60"})


def uncopyable(bench: Bench) -> Entry:
    """A message that is unsettled whenever it comes: it can't be used, and can't be copied."""
    return bench.message(TOO_BIG)


@pytest.mark.hole(20)
def test_a_throttled_deletion_does_not_multiply(deletions: Bench) -> None:
    throttled(deletions, "DELETE", "resp_1")
    batch = [deletions.message({"response_id": "resp_1"}), uncopyable(deletions)]

    assert live_retries(deletions, batch, "resp_1") == 1


@pytest.mark.hole(20)
def test_a_deletion_that_is_not_due_does_not_multiply(deletions: Bench) -> None:
    message = deletions.message({"response_id": "resp_1", "not_before": "2026-11-22T08:15:00Z"})

    assert live_retries(deletions, [message, uncopyable(deletions)], "resp_1") == 1


@pytest.mark.hole(20)
def test_a_deletion_that_was_held_before_does_not_multiply(deletions: Bench) -> None:
    deletions.studio.seed("resp_1")
    record_key = deletions.keys.key("response", "resp_1")
    deletions.holds.place(record_key, "case-1", deletions.clock.now())
    deletions.deliver(deletions.message({"response_id": "resp_1"}))
    deletions.holds.release(record_key, "case-1")
    deletions.clock.advance(60)
    throttled(deletions, "DELETE", "resp_1")
    batch = [deletions.message({"response_id": "resp_1"}), uncopyable(deletions)]

    assert live_retries(deletions, batch, "resp_1") == 1


@pytest.mark.hole(20)
def test_a_throttled_create_does_not_multiply(creates: Bench) -> None:
    throttled(creates, "POST", "evt_1")
    batch = [creates.message({"event_id": "evt_1"}), uncopyable(creates)]

    assert live_retries(creates, batch, "evt_1") == 1


@pytest.mark.hole(20)
def test_a_busy_create_does_not_multiply(creates: Bench) -> None:
    message = creates.message({"event_id": "evt_1"})
    with Paused(creates, message):
        assert live_retries(creates, [again(message), uncopyable(creates)], "evt_1") == 1


@pytest.mark.hole(20)
def test_a_create_that_is_not_due_does_not_multiply(creates: Bench) -> None:
    message = creates.retry_message(
        {"event_id": "evt_1"}, key="evt_1", not_before=int(creates.clock.now()) + 30 * 86_400
    )

    assert live_retries(creates, [message, uncopyable(creates)], "evt_1") == 1
