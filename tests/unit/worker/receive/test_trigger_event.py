"""Trigger events: the documented shape, the shape really seen, and what is damaged."""

import hashlib
import hmac
import json
import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import Key
from tests.support.messages import entry
from worker.message_attributes import SettlementAttribute, Signer, encoded
from worker.receive.trigger_event import Delivery, deliveries

NOW = 1_795_334_400.0
SECRET = "a-secret-of-some-length"
SIGNER = Signer(SECRET, "delete_response")
SAID = SettlementAttribute(
    key=Key("resp_1"),
    origin="first-id",
    first_seen=1_795_300_000_000,
    sent_at=1_795_000_000_001,
    attempt=3,
    copy=7,
    redrive=1,
    not_before=1_795_400_000_500,
    force=True,
)
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
    (delivery,) = deliveries({"messages": [event]}, NOW, SIGNER)
    return delivery


def attributes(**values: Any) -> dict[str, Any]:
    event = entry({"response_id": "resp_1"}, sent_at=NOW, message_id="m-1")
    event["details"]["message"]["message_attributes"] = values
    return event


def number(value: Any) -> dict[str, Any]:
    return {"data_type": "Number", "string_value": value}


def string(value: Any) -> dict[str, Any]:
    return {"data_type": "String", "string_value": value}


def test_the_shape_that_is_really_delivered_is_read() -> None:
    delivery = one(SEEN)

    assert (delivery.message_id, delivery.body) == ("b237b8ea-56142e72-6eeac5af-d4878d7a", '{"response_id": "resp_1"}')
    assert (delivery.sent_at, delivery.first_seen, delivery.received) == (1_787_348_674_266, 1_787_348_674.266, 13)
    assert (delivery.attempt, delivery.number, delivery.flaw) == (0, (0, 0), None)


def test_the_shape_of_the_documentation_is_read() -> None:
    text = SIGNER.write(SAID, '{"response_id": "resp_1"}')
    event = attributes(settlement={"dataType": "StringValue", "stringValue": text}, color={"stringValue": "red"})
    event["details"]["message"]["attributes"] = {"SentTimestamp": "1795334400000"}

    delivery = one(event)

    assert (delivery.key, delivery.copy, delivery.received) == ("resp_1", 7, 1)
    assert delivery.attributes == {"color": ("String", "red")}


def test_what_a_retry_message_says_comes_back() -> None:
    text = SIGNER.write(SAID, '{"response_id": "resp_1"}')

    delivery = one(attributes(settlement=string(text), traceparent=string(TRACE)))

    assert delivery.signed
    assert (delivery.key, delivery.origin, delivery.message_id) == ("resp_1", "first-id", "m-1")
    assert (delivery.attempt, delivery.number, delivery.force, delivery.dead) == (3, (1, 7), True, False)
    assert (delivery.sent_at, delivery.first_seen, delivery.not_before) == (
        1_795_000_000_001,
        1_795_300_000,
        1_795_400_000.5,
    )
    assert (delivery.traceparent, delivery.attributes, delivery.dropped) == (TRACE, {}, 0)


def test_a_dead_letter_that_was_moved_back_as_it_is_is_known_as_one() -> None:
    text = SIGNER.write(replace(SAID, dead=True, force=False), '{"response_id": "resp_1"}')
    beside = {name: string("text") for name in ("reason", "function", "detail")}

    delivery = one(attributes(settlement=string(text), **beside))

    assert (delivery.dead, delivery.origin, delivery.sent_at) == (True, "first-id", 1_795_000_000_001)
    assert (delivery.attributes, delivery.dropped) == ({}, 0)


def signed_for(body: str, signer: Signer | None = None, **changes: Any) -> str:
    said: dict[str, Any] = {"key": "resp_1", "origin": "o", "attempt": 3, "copy": 7, "redrive": 1}
    return (signer or SIGNER).sign({**said, "first_seen": 1, "sent_at": 1, **changes}, body)


def without_mac(text: str) -> str:
    return json.dumps({name: value for name, value in json.loads(text).items() if name != "mac"})


