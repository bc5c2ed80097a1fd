"""Requests of one batch to the ledger and to a queue go at once, and their silences take the time of one."""

import threading

import pytest

from documents import Written
from documents.time_budget import Budget
from ledger import Ledger
from tests.support.clock import FakeClock
from tests.support.kit import Kit
from tests.support.seam import Action, after, refused
from tests.unit.documents.test_store import writes
from tests.unit.worker.send.test_queue import messages
from worker.send.queue import Queue
from worker.threads import Threads


@pytest.fixture
def budget() -> Budget:
    return Budget(at_once=Threads(10))


def all_there(count: int) -> Action:
    """None goes on before so many have come."""
    come = threading.Barrier(count)
    return after(lambda: come.wait(60))


def test_a_hundred_messages_leave_in_ten_requests_at_once(kit: Kit, budget: Budget) -> None:
    url = kit.stock.queue()
    kit.queues.arm("SendMessageBatch", *[all_there(10)] * 10)

    assert Queue(kit.sqs, FakeClock(), budget).send(url, messages(100)) == [True] * 100
    assert len(kit.peek(url)) == 100


def test_a_hundred_records_are_written_in_four_transactions_at_once(kit: Kit, budget: Budget) -> None:
    ledger = Ledger(kit.dynamodb, kit.stock.table(), FakeClock().sleep, budget)
    kit.ledger.arm("TransactWriteItems", *[all_there(4)] * 4)

    assert ledger.write_all(writes(100)) == [Written.YES] * 100


def test_silences_side_by_side_are_one_and_what_was_not_confirmed_is_tried_once_more(kit: Kit, budget: Budget) -> None:
    url = kit.stock.queue()
    come = all_there(10)

    def silent(request: object, send: object) -> None:
        come(request, send)  # type: ignore[arg-type]  # passed on
        refused(request, send)  # type: ignore[arg-type]  # the same

    kit.queues.arm("SendMessageBatch", *[silent] * 10)

    assert Queue(kit.sqs, FakeClock(), budget).send(url, messages(100)) == [True] * 100
    assert budget.allows()
