"""Sending: what the queue did not confirm was not sent."""

import hashlib
from typing import Any

import pytest

from documents.time_budget import Budget
from tests.support.clock import FakeClock
from tests.support.kit import Kit
from tests.support.seam import Action, entry_refused, fails, passes, refused, says, says_bytes, throttled, unseen
from worker.send.queue import Queue
from worker.send.queue_message import MAX_BYTES, QueueMessage


@pytest.fixture
def url(kit: Kit) -> str:
    created = kit.stock.queue()
    kit.queues.seen.clear()
    return created


def messages(count: int, size: int = 10) -> list[QueueMessage]:
    return [QueueMessage(f"{n:05}" + "x" * (size - 5), {"key": ("String", str(n))}) for n in range(count)]


def test_ten_messages_are_one_request(kit: Kit, url: str) -> None:
    assert Queue(kit.sqs, FakeClock()).send(url, messages(25)) == [True] * 25

    assert [len(asked.document["Entries"]) for asked in kit.queues.seen] == [10, 10, 5]
    assert len(kit.peek(url)) == 25


def test_a_request_holds_no_more_than_the_queue_takes(kit: Kit, url: str) -> None:
    half = MAX_BYTES // 2 - 200

    assert Queue(kit.sqs, FakeClock()).send(url, messages(5, half)) == [True] * 5
    assert [len(asked.document["Entries"]) for asked in kit.queues.seen] == [2, 2, 1]


def test_nothing_to_send_is_no_request(kit: Kit, url: str) -> None:
    assert Queue(kit.sqs, FakeClock()).send(url, []) == []
    assert kit.queues.seen == []


def test_one_entry_that_is_refused_is_sent_again_alone(kit: Kit, url: str) -> None:
    kit.queues.arm("SendMessageBatch", entry_refused(1))

    assert Queue(kit.sqs, FakeClock()).send(url, messages(3)) == [True] * 3
    assert [len(asked.document["Entries"]) for asked in kit.queues.seen] == [3, 1]
    assert len(kit.peek(url)) == 3


def test_an_entry_that_is_refused_every_time_is_not_confirmed_and_its_neighbours_are(kit: Kit, url: str) -> None:
    kit.queues.arm("SendMessageBatch", entry_refused(1), entry_refused(0), entry_refused(0))

    assert Queue(kit.sqs, FakeClock()).send(url, messages(3)) == [True, False, True]


@pytest.mark.parametrize("action", [throttled, fails("InternalError", 500), fails("OverLimit", 403)])
def test_a_request_that_fails_is_tried_three_times_with_pauses(kit: Kit, url: str, action: Action) -> None:
    clock = FakeClock()
    kit.queues.arm("SendMessageBatch", action, action, action)

    assert Queue(kit.sqs, clock).send(url, messages(2)) == [False, False]
    assert len(kit.queues.seen) == 3
    assert 0 < sum(clock.slept) < 3


@pytest.mark.parametrize("action", [refused, unseen])
def test_a_queue_that_is_silent_twice_in_a_row_is_asked_no_more(kit: Kit, url: str, action: Action) -> None:
    kit.queues.arm("SendMessageBatch", passes, action, action)

    assert Queue(kit.sqs, FakeClock()).send(url, messages(100)) == [True] * 10 + [False] * 90
    assert len(kit.queues.seen) == 3


def test_silences_with_an_answer_between_them_give_nothing_up(kit: Kit, url: str) -> None:
    kit.queues.arm("SendMessageBatch", refused, passes, refused, passes, refused, throttled, passes, passes)

    assert Queue(kit.sqs, FakeClock()).send(url, messages(40)) == [True] * 40


@pytest.mark.parametrize("actions", [[refused], [throttled, throttled], [throttled, refused]])
def test_a_request_that_succeeds_later_is_confirmed(kit: Kit, url: str, actions: list[Action]) -> None:
    kit.queues.arm("SendMessageBatch", *actions, passes)

    assert Queue(kit.sqs, FakeClock()).send(url, messages(2)) == [True, True]
    assert len(kit.peek(url)) == 2


