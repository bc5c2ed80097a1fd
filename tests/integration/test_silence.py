"""A ledger or a queue that says nothing any more: given up soon, so that time is left to say what is unsettled."""

from functools import partial

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError

from tests.integration.steps import DELETE, throttle
from tests.support.bench import Bench
from tests.support.messages import Entry, again
from tests.support.observations import said
from tests.support.seam import Action, Send, refused, unseen

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
    assert deletions.ledger.operations() == ["BatchGetItem", "TransactWriteItems", "TransactWriteItems"]
    assert deletions.results() == []

    deletions.ledger.reset()
    healed = deletions.deliver(*map(again, batch))
    assert {end for end, _ in healed.ends} == {"done"}
    assert {deletions.record(f"resp_{n}").state for n in range(100)} <= {"deleted", "already_absent"}


@pytest.mark.parametrize("action", [refused, unseen])
def test_a_ledger_that_falls_silent_before_a_hundred_dead_letters_lets_no_dead_letter_leave(
    deletions: Bench, action: Action
) -> None:
    batch = hundred(deletions)
    deletions.studio.fault(match=DELETE, times=None, status=400)
    silence_ledger(deletions, action)

    assert deletions.deliver(*batch).ends == [("unsettled", "ledger")] * 100
    assert len(deletions.ledger.seen) == 3
    assert deletions.dead_letters() == []
    deletions.ledger.reset()


def test_a_queue_that_falls_silent_is_asked_twice_for_a_hundred_retry_messages(deletions: Bench) -> None:
    batch = hundred(deletions)
    throttle(deletions)
    deletions.queues.arm("SendMessageBatch", *[refused] * 30)

    assert deletions.deliver(*batch).ends == [("unsettled", "queue")] * 100
    assert len(deletions.queues.seen) == 2
    assert {deletions.record(f"resp_{n}").state for n in range(100)} == {None}

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


TIMEOUT = 60.0


def mixed(bench: Bench) -> list[Entry]:
    """A hundred messages of which some end in each way that the ledger and the queue are needed for."""
    batch = hundred(bench)
    for n in range(100):
        status = (200, 400, 500, 200)[n % 4]
        if status != 200:
            bench.studio.fault(match={"method": "DELETE", "id": f"resp_{n}"}, times=None, status=status)
    broken = [bench.message(f"not JSON {n}") for n in range(10)]
    return [*batch[:90], *broken]


def takes(bench: Bench, seconds: float, *, answers: bool) -> Action:
    """Every request takes so long; without answers it is silent, and the client waits in vain."""

    def action(request: AWSPreparedRequest, send: Send) -> AWSResponse:
        bench.clock.advance(seconds)
        if answers:
            return send(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    return action


@pytest.mark.parametrize("calls_take", [0.0, 49.9], ids=["calls end at once", "calls take all their time"])
@pytest.mark.parametrize(
    ("ledger", "queue"),
    [((0.9, True), (0.9, True)), ((3, False), (3, False)), ((0.9, True), (3, False)), ((3, False), (0.9, True))],
    ids=["both slow", "both silent", "slow and silent", "silent and slow"],
)
def test_a_batch_ends_in_time_whatever_is_slow_or_silent(
    deletions: Bench, ledger: tuple[float, bool], queue: tuple[float, bool], calls_take: float
) -> None:
    batch = mixed(deletions)
    deletions.hooks.after.extend([partial(deletions.clock.advance, calls_take / 45)] * 45)
    for operation in WRITES:
        deletions.ledger.arm(operation, *[takes(deletions, ledger[0], answers=ledger[1])] * 300)
    deletions.queues.arm("SendMessageBatch", *[takes(deletions, queue[0], answers=queue[1])] * 300)
    begun = deletions.clock.monotonic()

    delivered = deletions.deliver(*batch, seconds=TIMEOUT)

    assert deletions.clock.monotonic() - begun < TIMEOUT
    assert len(delivered.ends) == 100
    for message in deletions.retry_messages():  # none that the next delivery would send a second time
        assert deletions.record(said(message)["key"]).watermark == (said(message)["redrive"], said(message)["copy"])
    deletions.ledger.reset()
    deletions.queues.reset()
    deletions.hooks.reset()
    healed = deletions.deliver(*map(again, batch))
    assert {end for end, _ in healed.ends} <= {"done", "dead_lettered", "retry"}