OURS = '{"response_id": "resp_1"}'
NOT_SIGNED: dict[str, str] = {
    "another body": signed_for('{"response_id": "resp_2"}'),
    "another function": signed_for(OURS, Signer(SECRET, "realtime_response_create")),
    "another secret": signed_for(OURS, Signer("another secret", "delete_response")),
    "a number changed": signed_for(OURS).replace('"attempt":3', '"attempt":0'),
    "a number of another type": signed_for(OURS).replace('"attempt":3', '"attempt":3.0'),
    "force added": signed_for(OURS).replace('"attempt"', '"force":true,"attempt"'),
    "dead taken away": signed_for(OURS, dead=True).replace('"dead":true,', ""),
    "an encoding added": signed_for(OURS).replace('"attempt"', '"encoding":"base64","attempt"'),
    "a version changed": signed_for(OURS).replace('"v":1', '"v":2'),
    "no mac": without_mac(signed_for(OURS)),
    "a mac that is no text": json.dumps({**json.loads(signed_for(OURS)), "mac": 5}),
    "a mac of another alphabet": json.dumps({**json.loads(signed_for(OURS)), "mac": "\u0661" * 64}),
    "a long mac": json.dumps({**json.loads(signed_for(OURS)), "mac": "a" * 100_000}),
    "a list": "[]",
    "a number": "7",
    "not JSON": "settled",
    "deep": "[" * 100_000,
    "a long number": '{"attempt": ' + "9" * 5_000 + ', "mac": "a"}',
    "a surrogate": '{"key": "\\ud800", "mac": "a"}',
    "a raw surrogate": '{"key": "\ud800", "mac": "a"}',
    "not a number": '{"attempt": NaN, "mac": "a"}',
    "nothing": "",
}


@pytest.mark.parametrize("what", NOT_SIGNED)
def test_an_attribute_without_a_valid_mac_means_nothing(what: str) -> None:
    delivery = one(attributes(settlement=string(NOT_SIGNED[what])))

    assert (delivery.signed, delivery.flaw, delivery.body) == (False, None, OURS)
    assert (delivery.key, delivery.origin, delivery.sent_at) == (None, delivery.message_id, int(NOW * 1000))
    assert (delivery.attempt, delivery.number, delivery.not_before) == (0, (0, 0), 0)
    assert (delivery.force, delivery.dead, delivery.attributes, delivery.dropped) == (False, False, {}, 1)


def test_an_attribute_that_another_release_signed_is_a_flaw() -> None:
    said = {"v": 2, "key": "resp_1", "attempts": 3}

    delivery = one(attributes(settlement=string(SIGNER.sign(said, OURS))))

    assert delivery.flaw == "message attribute settlement: of a version that this release does not know"
    assert not delivery.signed


@given(st.text(st.characters(exclude_categories=()), min_size=1), st.booleans())
def test_any_body_and_key_come_back_as_they_were_signed(body: str, dead: bool) -> None:
    attribute = replace(SAID, dead=dead)

    assert SIGNER.read(SIGNER.write(attribute, body), body) == (attribute, body)
    assert SIGNER.read(SIGNER.write(attribute, body, "base64"), encoded(body)) == (attribute, body)
    assert SIGNER.read(SIGNER.write(attribute, body), body + " ") is None


def test_the_attribute_is_what_the_contract_says() -> None:
    """Reckoned anew, step by step: producers' tools in other languages follow the text, not this code."""
    text = SIGNER.write(replace(SAID, force=False, not_before=0), "тело")
    said = json.loads(text)
    mac = said.pop("mac")
    plain = (
        '{"attempt":3,"copy":7,"first_seen":1795300000000,"key":"resp_1","origin":"first-id","redrive":1,'
        '"sent_at":1795000000001,"v":1}'
    )
    parts = [b"delete_response", hashlib.sha256("тело".encode()).digest(), plain.encode()]
    key = hmac.digest(SECRET.encode(), b"settlement attribute", "sha256")
    assert json.dumps(said, sort_keys=True, separators=(",", ":")) == plain
    assert mac == hmac.digest(key, b"".join(struct.pack(">Q", len(p)) + p for p in parts), "sha256").hex()
    assert text.isascii()


@pytest.mark.parametrize("nothing", [None, {}, [], "text", 5])
@pytest.mark.parametrize("field", ["attributes", "message_attributes"])
def test_attributes_may_be_null_or_nonsense(field: str, nothing: object) -> None:
    event = entry({"response_id": "resp_1"}, sent_at=NOW)
    event["details"]["message"][field] = nothing

    delivery = one(event)

    assert (delivery.flaw, delivery.received, delivery.first_seen) == (None, 1, NOW)


def test_a_producers_attributes_are_carried_along_and_mean_nothing() -> None:
    given_ones = {"key": string("k"), "attempt": number("9"), "seq": number("4"), "force": string("true")}

    delivery = one(attributes(**given_ones))

    assert (delivery.attempt, delivery.number, delivery.key, delivery.force) == (0, (0, 0), None, False)
    assert delivery.attributes == {
        "key": ("String", "k"),
        "attempt": ("Number", "9"),
        "seq": ("Number", "4"),
        "force": ("String", "true"),
    }
    assert delivery.dropped == 0


