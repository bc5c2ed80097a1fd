"""Copies: their attributes, the queue's limits, and bodies that come back as they were sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import START
from tests.support.kit import Kit
from tests.support.messages import entry
from worker.receive.event import Delivery, deliveries
from worker.send.copies import MAX_BYTES, MAX_DELAY, CannotCopy, Copy, dead_letter, retry
from worker.settlement_attribute import sendable

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
COPIED = Delivery("m-1", '{"a": 1}', 1, first_seen=START - 5, attempt=2, seq=4, redrive=1, traceparent=TRACE)
ANY_TEXT = st.text(st.characters(exclude_categories=()), min_size=1)  # lone surrogates and control characters too


def park(delivery: Delivery, detail: str = "HTTP 400", key: str = "resp_1") -> Copy:
    return dead_letter(
        delivery, key, attempt=3, redrive=1, reason="rejected", function="delete_response", detail=detail
    )


def test_a_retry_copy_carries_its_key_its_numbers_and_when_it_was_first_seen() -> None:
    copy = retry(COPIED, "resp_1", attempt=3, wait=60, now=START)

    assert copy.attributes == {
        "key": ("String", "resp_1"),
        "attempt": ("Number", "3"),
        "seq": ("Number", "5"),
        "redrive": ("Number", "1"),
        "first_seen": ("Number", str(int(START) - 5)),
        "traceparent": ("String", TRACE),
    }
    assert (copy.body, copy.delay) == ('{"a": 1}', 60)


def test_a_dead_letter_carries_why_and_from_where() -> None:
    copy = park(COPIED)

    assert copy.attributes == {
        "key": ("String", "resp_1"),
        "attempt": ("Number", "3"),
        "seq": ("Number", "4"),
        "redrive": ("Number", "1"),
        "first_seen": ("Number", str(int(START) - 5)),
        "traceparent": ("String", TRACE),
        "reason": ("String", "rejected"),
        "function": ("String", "delete_response"),
        "detail": ("String", "HTTP 400"),
    }
    assert copy.delay == 0


@pytest.mark.parametrize(
    ("wait", "delay", "not_before"),
    [
        (-5, 0, None),
        (0, 0, None),
        (0.2, 1, None),
        (59.1, 60, None),
        (900, 900, None),
        (900.1, MAX_DELAY, 901),
        (86_400, MAX_DELAY, 86_400),
    ],
)
def test_a_wait_beyond_the_queues_longest_delay_travels_as_a_time(
    wait: float, delay: int, not_before: int | None
) -> None:
    copy = retry(COPIED, "resp_1", attempt=0, wait=wait, now=START)

    assert copy.delay == delay
    expected = None if not_before is None else ("Number", str(int(START) + not_before))
    assert copy.attributes.get("not_before") == expected


@pytest.mark.parametrize("body", ["text", "a\x01", "\ud800", "a\uffff"])
def test_no_copy_has_more_attributes_than_the_queue_takes(body: str) -> None:
    full = Delivery("m-1", body, first_seen=START, not_before=START, traceparent=TRACE, key="k")

    assert len(park(full).attributes) <= 10
    assert len(retry(full, "k", attempt=1, wait=5_000, now=START).attributes) <= 10


@given(ANY_TEXT)
def test_any_body_comes_back_as_it_was_sent(body: str) -> None:
    copy = park(Delivery("m-1", body, first_seen=START))
    assert sendable(copy.body)

    attributes = {name: int(value) if kind == "Number" else value for name, (kind, value) in copy.attributes.items()}
    (back,) = deliveries({"messages": [entry(copy.body, sent_at=START, attributes=attributes)]}, START)

    assert (back.body, back.flaw) == (body, None)


@pytest.mark.parametrize("body", ['{"a": 1}', "tab\tand\nnewline\r", "идея 😀", "\ufffd\ud7ff\ue000"])
def test_a_body_that_the_queue_takes_travels_as_it_is(body: str) -> None:
    assert park(Delivery("m-1", body)).body == body


@given(ANY_TEXT)
def test_what_is_called_sendable_is_what_xml_can_hold(text: str) -> None:
    def fits(code: int) -> bool:
        return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000

    assert sendable(text) == all(fits(ord(character)) for character in text)


def test_a_detail_is_cut_to_256_characters_and_made_sendable() -> None:
    detail = park(COPIED, detail="\x01" + "x" * 300).attributes["detail"][1]

    assert detail == "?" + "x" * 255


def test_a_key_that_the_queue_refuses_gives_way_to_the_message_id() -> None:
    assert park(COPIED, key="a\x01").attributes["key"] == ("String", "m-1")


def test_the_largest_copy_is_just_what_the_queue_takes() -> None:
    room = MAX_BYTES - retry(Delivery("m-1", "", traceparent=TRACE), "k", attempt=0, wait=0, now=START).size
    largest = retry(Delivery("m-1", "x" * room, traceparent=TRACE), "k", attempt=0, wait=0, now=START)
    assert largest.size == MAX_BYTES

    with pytest.raises(CannotCopy, match=r"262145 bytes"):
        retry(Delivery("m-1", "x" * (room + 1), traceparent=TRACE), "k", attempt=0, wait=0, now=START)


def test_size_is_counted_in_bytes() -> None:
    assert Copy("я", {"key": ("String", "ключ")}).size == 2 + len("keyString") + 8


def test_the_queue_takes_a_parked_copy_whole(kit: Kit) -> None:
    url = kit.sqs.create_queue(QueueName="takes-a-parked-copy")["QueueUrl"]
    copy = park(Delivery("m-1", "\x01", first_seen=START, traceparent=TRACE), detail="x" * 256)
    given_attributes: Any = {
        name: {"DataType": kind, "StringValue": value} for name, (kind, value) in copy.attributes.items()
    }
    kit.sqs.send_message(QueueUrl=url, MessageBody=copy.body, MessageAttributes=given_attributes)

    (waiting,) = kit.peek(url)
    assert waiting.attributes == {name: v for name, (_, v) in copy.attributes.items()}
