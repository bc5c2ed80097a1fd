"""Rows 1 to 3 of the fault matrix: deliveries that come twice, one after the other or at once."""

import threading

import pytest

from tests.integration.steps import LEASE, deletion, question
from tests.support.bench import Bench, Delivered
from tests.support.messages import again
from tests.support.observations import numbers, reasons
from tests.support.paused import Paused
from worker.threads import Threads


@pytest.mark.row(1)
def test_a_deletion_delivered_twice_calls_once_and_tells_the_same_twice(stored: Bench) -> None:
    message = deletion(stored)
    ends = [stored.deliver(message).ends, stored.deliver(again(message)).ends]

    assert ends == [[("done", "deleted")], [("done", "deleted")]]
    assert stored.calls() == 1
    first, second = stored.results()
    assert first == second


@pytest.mark.row(1)
def test_a_create_delivered_twice_calls_once(creates: Bench) -> None:
    message = question(creates)
    ends = [creates.deliver(message).ends, creates.deliver(again(message)).ends]

    assert ends == [[("done", "done")], [("done", "done")]]
    assert (creates.calls(), len(creates.results())) == (1, 1)


@pytest.mark.row(2)
def test_a_deletion_delivered_twice_at_once_has_one_receipt(stored: Bench) -> None:
    message = deletion(stored)
    with Paused(stored, message, after=False) as first:
        second = stored.deliver(again(message))
        ended = first.finish()

    assert (second.ends, ended.ends) == ([("done", "deleted")], [("done", "deleted")])
    assert stored.record("resp_1").state == "deleted"


@pytest.mark.row(2)
def test_of_a_create_delivered_twice_at_once_one_calls_and_the_other_comes_back_later(creates: Bench) -> None:
    message = question(creates)
    with Paused(creates, message):
        loser = creates.deliver(again(message))

    assert loser.ends == [("deferred", "busy")]
    assert creates.billed() == 1
    assert [numbers(retry) for retry in creates.retry_messages()] == [(0, 1, 0)]
    assert creates.delays()[0] > LEASE
    assert creates.deliver(*creates.take_retry_messages()).ends == [("done", "done")]


@pytest.mark.row(2)
def test_of_many_deliveries_in_threads_exactly_one_calls(creates: Bench) -> None:
    message, ended = question(creates), list[Delivered]()
    threads = [threading.Thread(target=lambda: ended.append(creates.deliver(message))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert creates.billed() == 1
    assert [delivered.acknowledged for delivered in ended] == [True] * 8
    assert creates.record("evt_1").state == "done"


@pytest.mark.row(2)
def test_a_batch_in_threads_calls_each_key_once(creates: Bench) -> None:
    batch = [question(creates, f"evt_{n % 20}") for n in range(40)]

    delivered = creates.deliver(*batch, run=Threads(16))

    assert delivered.counts == {"done": 40, "retry": 0, "deferred": 0, "dead_lettered": 0, "unsettled": 0}
    assert creates.billed() == 20


@pytest.mark.row(3)
def test_two_messages_about_one_response_are_one_deletion(stored: Bench) -> None:
    stored.deliver(stored.message({"response_id": "resp_1", "reason": "erasure"}))
    second = stored.deliver(stored.message({"response_id": "resp_1", "reason": "retention"}))

    assert second.ends == [("done", "deleted")]
    assert (stored.calls(), stored.record("resp_1").reason) == (1, "erasure")


@pytest.mark.row(3)
def test_two_messages_about_one_event_are_one_call(creates: Bench) -> None:
    creates.deliver(question(creates))
    envelope = {"specversion": "1.0", "id": "evt_1", "source": "/producer", "type": "asked", "data": {}}

    assert creates.deliver(creates.message({**envelope, "data": {"event_id": "evt_1"}})).ends == [("done", "done")]
    assert creates.billed() == 1


@pytest.mark.row(3)
def test_a_key_that_stands_for_other_content_is_dead_lettered_as_reused(creates: Bench) -> None:
    creates.deliver(creates.message({"event_id": "evt_1", "text": "one question"}))

    other = creates.deliver(creates.message({"event_id": "evt_1", "text": "another question"}, message_id="m-2"))

    assert other.ends == [("dead_lettered", "key_reused")]
    assert reasons(creates.dead_letters()) == ["key_reused"]
    assert (creates.record("evt_1").state, creates.record_of_message("m-2").state) == ("done", "dead_lettered")
    assert creates.billed() == 1


@pytest.mark.row(3)
def test_a_key_with_two_contents_in_one_batch_is_one_call_and_one_dead_letter(creates: Bench) -> None:
    texts = ["one question", "another question"]
    delivered = creates.deliver(*[creates.message({"event_id": "evt_1", "text": text}) for text in texts])

    assert sorted(delivered.ends) == sorted([("done", "done"), ("dead_lettered", "key_reused")])
    assert creates.billed() == 1
