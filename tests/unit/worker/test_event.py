"""Trigger events: the documented shape, the shape really seen, and what is damaged."""

import json
from typing import Any

import pytest

from tests.support.messages import entry
from worker.receive.event import Delivery, deliveries

NOW = 1_795_334_400.0
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

SEEN: dict[str, Any] = {
    "event_metadata": {
        "event_id": "b237b8ea-56142e72-6eeac5af-d4878d7a",
        "event_type": "yandex.cloud.events.messagequeue.QueueMessage",
        "created_at": "2026-08-21T21:44:34.266Z",
        "tracing_context": None,
        "cloud_id": "b1gcloud",
        "folder_id": "b1gfolder",
    },
    "details": {
        "queue_id": "yrn:yc:ymq:ru-central1:b1gfolder:queue",
        "message": {
            "message_id": "b237b8ea-56142e72-6eeac5af-d4878d7a",
            "md5_of_body": "b5cd6646a685f5906a87a218a047c1c6",
            "body": '{"response_id": "resp_1"}',
            "attributes": {
                "ApproximateFirstReceiveTimestamp": "1787348675000",
                "ApproximateReceiveCount": "13",
                "SenderId": "aje",
                "SentTimestamp": "1787348674266",
            },
            "message_attributes": {"Attempt": {"data_type": "Number", "string_value": "1"}},
            "md5_of_message_attributes": "",
        },
    },
}


def one(event: dict[str, Any]) -> Delivery:
    (delivery,) = deliveries({"messages": [event]}, NOW)
    return delivery


def attributes(**values: Any) -> dict[str, Any]:
    event = entry({"response_id": "resp_1"}, sent_at=NOW)
    event["details"]["message"]["message_attributes"] = values
    return event


def number(value: Any) -> dict[str, Any]:
    return {"data_type": "Number", "string_value": value}


def test_the_shape_that_is_really_delivered_is_read() -> None:
    delivery = one(SEEN)

    assert (delivery.message_id, delivery.body) == ("b237b8ea-56142e72-6eeac5af-d4878d7a", '{"response_id": "resp_1"}')
    assert (delivery.sent_at, delivery.first_seen, delivery.received) == (1_787_348_674_266, 1_787_348_674.266, 13)
    assert (delivery.attempt, delivery.number, delivery.flaw) == (0, (0, 0), None)


def test_the_shape_of_the_documentation_is_read() -> None:
    event = attributes(key={"dataType": "StringValue", "stringValue": "resp_1"}, seq={"stringValue": "4"})
    event["details"]["message"]["attributes"] = {"SentTimestamp": "1795334400000"}

    delivery = one(event)

    assert (delivery.key, delivery.seq, delivery.received) == ("resp_1", 4, 1)


def test_the_attributes_of_a_copy_come_back() -> None:
    numbers = {"attempt": "3", "seq": "7", "redrive": "1", "not_before": "1795400000", "first_seen": "1795300000"}
    texts = {"key": "resp_1", "traceparent": TRACE, "force": "true"}

    delivery = one(
        attributes(
            **{name: number(value) for name, value in numbers.items()},
            **{name: {"data_type": "String", "string_value": value} for name, value in texts.items()},
        )
    )

    assert (delivery.attempt, delivery.number) == (3, (1, 7))
    assert (delivery.not_before, delivery.first_seen) == (1_795_400_000, 1_795_300_000)
    assert (delivery.key, delivery.traceparent, delivery.forced) == ("resp_1", TRACE, True)


@pytest.mark.parametrize("nothing", [None, {}, [], "text", 5])
@pytest.mark.parametrize("field", ["attributes", "message_attributes"])
def test_attributes_may_be_null_or_nonsense(field: str, nothing: object) -> None:
    event = entry({"response_id": "resp_1"}, sent_at=NOW)
    event["details"]["message"][field] = nothing

    delivery = one(event)

    assert (delivery.flaw, delivery.received, delivery.first_seen) == (None, 1, NOW)


def test_attributes_of_others_are_ignored() -> None:
    delivery = one(attributes(Attempt=number("9"), color={"data_type": "Binary", "binary_value": "AAEC"}))

    assert (delivery.attempt, delivery.key, delivery.flaw) == (0, None, None)


