"""What a record means for a delivery: the whole table, for calls of both kinds."""

from dataclasses import replace
from typing import Any

import pytest

from delete_response import DeleteResponse
from ledger import Key, Record, RecordKey
from worker.receive.trigger_event import Delivery
from worker.settle.context import Item
from worker.settle.decide import Decision, Step, decide

NOW = 1_795_334_400.0
SENT = int(NOW * 1000)
RETENTION = 4 * 86_400.0
GONE = NOW - 900 - RETENTION - 1
RETRY: dict[str, Any] = {"signed": True, "origin": "first"}


def item(body_hash: str = "hash", **said: Any) -> Item:
    """A delivery with id m, a producer's message where nothing else is said."""
    fields: dict[str, Any] = {"message_id": "m", "origin": "m", "body": "{}", "sent_at": SENT} | said
    delivery = Delivery(**fields)
    message = DeleteResponse.model_validate({"response_id": "resp_1"})
    begins = delivery.copy == 0
    return Item(RecordKey("record"), Key("resp_1"), "me", delivery, message, body_hash=body_hash, begins=begins)


def decision(delivered: Item, *, may_repeat: bool = False, **stored: Any) -> Decision:
    record = Record(RecordKey("record"), **({"marked_at": NOW} | stored))
    return decide(delivered, record, NOW, may_repeat=may_repeat, retention=RETENTION)


CLAIMED: dict[str, Any] = {"state": "claimed", "owner": "another", "lease_until": NOW + 1}
EXPIRED: dict[str, Any] = {**CLAIMED, "lease_until": NOW - 1}
OPEN: dict[str, Any] = {"state": "open", "copy": 3}
RETRIED: dict[str, Any] = {"retried": frozenset({"0:m"})}
ENDED: dict[str, Any] = {"messages": frozenset({"first", "retry"}), "copy": 3}
DEAD: dict[str, Any] = {**ENDED, "state": "dead_lettered", "reason": "rejected", "dlq": "sent"}
UNKNOWN: dict[str, Any] = {**DEAD, "reason": "outcome_unknown"}
HELD: dict[str, Any] = {**ENDED, "state": "held"}
ABSENT: dict[str, Any] = {"state": "already_absent", "receipts": 1, "absent_sent_at": SENT - 1}

