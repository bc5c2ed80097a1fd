"""A hold on a subject holds the key also where the message that names them is not the one to live on."""

from typing import Any

import pytest

from tests.faults.steps import throttle
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


def alice(bench: Bench) -> str:
    return bench.keys.key("subject", "alice")


def sent_one_by_one(bench: Bench, *bodies: dict[str, Any]) -> list[Entry]:
    entries = []
    for body in bodies:
        entries.append(bench.message(body))
        bench.clock.advance(1)
    return entries


@pytest.mark.parametrize("bodies", [(OF_ALICE, PLAIN), (PLAIN, OF_ALICE)])
def test_the_copy_of_merged_messages_is_held_by_the_subject_of_any(
    stored: Bench, bodies: tuple[dict[str, Any], ...]
) -> None:
    throttle(stored)
    assert stored.deliver(*sent_one_by_one(stored, *bodies)).ends == [("deferred", "throttled")] * 2
    stored.clock.advance(100)

    assert stored.deliver(*stored.take_copies()).ends == [("done", "held")]
    assert stored.studio.stored() == ["resp_1"]


def test_the_copy_that_supersedes_a_message_is_held_by_that_messages_subject(stored: Bench) -> None:
    plain, of_alice = sent_one_by_one(stored, PLAIN, OF_ALICE)
    throttle(stored)
    assert stored.deliver(plain).ends == [("deferred", "throttled")]

    assert stored.deliver(of_alice).ends == [("done", "superseded")]
    stored.clock.advance(100)

    assert stored.deliver(*stored.take_copies()).ends == [("done", "held")]
    assert stored.studio.stored() == ["resp_1"]


def test_the_copy_deletes_once_the_subject_is_released(stored: Bench) -> None:
    throttle(stored)
    stored.deliver(*sent_one_by_one(stored, OF_ALICE, PLAIN))
    stored.holds.release(alice(stored), "case-1")
    stored.clock.advance(100)

    assert stored.deliver(*stored.take_copies()).ends == [("done", "deleted")]


def test_a_message_whose_subject_could_not_be_kept_is_not_superseded_but_returns(stored: Bench) -> None:
    plain, of_alice = sent_one_by_one(stored, PLAIN, OF_ALICE)
    throttle(stored)
    stored.deliver(plain)
    stored.ledger.arm("UpdateItem", refused)

    assert stored.deliver(of_alice).ends == [("unsettled", "ledger")]
    assert stored.deliver(again(of_alice)).ends == [("done", "superseded")]
    stored.clock.advance(100)
    assert stored.deliver(*stored.take_copies()).ends == [("done", "held")]
