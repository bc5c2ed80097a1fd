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
    return Item(RecordKey("record"), Key("resp_1"), "me", delivery, message, body_hash=body_hash)


def decision(delivered: Item, *, may_repeat: bool = False, **stored: Any) -> Decision:
    record = Record(RecordKey("record"), **({"marked_at": NOW} | stored))
    return decide(delivered, record, NOW, may_repeat=may_repeat, retention=RETENTION)


CLAIMED: dict[str, Any] = {"state": "claimed", "owner": "another", "lease_until": NOW + 1}
EXPIRED: dict[str, Any] = {**CLAIMED, "lease_until": NOW - 1}
OPEN: dict[str, Any] = {"state": "open", "copy": 3}
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
    "open above the delivery": (item(copy=2), OPEN, Step.SUPERSEDED),
    "open above the delivery, long ago": (item(copy=2), {**OPEN, "marked_at": GONE}, Step.PROCEED),
    "my claim": (item(), {**CLAIMED, "owner": "me"}, Step.MINE),
    "claimed": (item(), CLAIMED, Step.BUSY),
    "claimed above the delivery": (item(), {**CLAIMED, "copy": 1}, Step.SUPERSEDED),
    "a lease that is over": (item(), EXPIRED, Step.EXPIRED),
    "a lease that is over, above the delivery": (item(), {**EXPIRED, "copy": 1}, Step.SUPERSEDED),
    "a lease that is over, above the delivery, long ago": (
        item(),
        {**EXPIRED, "copy": 1, "marked_at": GONE},
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

    assert (begun.delivery.number, begun.began) == ((5, 0), "5:m")
    assert begun.standing(retried=1).copy == 1


def test_a_redriven_message_keeps_its_own_number() -> None:
    assert decision(item(redrive=7, copy=2, **RETRY), **DEAD).item.delivery.number == (7, 2)


def test_what_began_a_redrive_is_not_superseded_by_it_when_it_returns() -> None:
    claimed: dict[str, Any] = {**EXPIRED, "redrive": 5, "began": "5:m"}
    assert decision(item(), **claimed).step is Step.EXPIRED
    assert decision(item(message_id="other"), **claimed).step is Step.SUPERSEDED

    retried: dict[str, Any] = {**OPEN, "redrive": 5, "copy": 1, "began": "5:m"}
    assert decision(item(), **retried).step is Step.SUPERSEDED
    assert decision(item(), **{**retried, "redrive": 6, "copy": 0}).step is Step.SUPERSEDED


def test_a_decision_leaves_the_delivery_as_it_came() -> None:
    delivered = item(attempt=3)

    decided = decision(delivered, state="open").item

    assert decided == replace(delivered)
