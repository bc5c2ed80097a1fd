"""Attempts to break it with answers that lie, or say what was never expected: each fails closed, beside its neighbours."""

import json
from typing import Any

import pytest

from tests.integration.steps import deletion, question, throttle
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.seam import after, says, says_bytes


def put(bench: Bench, key: str, **attributes: Any) -> None:
    """Put a record into the table, behind the function's back."""
    item = {"key": {"S": bench.keys.key(bench.function.namespace, key)}, **attributes}
    bench.kit.spectator.put_item(TableName=bench.table, Item=item)


def test_a_record_in_a_state_of_a_later_release_returns_its_message_and_is_left_alone(stored: Bench) -> None:
    stored.studio.seed("resp_2")
    put(stored, "resp_1", state={"S": "sealed"})

    delivered = stored.deliver(deletion(stored), deletion(stored, "resp_2"))

    assert not delivered.acknowledged
    assert sorted(delivered.ends) == [("done", "deleted"), ("unsettled", "ledger")]
    assert (stored.record("resp_1").state, stored.calls("resp_1")) == ("sealed", 0)


def test_a_record_that_reaches_such_a_state_during_the_call_returns_its_message(stored: Bench) -> None:
    stored.studio.fault(status=400)
    stored.hooks.before.append(lambda: put(stored, "resp_1", state={"S": "sealed"}))

    assert stored.deliver(deletion(stored)).ends == [("unsettled", "ledger")]
    assert stored.dead_letters() == []


def test_a_create_whose_record_is_in_such_a_state_is_not_called(creates: Bench) -> None:
    put(creates, "evt_1", state={"S": "sealed"})

    assert creates.deliver(question(creates)).ends == [("unsettled", "ledger")]
    assert creates.calls() == 0


MISSHAPEN: list[dict[str, Any]] = [
    {"hold": {"NULL": True}},
    {"hold": {"BOOL": True}},
    {"hold": {"L": []}},
    {"subjects": {"N": "5"}},
    {"state": {"S": "open"}, "redrive": {"S": "x"}},
    {"state": {"S": "open"}, "copy": {"NULL": True}},
    {"state": {"N": "4"}},
    {"expires_at": {"S": "never"}},
    {"state": {"S": "deleted"}, "receipt": {"S": "lost"}},
]


@pytest.mark.parametrize("attributes", MISSHAPEN, ids=str)
def test_a_record_with_attributes_of_another_type_keeps_its_response_and_stops_no_neighbour(
    stored: Bench, attributes: dict[str, Any]
) -> None:
    stored.studio.seed("resp_2")
    put(stored, "resp_1", **attributes)

    delivered = stored.deliver(deletion(stored), deletion(stored, "resp_2"))

    assert sorted(delivered.ends) == [("done", "deleted"), ("unsettled", "ledger")]
    assert stored.calls("resp_1") == 0


def test_a_subjects_record_of_another_type_counts_as_a_hold(stored: Bench) -> None:
    item = {"key": {"S": stored.keys.key("subject", "alice")}, "hold": {"BOOL": False}}
    stored.kit.spectator.put_item(TableName=stored.table, Item=item)

    stored.deliver(stored.message({"response_id": "resp_1", "subject": "alice"}))

    assert stored.studio.stored() == ["resp_1"]


@pytest.mark.parametrize(
    "error",
    [{"__type": "ConditionalCheckFailedException", "message": "made up"}, {"message": "Service Unavailable"}],
    ids=["refusal", "gateway"],
)
def test_a_claim_that_is_answered_by_success_with_an_error_in_it_is_no_claim(
    creates: Bench, error: dict[str, str]
) -> None:
    creates.ledger.arm("UpdateItem", says(error))

    assert creates.deliver(question(creates)).ends == [("done", "done")]
    assert creates.record("evt_1").state == "done"  # it read that it had no claim, and claimed once more


def test_receipts_that_are_answered_by_success_with_an_error_in_it_are_written_again(stored: Bench) -> None:
    stored.studio.seed("resp_2")
    stored.ledger.arm("TransactWriteItems", says({"message": "Service Unavailable"}))

    stored.deliver(deletion(stored), deletion(stored, "resp_2"))

    assert [stored.record(key).state for key in ("resp_1", "resp_2")] == ["deleted", "deleted"]


@pytest.mark.parametrize(
    "answer", [b"[]", b"null", b"5", b'{"Successful": 5}', b'{"Successful": [5]}', b'{"Successful": "x"}', b"<html>"]
)
def test_a_queues_answer_of_any_shape_confirms_nothing_and_keeps_the_others_ends(stored: Bench, answer: bytes) -> None:
    stored.studio.seed("resp_2")
    throttle(stored)
    stored.queues.arm("SendMessageBatch", *[says_bytes(answer)] * 3)
    message = deletion(stored)

    delivered = stored.deliver(message)

    assert delivered.ends == [("unsettled", "queue")]
    assert stored.deliver(again(message)).ends == [("done", "deleted")]


@pytest.mark.parametrize(
    "answer",
    [
        '{"Responses": 5}',
        '{"Responses": {TABLE: 5}}',
        '{"Responses": {TABLE: [5]}}',
        '{"Responses": {TABLE: [{"key": 5}]}}',
        '{"Responses": {}, "UnprocessedKeys": 5}',
        '{"Responses": null}',
        '{"Item": {}}',
    ],
)
def test_a_ledgers_answer_of_any_shape_opens_nothing(stored: Bench, answer: str) -> None:
    content = answer.replace("TABLE", json.dumps(stored.table)).encode()
    stored.ledger.arm("BatchGetItem", *[says_bytes(content)] * 2)

    assert stored.deliver(deletion(stored)).ends == [("unsettled", "ledger")]
    stored.ledger.reset()  # some are not asked twice
    assert stored.calls() == 0


@pytest.mark.parametrize("answer", [b'{"ItemCollectionMetrics": 5}', b'{"ConsumedCapacity": 7}', b"[]"])
def test_a_write_that_is_answered_in_any_shape_is_not_taken_for_done(stored: Bench, answer: bytes) -> None:
    stored.ledger.arm("UpdateItem", says_bytes(answer))

    assert stored.deliver(deletion(stored)).ends == [("unsettled", "ledger")]


def test_a_hold_that_is_placed_between_the_call_and_its_receipt_is_told_that_it_came_too_late(stored: Bench) -> None:
    key = stored.keys.key("response", "resp_1")
    stored.hooks.after.append(lambda: stored.holds.place(key, "case 42", stored.clock.now()))

    assert stored.deliver(deletion(stored)).ends == [("done", "deleted")]
    stored.clock.advance(700)
    assert stored.holds.report(key, stored.clock.now()).status == "too_late"


def test_a_hold_that_is_placed_before_the_watermark_is_raised_holds_it(stored: Bench) -> None:
    key = stored.keys.key("response", "resp_1")
    throttle(stored)
    stored.queues.arm("SendMessageBatch", after(lambda: stored.holds.place(key, "case 42", stored.clock.now())))
    stored.deliver(deletion(stored))

    assert stored.deliver(*stored.take_retry_messages()).ends == [("done", "held")]
    assert stored.studio.stored() == ["resp_1"]