@pytest.mark.parametrize("value", ["-1", "1.5", "one", "", None, "9" * 16, "\u0661"])
@pytest.mark.parametrize("name", ["attempt", "seq", "redrive", "not_before", "first_seen"])
def test_a_number_that_is_none_is_a_flaw_which_is_named(name: str, value: object) -> None:
    assert one(attributes(**{name: number(value)})).flaw == f"message attribute {name}: not a whole number"


@pytest.mark.parametrize("trace", ["", "garbage", TRACE.upper(), TRACE + "-extra", TRACE[:-1]])
def test_a_traceparent_that_is_none_is_dropped(trace: str) -> None:
    delivery = one(attributes(traceparent={"data_type": "String", "string_value": trace}))

    assert (delivery.traceparent, delivery.flaw) == (None, None)


@pytest.mark.parametrize(
    ("word", "forced"), [("true", True), ("1", True), ("yes", True), ("false", False), ("0", False)]
)
def test_a_force_is_one_only_where_it_says_so(word: str, forced: bool) -> None:
    assert one(attributes(force={"data_type": "String", "string_value": word})).forced is forced


@pytest.mark.parametrize("body", [None, "", 5, {"response_id": "resp_1"}, ["text"], True])
def test_a_body_that_is_no_text_is_a_flaw_and_can_still_be_parked(body: object) -> None:
    event = entry({}, sent_at=NOW)
    event["details"]["message"]["body"] = body

    delivery = one(event)

    assert delivery.flaw == "details.message.body: empty, or not a string"
    assert json.loads(delivery.body) == body or json.loads(delivery.body) == event


@pytest.mark.parametrize("damaged", [{"response_id": "resp_1"}, {"details": {}}, "text", 5, ["resp_1"], None])
def test_what_is_no_queue_message_is_kept_whole_under_a_name_of_its_own(damaged: Any) -> None:
    delivery, other = deliveries({"messages": [damaged, {"response_id": "resp_2"}]}, NOW)

    assert json.loads(delivery.body) == damaged
    assert delivery.message_id != other.message_id


def test_a_checksum_that_the_body_contradicts_is_a_flaw() -> None:
    event = entry({"response_id": "resp_1"}, sent_at=NOW)
    event["details"]["message"]["md5_of_body"] = "0" * 32

    assert "md5_of_body" in str(one(event).flaw)


@pytest.mark.parametrize("body", ["YQ", "not base64!", "/w==", "идея"])
def test_an_encoded_body_that_cannot_be_decoded_is_a_flaw(body: str) -> None:
    event = entry(body, sent_at=NOW, attributes={"encoding": "base64"})

    assert one(event).flaw == "message attribute encoding: the body is not base64 of UTF-8"


@pytest.mark.parametrize("damaged", [None, {}, "text", {"details": None}, {"details": {"message": []}}])
def test_an_entry_that_is_no_message_is_a_flawed_delivery_with_an_id(damaged: Any) -> None:
    delivery = one(damaged)

    assert delivery.flaw
    assert delivery.message_id


def test_messages_without_an_id_are_told_apart_by_their_content() -> None:
    events = [entry(body, sent_at=NOW) for body in ("one", "two", "one")]
    for event in events:
        del event["details"]["message"]["message_id"]

    first, second, third = (delivery.message_id for delivery in deliveries({"messages": events}, NOW))

    assert first == third != second


@pytest.mark.parametrize("event", [{}, {"messages": None}, {"messages": {}}, {"Records": []}, None, [], "text"])
def test_what_is_no_trigger_event_is_refused_as_a_whole(event: Any) -> None:
    with pytest.raises(ValueError, match=r"event\.messages"):
        deliveries(event, NOW)


def test_an_empty_batch_has_no_deliveries() -> None:
    assert deliveries({"messages": []}, NOW) == []


def test_deliveries_keep_the_order_of_the_event() -> None:
    events = [entry({"n": n}, sent_at=NOW) for n in range(5)]

    assert [json.loads(delivery.body)["n"] for delivery in deliveries({"messages": events}, NOW)] == [0, 1, 2, 3, 4]
