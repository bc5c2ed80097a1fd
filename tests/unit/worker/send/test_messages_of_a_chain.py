"""Retry messages, dead letters and redrives: what they say, the queue's limits, and bodies that come back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import Key
from tests.support.clock import START
from tests.support.kit import Kit
from tests.support.messages import entry
from worker.message_attributes import Signer, sendable, unverified
from worker.receive.trigger_event import Delivery, deliveries
from worker.send.dead_letter import dead_letter
from worker.send.queue_message import MAX_BYTES, Carrier, QueueMessage, TooLarge
from worker.send.retry_message import MAX_DELAY, redriven, retry

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CARRIER = Carrier(Signer("a-secret-of-some-length", "delete_response"))
OWN = {f"own-{n}": ("Number", str(n)) for n in range(5)}
CAME = Delivery(
    "m-3",
    '{"a": 1}',
    sent_at=int(START * 1000) - 5_001,
    first_seen=START - 5,
    origin="m-1",
    attempt=2,
    copy=4,
    redrive=1,
    traceparent=TRACE,
    attributes=OWN,
)
ANY_TEXT = st.text(st.characters(exclude_categories=()), min_size=1)  # lone surrogates and control characters too


def again(delivery: Delivery, key: str = "resp_1", *, wait: float = 60, carrier: Carrier = CARRIER) -> QueueMessage:
    return retry(delivery, Key(key), attempt=3, wait=wait, now=START, carrier=carrier)


def dead(delivery: Delivery, detail: str = "HTTP 400", carrier: Carrier = CARRIER) -> QueueMessage:
    return dead_letter(
        delivery,
        Key("resp_1"),
        attempt=3,
        redrive=1,
        reason="rejected",
        function="delete_response",
        detail=detail,
        carrier=carrier,
    )


def said(message: QueueMessage) -> dict[str, Any]:
    told = unverified(message.attributes["settlement"][1])
    return {name: value for name, value in told.items() if name not in {"v", "mac"}}


def back(message: QueueMessage) -> Delivery:
    """The message as its function reads it when it comes."""
    given_attributes: dict[str, str | int] = {name: value for name, (_, value) in message.attributes.items()}
    event = {"messages": [entry(message.body, sent_at=START + 60, attributes=given_attributes)]}
    (delivery,) = deliveries(event, START, CARRIER.signer)
    return delivery


def test_a_retry_message_says_what_its_chain_has_come_to() -> None:
    message = again(CAME)

    assert said(message) == {
        "key": "resp_1",
        "origin": "m-1",
        "attempt": 3,
        "copy": 5,
        "redrive": 1,
        "first_seen": int(START - 5) * 1000,
        "sent_at": int(START * 1000) - 5_001,
    }
    assert {name: message.attributes[name] for name in message.attributes if name != "settlement"} == {
        **OWN,
        "traceparent": ("String", TRACE),
    }
    assert (message.body, message.delay) == ('{"a": 1}', 60)


def test_a_dead_letter_says_why_and_from_where() -> None:
    message = dead(CAME)

    assert said(message) == {
        "key": "resp_1",
        "origin": "m-1",
        "attempt": 3,
        "copy": 4,
        "redrive": 1,
        "first_seen": int(START - 5) * 1000,
        "sent_at": int(START * 1000) - 5_001,
        "dead": True,
    }
    assert {name: message.attributes[name] for name in message.attributes if name != "settlement"} == {
        **OWN,
        "traceparent": ("String", TRACE),
        "reason": ("String", "rejected"),
        "function": ("String", "delete_response"),
        "detail": ("String", "HTTP 400"),
    }
    assert message.delay == 0


@pytest.mark.parametrize("force", [False, True])
def test_a_redrive_is_the_next_generation_of_the_same_chain(*, force: bool) -> None:
    redrive = back(redriven(back(dead(CAME)), force=force, now=START + 100, carrier=CARRIER))

    assert (redrive.key, redrive.origin, redrive.sent_at) == ("resp_1", "m-1", CAME.sent_at)
    assert (redrive.attempt, redrive.number, redrive.first_seen) == (0, (2, 0), START + 100)
    assert (redrive.force, redrive.dead, redrive.signed) == (force, False, True)
    assert redrive.attributes.keys() == OWN.keys()


def test_a_message_that_the_queue_itself_moved_is_redriven_under_its_own_id() -> None:
    moved = Delivery("m-9", "body", sent_at=1, origin="m-9")

    redrive = back(redriven(moved, force=False, now=START, carrier=CARRIER))

    assert (redrive.key, redrive.origin, redrive.number) == ("m-9", "m-9", (1, 0))


@pytest.mark.parametrize(
    ("wait", "delay", "not_before"),
    [
        (-5, 0, None),
        (0, 0, None),
        (0.2, 1, None),
        (59.1, 60, None),
        (900, 900, None),
        (900.1, MAX_DELAY, 900_100),
        (86_400, MAX_DELAY, 86_400_000),
    ],
)
def test_a_wait_beyond_the_queues_longest_delay_travels_as_a_time(
    wait: float, delay: int, not_before: int | None
) -> None:
    message = again(CAME, wait=wait)

    assert message.delay == delay
    assert said(message).get("not_before") == (None if not_before is None else int(START * 1000) + not_before)


@pytest.mark.parametrize("body", ["text", "a\x01", "\ud800", "a\uffff"])
def test_no_message_has_more_attributes_than_the_queue_takes(body: str) -> None:
    full = Delivery("m-1", body, first_seen=START, not_before=START, traceparent=TRACE, key=Key("k"), attributes=OWN)

    assert len(dead(full).attributes) == 10
    assert len(again(full, wait=5_000).attributes) <= 10


@given(ANY_TEXT)
def test_any_body_comes_back_as_it_was_sent(body: str) -> None:
    message = dead(Delivery("m-1", body, first_seen=START))
    assert sendable(message.body)

    delivery = back(message)

    assert (delivery.body, delivery.flaw, delivery.dead) == (body, None, True)


@pytest.mark.parametrize("body", ['{"a": 1}', "tab\tand\nnewline\r", "идея 😀", "\ufffd\ud7ff\ue000"])
def test_a_body_that_the_queue_takes_travels_as_it_is(body: str) -> None:
    assert dead(Delivery("m-1", body)).body == body


@given(ANY_TEXT)
def test_what_is_called_sendable_is_what_xml_can_hold(text: str) -> None:
    def fits(code: int) -> bool:
        return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000

    assert sendable(text) == all(fits(ord(character)) for character in text)


def test_a_detail_is_cut_to_256_characters_and_made_sendable() -> None:
    detail = dead(CAME, detail="\x01" + "x" * 300).attributes["detail"][1]

    assert detail == "?" + "x" * 255


def test_any_key_travels_in_characters_that_every_queue_takes() -> None:
    message = again(CAME, key="ключ\x01")

    assert sendable(message.attributes["settlement"][1])
    assert back(message).key == "ключ\x01"


@pytest.mark.parametrize("limit", [MAX_BYTES, 16_384])
def test_the_largest_message_is_just_what_its_queue_takes(limit: int) -> None:
    carrier = Carrier(CARRIER.signer, limit)
    room = limit - again(Delivery("m-1", "", traceparent=TRACE)).size
    assert again(Delivery("m-1", "x" * room, traceparent=TRACE), carrier=carrier).size == limit

    with pytest.raises(TooLarge, match=f"{limit + 1} bytes"):
        again(Delivery("m-1", "x" * (room + 1), traceparent=TRACE), carrier=carrier)
    with pytest.raises(TooLarge):
        dead(Delivery("m-1", "x" * (room + 1), traceparent=TRACE), carrier=carrier)


def test_size_is_counted_in_bytes() -> None:
    assert QueueMessage("я", {"key": ("String", "ключ")}).size == 2 + len("keyString") + 8


def test_what_does_not_travel_along_is_said_in_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    again(CAME)
    assert caplog.records == []

    again(Delivery("m-1", "body", dropped=2))

    (record,) = caplog.records
    assert record.getMessage().startswith("2 message attributes do not travel along")


def test_the_queue_takes_a_dead_letter_whole(kit: Kit) -> None:
    url = kit.stock.queue()
    full = Delivery("m-1", "\x01", first_seen=START, traceparent=TRACE, attributes=OWN)
    message = dead(full, detail="x" * 256)
    given_attributes: Any = {
        name: {"DataType": kind, "StringValue": value} for name, (kind, value) in message.attributes.items()
    }
    kit.sqs.send_message(QueueUrl=url, MessageBody=message.body, MessageAttributes=given_attributes)

    (waiting,) = kit.peek(url)
    assert waiting.attributes == {name: value for name, (_, value) in message.attributes.items()}
