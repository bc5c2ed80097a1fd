"""A ledger or a queue that says nothing any more: given up soon, so that time is left to say what is unsettled."""

import pytest

from tests.faults.steps import DELETE, throttle
from tests.support.bench import Bench
from tests.support.messages import Entry, again
from tests.support.seam import Action, refused, unseen

WRITES = ("TransactWriteItems", "UpdateItem")


def hundred(bench: Bench) -> list[Entry]:
    ids = [f"resp_{n}" for n in range(100)]
    bench.studio.seed(*ids)
    return [bench.message({"response_id": name}) for name in ids]


def silence_ledger(bench: Bench, action: Action) -> None:
    for operation in WRITES:
        bench.ledger.arm(operation, *[action] * 200)


@pytest.mark.parametrize("action", [refused, unseen])
def test_a_ledger_that_falls_silent_is_asked_a_few_times_for_a_hundred_receipts(
    deletions: Bench, action: Action
) -> None:
    batch = hundred(deletions)
    silence_ledger(deletions, action)

    assert deletions.deliver(*batch).ends == [("unsettled", "ledger")] * 100
    assert deletions.ledger.operations() == ["BatchGetItem", "TransactWriteItems", "UpdateItem"]
    assert deletions.results() == []

    deletions.ledger.reset()
    healed = deletions.deliver(*map(again, batch))
    assert {end for end, _ in healed.ends} == {"done"}
    assert {deletions.row(f"resp_{n}").state for n in range(100)} <= {"deleted", "already_absent"}


@pytest.mark.parametrize("action", [refused, unseen])
def test_a_ledger_that_falls_silent_before_a_hundred_parkings_lets_no_dead_letter_leave(
    deletions: Bench, action: Action
) -> None:
    batch = hundred(deletions)
    deletions.studio.fault(match=DELETE, times=None, status=400)
    silence_ledger(deletions, action)

    assert deletions.deliver(*batch).ends == [("unsettled", "ledger")] * 100
    assert len(deletions.ledger.seen) == 3
    assert deletions.letters() == []
    deletions.ledger.reset()


def test_a_queue_that_falls_silent_is_asked_twice_for_a_hundred_copies(deletions: Bench) -> None:
    batch = hundred(deletions)
    throttle(deletions)
    deletions.queues.arm("SendMessageBatch", *[refused] * 30)

    assert deletions.deliver(*batch).ends == [("unsettled", "queue")] * 100
    assert len(deletions.queues.seen) == 2
    assert {deletions.row(f"resp_{n}").state for n in range(100)} == {None}

    deletions.queues.reset()
    assert deletions.deliver(*map(again, batch)).ends == [("done", "deleted")] * 100


def test_a_queue_that_falls_silent_is_asked_twice_for_a_hundred_results(deletions: Bench) -> None:
    batch = hundred(deletions)
    deletions.queues.arm("SendMessageBatch", *[refused] * 30)

    assert deletions.deliver(*batch).ends == [("unsettled", "results queue")] * 100
    assert len(deletions.queues.seen) == 2

    deletions.queues.reset()
    assert deletions.deliver(*map(again, batch)).ends == [("done", "deleted")] * 100
    assert (deletions.calls(), len(deletions.results())) == (100, 100)