TABLE: dict[str, tuple[Item, dict[str, Any], Step]] = {
    "nothing there": (item(), {}, Step.PROCEED),
    "expired": (item(), {"state": "done", "expires_at": NOW - 1}, Step.PROCEED),
    "done": (item(), {"state": "done"}, Step.FINAL),
    "deleted": (item(sent_at=SENT + 1), {"state": "deleted"}, Step.FINAL),
    "absent, sent before": (item(sent_at=SENT - 2), ABSENT, Step.FINAL),
    "absent, the very message": (item(sent_at=SENT - 1), ABSENT, Step.FINAL),
    "absent, sent later": (item(), ABSENT, Step.PROCEED),
    "absent before and open since, sent before": (item(sent_at=SENT - 1), {**ABSENT, **OPEN}, Step.FINAL),
    "absent before and held since, sent before": (item(sent_at=SENT - 1), {**ABSENT, **HELD}, Step.FINAL),
    "open at the delivery": (item(copy=3), OPEN, Step.PROCEED),
    "open above a retry message": (item(copy=2, **RETRY), OPEN, Step.SUPERSEDED),
    "open above a retry message, long ago": (item(copy=2, **RETRY), {**OPEN, "marked_at": GONE}, Step.PROCEED),
    "open above a retry message of an earlier redrive": (item(copy=2, **RETRY), {**OPEN, "redrive": 1}, Step.PROCEED),
    "open above a message that has a retry message": (item(), {**OPEN, **RETRIED}, Step.SUPERSEDED),
    "open above a message that has none": (item(), OPEN, Step.PROCEED),
    "open above a message that has one of an earlier redrive": (
        item(),
        {**OPEN, **RETRIED, "redrive": 1},
        Step.PROCEED,
    ),
    "open above a redriven message that has none": (item(**RETRY), OPEN, Step.PROCEED),
    "my claim": (item(), {**CLAIMED, "owner": "me"}, Step.MINE),
    "claimed": (item(), CLAIMED, Step.BUSY),
    "claimed above a retry message": (item(copy=1, **RETRY), {**CLAIMED, "copy": 2}, Step.SUPERSEDED),
    "claimed above a message that has no retry message": (item(), {**CLAIMED, "copy": 1}, Step.BUSY),
    "a lease that is over": (item(), EXPIRED, Step.EXPIRED),
    "a lease that is over, above a retry message": (item(copy=1, **RETRY), {**EXPIRED, "copy": 2}, Step.SUPERSEDED),
    "a lease that is over, above a message that has no retry message": (item(), {**EXPIRED, "copy": 1}, Step.EXPIRED),
    "a lease that is over, above a retry message, long ago": (
        item(copy=1, **RETRY),
        {**EXPIRED, "copy": 2, "marked_at": GONE},
        Step.EXPIRED,
    ),
    "a lease that is over, forced": (item(force=True, redrive=1), EXPIRED, Step.PROCEED),
    "a live lease, forced": (item(force=True, redrive=1), CLAIMED, Step.BUSY),
    "other content": (item(), {**OPEN, "body_hash": "other"}, Step.KEY_REUSED),
    "dead-lettered, its own return": (item(message_id="retry", **RETRY), DEAD, Step.DEAD_LETTERED),
    "dead-lettered, the first message returns": (item(message_id="first"), DEAD, Step.DEAD_LETTERED),
    "dead-lettered, an older retry message": (item(copy=2, **RETRY), DEAD, Step.DEAD_LETTERED),
    "dead-lettered, a newer retry message": (item(copy=4, **RETRY), DEAD, Step.PROCEED),
    "dead-lettered, its dead letter pending": (
        item(message_id="retry", **RETRY),
        {**DEAD, "dlq": "pending"},
        Step.RESEND,
    ),
    "dead-lettered, a fresh message": (item(), DEAD, Step.PROCEED),
    "dead-lettered, a fresh message, its dead letter pending": (item(), {**DEAD, "dlq": "pending"}, Step.PROCEED),
    "dead-lettered, moved back": (item(dead=True, redrive=1, **RETRY), DEAD, Step.PROCEED),
    "dead-lettered, redriven": (item(redrive=1, **RETRY), DEAD, Step.PROCEED),
    "unknown, its own return": (item(message_id="retry", **RETRY), UNKNOWN, Step.DEAD_LETTERED),
    "unknown, a fresh message": (item(), UNKNOWN, Step.REFUSE),
    "unknown, moved back": (item(dead=True, redrive=1, **RETRY), UNKNOWN, Step.REFUSE),
    "unknown, redriven": (item(redrive=1, **RETRY), UNKNOWN, Step.REFUSE),
    "unknown, redriven by force": (item(redrive=1, force=True, **RETRY), UNKNOWN, Step.PROCEED),
    "unknown, a force of an older redrive": (
        item(redrive=1, force=True, signed=True, origin="other"),
        {**UNKNOWN, "redrive": 1},
        Step.REFUSE,
    ),
    "dead-lettered, another retry message of that number": (item(copy=3, **RETRY), DEAD, Step.PROCEED),
    "dead-lettered, redriven a second time": (item(redrive=1, **RETRY), {**DEAD, "redrive": 1}, Step.PROCEED),
    "unknown, a newer retry message": (item(copy=4, **RETRY), UNKNOWN, Step.DEAD_LETTERED),
    "held, its own return": (item(message_id="first"), HELD, Step.HELD),
    "held, an older retry message": (item(copy=2, **RETRY), HELD, Step.HELD),
    "held, a retry message that was moved back since": (
        item(copy=2, queued_at=NOW + 1, **RETRY),
        HELD,
        Step.PROCEED,
    ),
    "held, redriven once more": (item(redrive=1, **RETRY), {**HELD, "redrive": 1}, Step.PROCEED),
    "held, another message": (item(), HELD, Step.PROCEED),
}


@pytest.mark.parametrize("what", TABLE)
def test_the_record_decides(what: str) -> None:
    delivered, stored, step = TABLE[what]

    assert decision(delivered, **stored).step is step


def test_a_call_that_may_repeat_is_not_refused_because_its_outcome_is_unknown() -> None:
    assert decision(item(body_hash=""), may_repeat=True, **UNKNOWN).step is Step.PROCEED


@pytest.mark.parametrize("stored", [DEAD, HELD, ABSENT], ids=["dead-lettered", "held", "absent"])
def test_a_message_after_an_end_begins_a_redrive_of_its_own(stored: dict[str, Any]) -> None:
    begun = decision(item(), **{**stored, "redrive": 4}).item

    assert begun.delivery.number == (5, 0)
    assert (begun.standing(retried=1).copy, begun.standing(retried=1).retried) == (1, frozenset({"m"}))


def test_a_redriven_message_keeps_its_own_number() -> None:
    assert decision(item(redrive=7, copy=2, **RETRY), **DEAD).item.delivery.number == (7, 2)


@pytest.mark.parametrize("delivered", [item(), item(copy=2, **RETRY)], ids=["a message", "a retry message"])
def test_what_began_a_redrive_is_superseded_only_once_it_has_a_retry_message(delivered: Item) -> None:
    claimed = decision(delivered, **EXPIRED, redrive=5)
    assert (claimed.step, claimed.item.delivery.number) == (Step.EXPIRED, (5, 0))

    retried: dict[str, Any] = {**OPEN, "redrive": 5, "copy": 1, "retried": frozenset({"5:m"})}
    assert decision(delivered, **retried).step is Step.SUPERSEDED


def test_a_message_that_has_no_retry_message_takes_the_place_of_the_watermark() -> None:
    taken = decision(item(), **OPEN, redrive=2).item

    assert taken.delivery.number == (2, 3)
    assert (taken.standing(retried=1).copy, taken.standing(retried=1).retried) == (4, frozenset({"m"}))
    assert taken.standing().retried == frozenset()


def test_a_decision_leaves_the_delivery_as_it_came() -> None:
    delivered = item(attempt=3)

    decided = decision(delivered, state="open").item

    assert decided == replace(delivered)