def test_order_and_verdicts_match_over_many_requests(kit: Kit, url: str) -> None:
    kit.queues.arm("SendMessageBatch", passes, entry_refused(0, 9), passes, entry_refused(0, 1), entry_refused(0, 1))

    ends = Queue(kit.sqs, FakeClock()).send(url, messages(23))

    assert [n for n, confirmed in enumerate(ends) if not confirmed] == [10, 19]


def test_failures_are_logged_by_name_and_without_content(kit: Kit, url: str, caplog: pytest.LogCaptureFixture) -> None:
    kit.queues.arm("SendMessageBatch", throttled, refused, entry_refused(0))

    Queue(kit.sqs, FakeClock()).send(url, messages(1))

    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == [
        "ThrottlingException",
        "EndpointConnectionError",
        "InternalError",
    ]


def answered(*, sent: object = (), failed: object = ()) -> Action:
    return says({"Successful": sent, "Failed": failed})


def confirmed(name: str, **more: str) -> dict[str, Any]:
    return {"Id": name, "MessageId": "m", "MD5OfMessageBody": digest(messages(3)[int(name)].body), **more}


def digest(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


REFUSED_ENTRY = {"Id": "1", "Code": "InternalError", "SenderFault": False}
ODD: dict[str, tuple[Action, list[bool]]] = {
    "an id that was not sent": (answered(sent=[confirmed("0"), {"Id": "7", "MessageId": "m"}]), [True, False, False]),
    "an id in both lists": (
        answered(sent=[confirmed("0"), confirmed("1")], failed=[REFUSED_ENTRY]),
        [True, False, False],
    ),
    "an id twice": (answered(sent=[confirmed("0"), confirmed("0"), confirmed("2")]), [False, False, True]),
    "an id that is no number": (answered(sent=[{"Id": "first", "MessageId": "m"}]), [False] * 3),
    "no lists": (says({}), [False] * 3),
    "lists of nothing": (answered(sent=None, failed=None), [False] * 3),
    "another body": (
        answered(sent=[confirmed("0"), confirmed("1", MD5OfMessageBody=digest("other"))]),
        [True, False, False],
    ),
    "a checksum in capital letters": (
        answered(sent=[confirmed("0", MD5OfMessageBody=digest(messages(3)[0].body).upper())]),
        [True, False, False],
    ),
    "a page": (says_bytes(b"<html>"), [False] * 3),
    "nothing": (says_bytes(b""), [False] * 3),
}


@pytest.mark.parametrize("what", ODD)
def test_only_what_an_answer_confirms_beyond_doubt_was_sent(kit: Kit, url: str, what: str) -> None:
    action, expected = ODD[what]
    kit.queues.arm("SendMessageBatch", action, *[fails("InternalError", 500)] * 2)

    assert Queue(kit.sqs, FakeClock()).send(url, messages(3)) == expected


@pytest.mark.parametrize("left", [0.0, 2.9])
def test_nothing_is_sent_that_could_outlast_the_invocation(kit: Kit, url: str, left: float) -> None:
    queue = Queue(kit.sqs, FakeClock(), Budget(lambda: left, longest=3))

    assert queue.send(url, messages(30)) == [False] * 30
    assert queue.send(url, messages(1), insist=True) == [False]
    assert kit.queues.seen == []


def test_a_queue_that_was_silent_before_is_asked_only_by_who_insists(kit: Kit, url: str) -> None:
    queue = Queue(kit.sqs, FakeClock())
    kit.queues.arm("SendMessageBatch", refused, refused)
    assert queue.send(url, messages(1)) == [False]

    assert queue.send(url, messages(1)) == [False]
    assert len(kit.queues.seen) == 2
    assert queue.send(url, messages(1), insist=True) == [True]
    assert queue.send(url, messages(1)) == [True]