def test_of_more_than_five_attributes_the_first_five_travel() -> None:
    delivery = one(attributes(**{f"name-{n}": string("x") for n in range(7)}))

    assert (list(delivery.attributes), delivery.dropped) == ([f"name-{n}" for n in range(5)], 2)


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("reason", string("a name of ours")),
        ("function", string("x")),
        ("detail", string("x")),
        ("bytes", {"data_type": "Binary", "binary_value": "AAEC"}),
        ("empty", string("")),
        ("control", string("\x01")),
        ("two words", string("x")),
        ("AWS.trace", string("x")),
        ("x" * 257, string("x")),
        ("none", None),
        ("list", ["x"]),
    ],
)
def test_an_attribute_that_no_queue_takes_once_more_is_dropped_and_counted(name: str, attribute: object) -> None:
    delivery = one(attributes(**{name: attribute, "color": string("red")}))

    assert (delivery.attributes, delivery.dropped, delivery.flaw) == ({"color": ("String", "red")}, 1, None)


@pytest.mark.parametrize("trace", ["", "garbage", TRACE.upper(), TRACE + "-extra", TRACE[:-1]])
def test_a_traceparent_that_is_none_is_dropped(trace: str) -> None:
    delivery = one(attributes(traceparent={"data_type": "String", "string_value": trace}))

    assert (delivery.traceparent, delivery.flaw) == (None, None)


@pytest.mark.parametrize("body", [None, "", 5, {"response_id": "resp_1"}, ["text"], True])
def test_a_body_that_is_no_text_is_a_flaw_and_can_still_be_dead_lettered(body: object) -> None:
    event = entry({}, sent_at=NOW)
    event["details"]["message"]["body"] = body

    delivery = one(event)

    assert delivery.flaw == "details.message.body: empty, or not a string"
    assert json.loads(delivery.body) == body or json.loads(delivery.body) == event


@pytest.mark.parametrize("damaged", [{"response_id": "resp_1"}, {"details": {}}, "text", 5, ["resp_1"], None])
def test_what_is_no_queue_message_is_kept_whole_under_a_name_of_its_own(damaged: Any) -> None:
    delivery, other = deliveries({"messages": [damaged, {"response_id": "resp_2"}]}, NOW, SIGNER)

    assert json.loads(delivery.body) == damaged
    assert delivery.message_id != other.message_id


def test_a_checksum_that_the_body_contradicts_is_a_flaw() -> None:
    event = entry({"response_id": "resp_1"}, sent_at=NOW)
    event["details"]["message"]["md5_of_body"] = "0" * 32

    assert "md5_of_body" in str(one(event).flaw)


def test_a_checksum_in_capital_letters_is_the_same_checksum() -> None:
    event = entry({"response_id": "resp_1"}, sent_at=NOW)
    message = event["details"]["message"]
    message["md5_of_body"] = message["md5_of_body"].upper()

    assert one(event).flaw is None


@pytest.mark.parametrize("damaged", [None, {}, "text", {"details": None}, {"details": {"message": []}}])
def test_an_entry_that_is_no_message_is_a_flawed_delivery_with_an_id(damaged: Any) -> None:
    delivery = one(damaged)

    assert delivery.flaw
    assert delivery.message_id


def test_messages_without_an_id_are_told_apart_by_their_content() -> None:
    events = [entry(body, sent_at=NOW) for body in ("one", "two", "one")]
    for event in events:
        del event["details"]["message"]["message_id"]

    first, second, third = (delivery.message_id for delivery in deliveries({"messages": events}, NOW, SIGNER))

    assert first == third != second


@pytest.mark.parametrize("event", [{}, {"messages": None}, {"messages": {}}, {"Records": []}, None, [], "text"])
def test_what_is_no_trigger_event_is_refused_as_a_whole(event: Any) -> None:
    with pytest.raises(ValueError, match=r"event\.messages"):
        deliveries(event, NOW, SIGNER)


def test_an_empty_batch_has_no_deliveries() -> None:
    assert deliveries({"messages": []}, NOW, SIGNER) == []


def test_deliveries_keep_the_order_of_the_event() -> None:
    events = [entry({"n": n}, sent_at=NOW) for n in range(5)]

    assert [json.loads(delivery.body)["n"] for delivery in deliveries({"messages": events}, NOW, SIGNER)] == [
        0,
        1,
        2,
        3,
        4,
    ]
