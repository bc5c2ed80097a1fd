"""Every conditional write about a deletion, against every state that it may meet."""

from collections.abc import Callable
from typing import Any

import pytest

from documents import Written
from ledger import Ledger, Record, deletions
from ledger.deletions import Order
from ledger.record import QUEUE_RETENTION
from tests.unit.ledger.conftest import KEY

NOW = 1_795_334_400.0
SENT = 1_795_334_000_000
YES, REFUSED = Written.YES, Written.REFUSED


def open_at(redrive: int, seq: int, next_at: float = NOW) -> dict[str, Any]:
    return {"due": 0, "state": "open", "redrive": redrive, "seq": seq, "next_at": next_at}


def ended(state: str, redrive: int, sent_at: int, owner: str = "another") -> dict[str, Any]:
    return {"state": state, "redrive": redrive, "seq": 9, "sent_at": sent_at, "owner": owner, "dlq": "pending"}


NOBODY = frozenset[str]()

# The writes of a delivery with redrive 1 and seq 3, sent at SENT.
WRITES = {
    "fact": deletions.fact(KEY, "deleted", NOW, {"reason": "retention"}),
    "held": deletions.held(KEY, Order(1, 0, SENT, 0), NOBODY, NOW, {}),
    "mark": deletions.watermark(KEY, Order(1, 4, SENT, 0), NOBODY, NOW + 60, {}),
    "dead_lettered": deletions.parked(KEY, "me", Order(1, 3, SENT, 0), NOBODY, "rejected", NOW, {}),
    "dead letter sent": deletions.dead_letter_sent(KEY, "me"),
}
ANY_TIME = {"fact", "held"}
ALLOWED = {
    "nothing": ({}, {*ANY_TIME, "mark", "dead_lettered"}),
    "a hold alone": ({"hold": {"case-1"}}, {*ANY_TIME, "mark", "dead_lettered"}),
    "open, an older generation": (open_at(0, 9), {*ANY_TIME, "mark", "dead_lettered"}),
    "open below me": (open_at(1, 2), {*ANY_TIME, "mark", "dead_lettered"}),
    "open at me": (open_at(1, 3), {*ANY_TIME, "mark", "dead_lettered"}),
    "open at the copy": (open_at(1, 4), ANY_TIME),
    "open above the copy": (open_at(1, 5), ANY_TIME),
    "open, a newer generation": (open_at(2, 0), ANY_TIME),
    "open for another message": (open_at(2, 9) | {"due": 7}, {*ANY_TIME, "mark", "dead_lettered"}),
    "open above me, its copy long gone": (open_at(1, 5, NOW - QUEUE_RETENTION - 1), {*ANY_TIME, "dead_lettered"}),
    "parked in an older generation": (ended("dead_lettered", 0, SENT + 1), {*ANY_TIME, "mark", "dead_lettered"}),
    "parked, and sent before me": (ended("dead_lettered", 1, SENT - 1), {*ANY_TIME, "mark", "dead_lettered"}),
    "parked, the same message": (ended("dead_lettered", 1, SENT), ANY_TIME),
    "parked, and sent after me": (ended("dead_lettered", 1, SENT + 1), ANY_TIME),
    "parked in a newer generation, and sent before me": (
        ended("dead_lettered", 2, SENT - 1),
        {*ANY_TIME, "mark", "dead_lettered"},
    ),
    "parked in a newer generation, the same message": (ended("dead_lettered", 2, SENT), ANY_TIME),
    "parked in a newer generation, and sent after me": (ended("dead_lettered", 2, SENT + 1), ANY_TIME),
    "parked by me": (ended("dead_lettered", 1, SENT, "me"), {*ANY_TIME, "dead letter sent"}),
    "held, and sent before me": (ended("held", 1, SENT - 1), {*ANY_TIME, "mark", "dead_lettered"}),
    "held in a newer generation, and sent before me": (
        ended("held", 2, SENT - 1),
        {*ANY_TIME, "mark", "dead_lettered"},
    ),
    "held in a newer generation, and sent after me": (ended("held", 2, SENT + 1), ANY_TIME),
    "held, the same message": (ended("held", 1, SENT), ANY_TIME),
    "held, and sent after me": (ended("held", 1, SENT + 1), ANY_TIME),
    "deleted": ({"state": "deleted"}, set[str]()),
    "already absent": ({"state": "already_absent"}, set[str]()),
    "done": ({"state": "done"}, set[str]()),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("what", ALLOWED)
def test_facts_beat_all_else_and_newer_messages_beat_older_ones(
    store: Ledger, given: Callable[..., Record], what: str, name: str
) -> None:
    row, allowed = ALLOWED[what]
    before = given(**row)

    written = store.write(WRITES[name])

    assert written is (YES if name in allowed else REFUSED)
    assert store.get(KEY).hold == before.hold
    if written is REFUSED:
        assert store.get(KEY) == before


def test_a_receipt_keeps_nothing_of_a_parking(store: Ledger, given: Callable[..., Record]) -> None:
    given(**ended("dead_lettered", 1, SENT), detail="HTTP 400", expires_at=NOW)
    store.write(deletions.fact(KEY, "deleted", NOW, {"reason": "erasure", "attempt": 2}))

    row = store.get(KEY)
    assert (row.state, row.reason, row.attempt, row.rest["executed_at"]) == ("deleted", "erasure", 2, NOW)
    assert (row.dlq, row.owner, row.expires_at, row.sent_at) == (None, None, None, 0)
    assert "detail" not in row.rest


def test_a_mark_over_an_older_parking_opens_the_key_without_its_leftovers(
    store: Ledger, given: Callable[..., Record]
) -> None:
    given(**ended("dead_lettered", 0, SENT))
    store.write(deletions.watermark(KEY, Order(1, 4, SENT, 0), NOBODY, NOW + 60, {"attempt": 1}))

    row = store.get(KEY)
    assert (row.state, row.watermark, row.next_at, row.attempt) == ("open", (1, 4), NOW + 60, 1)
    assert (row.dlq, row.owner, row.sent_at) == (None, None, 0)
