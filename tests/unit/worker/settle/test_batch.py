"""Whole batches: how often the ledger is asked, what one key in many messages means, and held subjects."""

from collections import Counter
from threading import Barrier, Lock

import pytest

from tests.support.bench import Bench
from tests.support.messages import signed
from tests.support.observations import numbers
from worker.threads import Threads


@pytest.mark.parametrize("subject", [{}, {"subject": "someone"}])
def test_a_hundred_deletions_take_at_most_six_requests_to_the_ledger(deletions: Bench, subject: dict[str, str]) -> None:
    ids = [f"resp_{n}" for n in range(100)]
    deletions.studio.seed(*ids)
    deletions.ledger.seen.clear()
    subjects = [{name: f"{value}-{n}" for name, value in subject.items()} for n in range(100)]

    delivered = deletions.deliver(
        *[deletions.message({"response_id": name, **about}) for name, about in zip(ids, subjects, strict=True)],
        run=Threads(16),
    )

    assert delivered.counts == {"done": 100, "retry": 0, "deferred": 0, "dead_lettered": 0, "unsettled": 0}
    assert deletions.studio.stored() == []
    reads = 2 if subject else 1
    assert Counter(deletions.ledger.operations()) == {"BatchGetItem": reads, "TransactWriteItems": 4}


def test_a_batch_may_hold_a_thousand_messages(deletions: Bench) -> None:
    ids = [f"resp_{n}" for n in range(1_000)]
    deletions.studio.seed(*ids)

    delivered = deletions.deliver(*[deletions.message({"response_id": each}) for each in ids], run=Threads(16))

    assert delivered.counts == {"done": 1_000, "retry": 0, "deferred": 0, "dead_lettered": 0, "unsettled": 0}
    assert deletions.studio.stored() == []
    assert Counter(call["id"] for call in deletions.studio.requests()) == Counter(ids)


def test_as_many_calls_as_were_asked_for_are_in_flight_at_once_and_no_more() -> None:
    gathered, lock = Barrier(4), Lock()
    now, most = 0, 0

    def call() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        gathered.wait(60)  # four have to be here before any goes on
        with lock:
            now -= 1

    assert Threads(4)([call] * 12) == [None] * 12
    assert most == 4


def test_a_create_takes_two_writes_and_no_read_when_all_goes_well(creates: Bench) -> None:
    creates.deliver(creates.message({"event_id": "evt_1"}))

    assert creates.ledger.operations() == ["UpdateItem", "UpdateItem"]


def test_a_subjects_hold_holds_every_response_of_theirs(deletions: Bench) -> None:
    deletions.studio.seed("resp_1", "resp_2", "resp_3")
    deletions.holds.place(deletions.keys.key("subject", "someone"), "case-1", deletions.clock.now())

    delivered = deletions.deliver(
        deletions.message({"response_id": "resp_1", "subject": "someone"}),
        deletions.message({"response_id": "resp_2", "subject": "someone else"}),
        deletions.message({"response_id": "resp_3"}),
    )

    assert sorted(delivered.ends) == [("done", "deleted"), ("done", "deleted"), ("done", "held")]
    assert deletions.studio.stored() == ["resp_1"]


def test_a_hold_on_the_subject_of_any_message_of_a_key_holds_the_key(deletions: Bench) -> None:
    deletions.studio.seed("resp_1")
    deletions.holds.place(deletions.keys.key("subject", "someone"), "case-1", deletions.clock.now())

    delivered = deletions.deliver(
        deletions.message({"response_id": "resp_1", "subject": "someone"}),
        deletions.message({"response_id": "resp_1"}),
    )

    assert delivered.ends == [("done", "held")] * 2
    assert deletions.studio.stored() == ["resp_1"]


def test_what_is_held_is_looked_up_and_never_deleted(deletions: Bench) -> None:
    deletions.studio.seed("resp_1")
    deletions.holds.place(deletions.keys.key("response", "resp_1"), "case-1", deletions.clock.now())

    deletions.deliver(deletions.message({"response_id": "resp_1"}))

    assert [call["method"] for call in deletions.studio.requests()] == ["GET"]
    record = deletions.record("resp_1")
    assert (record.state, record.hold) == ("held", frozenset({"case-1"}))
    assert deletions.results()[0]["data"]["outcome"] == "held"


def test_of_several_retry_messages_of_a_key_the_newest_counts_and_all_share_its_end(deletions: Bench) -> None:
    deletions.studio.fault(status=500)
    older = deletions.retry_message({"response_id": "resp_1"}, key="resp_1", copy=1, attempt=1)
    newer = deletions.retry_message({"response_id": "resp_1"}, key="resp_1", copy=4, attempt=3)

    delivered = deletions.deliver(newer, older)

    assert delivered.ends == [("retry", "outcome_unknown")] * 2
    assert [numbers(retry) for retry in deletions.retry_messages()] == [(4, 5, 0)]
    assert deletions.calls() == 1


def test_a_defect_in_one_call_leaves_its_neighbours_settled(deletions: Bench, creates: Bench) -> None:
    def defect() -> None:
        raise ZeroDivisionError

    for bench, field in ((deletions, "response_id"), (creates, "event_id")):
        bench.hooks.before.append(defect)
        delivered = bench.deliver(*[bench.message({field: f"id_{n}"}) for n in range(3)])
        assert not delivered.acknowledged
        assert sorted(end for end, _ in delivered.ends) == ["done", "done", "unsettled"]


def test_a_receipt_tells_what_was_asked_when_it_was_done_and_how_to_look_it_up(deletions: Bench) -> None:
    deletions.studio.seed("resp_1")
    body = {"response_id": "resp_1", "reason": "erasure", "requested_at": "2026-11-01T00:00:00Z", "subject": "someone"}

    deletions.deliver(
        signed(deletions.message(body, received=2), deletions.carrier.signer, attempt=1, copy=1, key="resp_1")
    )

    record = deletions.record("resp_1")
    (call,) = deletions.studio.requests()
    assert (record.state, record.reason, record.attempt) == ("deleted", "erasure", 2)
    assert record.rest["requested_at"] == "2026-11-01T00:00:00Z"
    assert (record.rest["executed_at"], record.rest["received"]) == (deletions.clock.now(), 2)
    assert record.rest["client_request_id"] == call["headers"]["x-client-request-id"]
    assert record.receipt["subject"] == deletions.keys.key("subject", "someone")
    assert record.rest["request_id"]


def test_a_result_is_a_cloud_event_that_names_the_key_only_by_its_hash(deletions: Bench) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    data = {"response_id": "resp_1", "subject": "someone"}
    envelope = {"specversion": "1.0", "id": "cause", "source": "/s", "type": "t", "data": data, "traceparent": trace}

    deletions.deliver(deletions.message(envelope))

    (event,) = deletions.results()
    record_key = deletions.keys.key("response", "resp_1")
    assert event["specversion"] == "1.0"
    assert (event["id"], event["subject"]) == (f"{record_key}#already_absent", record_key)
    assert (event["causationid"], event["traceparent"]) == ('["/s","cause"]', trace)
    assert event["data"] == {
        "outcome": "already_absent",
        "reason": "retention",
        "subject": deletions.keys.key("subject", "someone"),
    }
    assert "resp_1" not in str(event)


def test_without_a_results_queue_nothing_is_sent_and_all_is_well(deletions: Bench) -> None:
    delivered = deletions.deliver(deletions.message({"response_id": "resp_1"}), results=False)

    assert delivered.ends == [("done", "already_absent")]
    assert deletions.queues.seen == []
