"""Deletions that a person asks for beside those of retention: whichever message does it, the receipt says the stronger reason."""

from typing import Any

import pytest

from tests.integration.steps import throttle
from tests.support.bench import Bench

RETENTION = {"response_id": "resp_1"}
ERASURE = {"response_id": "resp_1", "reason": "erasure"}


def reason_told(bench: Bench) -> tuple[Any, Any]:
    """The reason on the receipt, and the one of the result."""
    (result,) = bench.results()
    return bench.record("resp_1").receipt["reason"], result["data"]["reason"]


def put_off(bench: Bench, *bodies: dict[str, str]) -> None:
    throttle(bench)
    assert set(bench.deliver(*[bench.message(body) for body in bodies]).ends) == {("deferred", "throttled")}


@pytest.mark.draft(3)
@pytest.mark.parametrize("bodies", [(RETENTION, ERASURE), (ERASURE, RETENTION)])
def test_an_erasure_is_on_the_receipt_whichever_message_is_put_off_last(
    stored: Bench, bodies: tuple[dict[str, str], ...]
) -> None:
    for body in bodies:
        put_off(stored, body)
    stored.clock.advance(100)

    assert set(stored.deliver(*stored.take_retry_messages()).ends) == {("done", "superseded"), ("done", "deleted")}
    assert reason_told(stored) == ("erasure", "erasure")


def test_an_erasure_that_was_put_off_is_on_the_receipt_of_the_message_that_comes_first(stored: Bench) -> None:
    put_off(stored, ERASURE)
    stored.take_retry_messages()  # the queue is purged
    stored.clock.advance(14 * 86_400 + 1_000)

    assert stored.deliver(stored.message(RETENTION)).ends == [("done", "deleted")]
    assert reason_told(stored) == ("erasure", "erasure")


@pytest.mark.draft(3)
def test_an_erasure_that_was_dead_lettered_is_on_the_receipt_of_what_deletes_afterwards(stored: Bench) -> None:
    stored.studio.fault(match={"method": "DELETE"}, status=400)
    assert stored.deliver(stored.message(ERASURE)).ends == [("dead_lettered", "rejected")]

    assert stored.deliver(stored.message(RETENTION)).ends == [("done", "deleted")]
    assert reason_told(stored) == ("erasure", "erasure")


@pytest.mark.draft(3)
@pytest.mark.parametrize("bodies", [(RETENTION, ERASURE), (ERASURE, RETENTION)])
def test_of_a_batch_the_stronger_reason_is_on_the_receipt(stored: Bench, bodies: tuple[dict[str, str], ...]) -> None:
    assert stored.deliver(*[stored.message(body) for body in bodies]).ends == [("done", "deleted")] * 2
    assert reason_told(stored) == ("erasure", "erasure")


def test_a_reason_of_its_own_stays_on_the_receipt(stored: Bench) -> None:
    put_off(stored, ERASURE)
    put_off(stored, {**ERASURE, "reason": "manual"})
    stored.clock.advance(100)

    assert set(stored.deliver(*stored.take_retry_messages()).ends) == {("done", "superseded"), ("done", "deleted")}
    assert reason_told(stored) == ("manual", "manual")
