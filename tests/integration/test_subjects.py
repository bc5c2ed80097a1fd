"""A hold on a subject holds the key also where the message that names them is not the one to live on."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger import RecordKey
from tests.integration.steps import throttle
from tests.support.bench import Bench
from tests.support.messages import Entry, again
from tests.support.seam import refused

PLAIN: dict[str, Any] = {"response_id": "resp_1"}
OF_ALICE: dict[str, Any] = {"response_id": "resp_1", "subject": "alice"}


@pytest.fixture
def stored(stored: Bench) -> Bench:
    """With alice under a legal hold."""
    stored.holds.place(alice(stored), "case-1", stored.clock.now())
    return stored


def alice(bench: Bench) -> RecordKey:
    return bench.keys.key("subject", "alice")


def sent_one_by_one(bench: Bench, *bodies: dict[str, Any]) -> list[Entry]:
    entries = []
    for body in bodies:
        entries.append(bench.message(body))
        bench.clock.advance(1)
    return entries


@pytest.mark.parametrize("bodies", [(OF_ALICE, PLAIN), (PLAIN, OF_ALICE)])
def test_the_retry_message_of_collapsed_messages_is_held_by_the_subject_of_any(
    stored: Bench, bodies: tuple[dict[str, Any], ...]
) -> None:
    throttle(stored)
    assert stored.deliver(*sent_one_by_one(stored, *bodies)).ends == [("deferred", "throttled")] * 2
    stored.clock.advance(100)

    assert stored.deliver(*stored.take_retry_messages()).ends == [("done", "held")]
    assert stored.studio.stored() == ["resp_1"]


def test_a_message_beside_a_retry_message_is_held_by_its_subject_and_the_retry_message_as_well(stored: Bench) -> None:
    throttle(stored)
    assert stored.deliver(stored.message(PLAIN)).ends == [("deferred", "throttled")]
    stored.clock.advance(100)

    assert stored.deliver(stored.message(OF_ALICE)).ends == [("done", "held")]
    assert stored.deliver(*stored.take_retry_messages()).ends == [("done", "held")]
    assert stored.studio.stored() == ["resp_1"]


def test_the_retry_message_deletes_once_the_subject_is_released(stored: Bench) -> None:
    throttle(stored)
    stored.deliver(*sent_one_by_one(stored, OF_ALICE, PLAIN))
    stored.holds.release(alice(stored), "case-1")
    stored.clock.advance(100)

    assert stored.deliver(*stored.take_retry_messages()).ends == [("done", "deleted")]


def test_a_message_whose_subject_could_not_be_kept_is_not_answered_but_returns(stored: Bench) -> None:
    absent = {"response_id": "resp_2"}
    of_alice, plain = sent_one_by_one(stored, OF_ALICE | absent, PLAIN | absent)
    stored.deliver(plain)
    stored.ledger.arm("UpdateItem", refused)

    assert stored.deliver(of_alice).ends == [("unsettled", "ledger")]
    assert stored.deliver(again(of_alice)).ends == [("done", "already_absent")]
    stored.studio.seed("resp_2")
    assert stored.deliver(stored.message(PLAIN | absent)).ends == [("done", "held")]


def held_before(bench: Bench) -> None:
    """A message that names alice has ended as held."""
    assert bench.deliver(bench.message(OF_ALICE)).ends == [("done", "held")]


def waiting_for_its_date(bench: Bench) -> None:
    """A message that names alice has a date in some days."""
    later = datetime.fromtimestamp(bench.clock.now() + 5 * 86_400, UTC).isoformat()
    assert bench.deliver(bench.message(OF_ALICE | {"not_before": later})).ends == [("done", "scheduled")]


def parked_before(bench: Bench) -> None:
    """A message that names alice was refused for good."""
    bench.studio.fault(times=1, status=400)
    assert bench.deliver(bench.message(OF_ALICE)).ends == [("dead_lettered", "rejected")]


def parked_by_a_newer_one(bench: Bench) -> None:
    """A message that names alice shares the dead letter of a newer one."""
    bench.holds.release(alice(bench), "case-1")
    bench.studio.fault(times=1, status=400)
    assert bench.deliver(*sent_one_by_one(bench, OF_ALICE, PLAIN)).ends == [("dead_lettered", "rejected")] * 2
    bench.holds.place(alice(bench), "case-1", bench.clock.now())


BEFORE = [held_before, waiting_for_its_date, parked_before, parked_by_a_newer_one]


@pytest.mark.parametrize("before", BEFORE, ids=lambda before: before.__name__)
def test_a_later_message_that_names_nobody_is_held_by_the_subject_of_one_before(
    stored: Bench, before: Callable[[Bench], None]
) -> None:
    before(stored)
    stored.clock.advance(3_600)

    assert stored.deliver(stored.message(PLAIN | {"reason": "erasure"})).ends == [("done", "held")]
    assert stored.studio.stored() == ["resp_1"]


def test_a_retry_message_whose_subject_could_not_be_kept_leaves_its_message_unsettled(stored: Bench) -> None:
    stored.ledger.arm("UpdateItem", refused)
    throttle(stored)
    stored.holds.release(alice(stored), "case-1")

    assert stored.deliver(stored.message(OF_ALICE)).ends == [("unsettled", "ledger")]
    assert stored.retry_messages() == []
