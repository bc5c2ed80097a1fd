"""Every conditional write of a call that must not repeat, against every state that it may meet."""

from collections.abc import Callable
from typing import Any

import pytest

from documents import Written
from ledger import Claim, Ledger, Record, RecordKey, Standing, claims, message_chains
from tests.unit.ledger.conftest import KEY

NOW = 1_795_334_400.0
YES, REFUSED = Written.YES, Written.REFUSED
ANSWERS = frozenset({"m-1"})

MINE: dict[str, Any] = {"state": "claimed", "owner": "me", "redrive": 1, "copy": 3, "lease_until": NOW + 60}
THEIRS = {**MINE, "owner": "another"}
DONE = {"state": "done", "owner": "another", "redrive": 1, "copy": 3}
LAPSED = {"expires_at": NOW - 1}


def open_at(redrive: int, copy: int) -> dict[str, Any]:
    return {"state": "open", "redrive": redrive, "copy": copy, "marked_at": NOW}


def dead_lettered(redrive: int, reason: str, owner: str = "another") -> dict[str, Any]:
    return {
        "state": "dead_lettered",
        "redrive": redrive,
        "copy": 9,
        "reason": reason,
        "owner": owner,
        "dlq": "pending",
        "messages": {"m-0"},
    }


def standing(copy: int = 3) -> Standing:
    """A delivery with redrive 1."""
    return Standing(RecordKey(KEY), 1, copy, ANSWERS, kept=claims.KEPT)


def mine(*, forced: bool = False, body: str = "hash") -> Claim:
    return Claim(standing(), "me", attempt=2, body_hash=body, lease_until=NOW + 660, forced=forced)


CLAIM = {
    "nothing": ({}, YES, YES),
    "a hold alone": ({"hold": {"case-1"}}, YES, YES),
    "open, an older redrive": (open_at(0, 9), YES, YES),
    "open below me": (open_at(1, 2), YES, YES),
    "open at me": (open_at(1, 3), YES, YES),
    "open above me": (open_at(1, 4), REFUSED, REFUSED),
    "open, a newer redrive": (open_at(2, 0), REFUSED, REFUSED),
    "my own claim": (MINE, YES, YES),
    "another's claim": (THEIRS, REFUSED, REFUSED),
    "another's claim of an older redrive, alive": ({**THEIRS, "redrive": 0}, REFUSED, REFUSED),
    "another's claim of an older redrive, over": ({**THEIRS, "redrive": 0, "lease_until": NOW - 1}, REFUSED, YES),
    "another's claim of my redrive, over": ({**THEIRS, "lease_until": NOW - 1}, REFUSED, REFUSED),
    "rejected before": (dead_lettered(0, "rejected"), YES, YES),
    "rejected in my redrive": (dead_lettered(1, "rejected"), REFUSED, REFUSED),
    "unknown before": (dead_lettered(0, "outcome_unknown"), REFUSED, YES),
    "unknown in my redrive": (dead_lettered(1, "outcome_unknown"), REFUSED, REFUSED),
    "a final outcome": (DONE, REFUSED, REFUSED),
    "a final outcome that has expired": ({**DONE, **LAPSED}, YES, YES),
    "another's claim that has expired": ({**THEIRS, **LAPSED}, YES, YES),
    "other content": ({**open_at(0, 0), "body_hash": "other"}, REFUSED, REFUSED),
    "equal content": ({**open_at(0, 0), "body_hash": "hash"}, YES, YES),
    "other content that has expired": ({**open_at(0, 0), "body_hash": "other", **LAPSED}, YES, YES),
}


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("what", CLAIM)
def test_a_claim_is_given_only_to_who_may_call(
    store: Ledger, given: Callable[..., Record], what: str, forced: bool
) -> None:
    stored, unforced, by_force = CLAIM[what]
    before = given(**stored)

    written = store.write(claims.claim(mine(forced=forced), NOW, {"function": "ask"}))

    assert written is (by_force if forced else unforced)
    after = store.get(KEY)
    if written is REFUSED:
        assert after == before
    else:
        assert (after.state, after.owner, after.watermark, after.attempt) == ("claimed", "me", (1, 3), 2)
        assert (after.lease_until, after.reason, after.hold) == (NOW + 660, None, before.hold)
        assert after.messages == ANSWERS


WRITES = {
    "done": claims.done(mine(), NOW, {}),
    "release": claims.release(standing(4), "me", NOW, "throttled"),
    "dead-letter": claims.dead_lettered(standing(), "me", "rejected", NOW, {}),
    "dead letter sent": message_chains.dead_letter_sent(RecordKey(KEY), "me", ANSWERS),
    "watermark": message_chains.watermark(standing(4), NOW, {}),
    "watermark of a claimed key": claims.watermark_of_claimed(standing(4), NOW),
}
ALLOWED = {
    "nothing": ({}, {"watermark"}),
    "open below": (open_at(1, 3), {"watermark"}),
    "open, an older redrive": (open_at(0, 9), {"watermark"}),
    "open at the retry message": (open_at(1, 4), set()),
    "open above the retry message": (open_at(1, 5), set()),
    "open, a newer redrive": (open_at(2, 0), set()),
    "dead-lettered, an older redrive": (dead_lettered(0, "outcome_unknown"), {"watermark"}),
    "my own claim": (MINE, {"done", "release", "dead-letter", "watermark of a claimed key"}),
    "another's claim": (THEIRS, {"watermark of a claimed key"}),
    "another's claim of a newer redrive": ({**THEIRS, "redrive": 2}, set()),
    "a claim whose watermark is at the retry message": ({**THEIRS, "copy": 4}, set()),
    "my own outcome": ({**DONE, "owner": "me"}, set()),
    "another's outcome": (DONE, set()),
    "another's outcome that has expired": ({**DONE, **LAPSED}, {"watermark"}),
    "my call, dead-lettered by who found its lease over": (
        dead_lettered(1, "outcome_unknown", "me"),
        {"done", "dead letter sent"},
    ),
    "my own dead letter": (dead_lettered(1, "rejected", "me"), {"dead letter sent"}),
    "another's dead letter": (dead_lettered(1, "outcome_unknown"), set()),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("what", ALLOWED)
def test_a_write_after_the_claim_happens_only_where_it_still_holds(
    store: Ledger, given: Callable[..., Record], what: str, name: str
) -> None:
    stored, allowed = ALLOWED[what]
    before = given(**stored)

    written = store.write(WRITES[name])

    assert written is (YES if name in allowed else REFUSED)
    if written is REFUSED:
        assert store.get(KEY) == before


def test_a_release_opens_the_key_at_the_retry_messages_number(store: Ledger, given: Callable[..., Record]) -> None:
    given(**MINE)
    store.write(claims.release(standing(4), "me", NOW, "throttled"))

    record = store.get(KEY)
    assert (record.state, record.watermark, record.marked_at, record.reason) == ("open", (1, 4), NOW, "throttled")


def test_a_dead_letter_is_pending_until_it_is_sent(store: Ledger, given: Callable[..., Record]) -> None:
    given(**MINE)
    store.write(claims.dead_lettered(standing(), "me", "rejected", NOW, {"detail": "HTTP 400"}))
    assert (store.get(KEY).state, store.get(KEY).dlq) == ("dead_lettered", "pending")

    store.write(message_chains.dead_letter_sent(RecordKey(KEY), "me", frozenset({"m-2"})))

    assert store.get(KEY).dlq == "sent"
    assert store.get(KEY).messages == {"m-1", "m-2"}


@pytest.mark.parametrize("name", ["done", "dead-letter"])
def test_an_end_of_a_claim_drops_what_was_retried_before_it(
    store: Ledger, given: Callable[..., Record], name: str
) -> None:
    given(**MINE, retried={"1:m-0"})

    assert store.write(WRITES[name]) is YES
    assert store.get(KEY).retried == frozenset()


@pytest.mark.parametrize("name", ["done", "dead-letter"])
def test_an_ended_create_is_kept_longer_than_queue_and_dead_letter_queue_keep_its_message(
    store: Ledger, given: Callable[..., Record], name: str
) -> None:
    given(**MINE)
    store.write(WRITES[name])

    expires_at = store.get(KEY).expires_at
    assert expires_at is not None
    assert expires_at > NOW + 28 * 86_400
    assert not store.get(KEY).lapsed(expires_at)
    assert store.get(KEY).lapsed(expires_at + 1)


def test_a_write_before_a_retry_message_gives_an_expired_record_no_new_life(
    store: Ledger, given: Callable[..., Record]
) -> None:
    expired = given(**DONE, **LAPSED)
    store.write(message_chains.noted(standing(), expired, NOW))
    assert store.get(KEY).lapsed(NOW)

    fresh = Standing(RecordKey("other"), 0, 0, ANSWERS, kept=claims.KEPT)
    store.write(message_chains.noted(fresh, Record(RecordKey("other")), NOW))
    assert store.get(RecordKey("other")).expires_at == NOW + claims.KEPT
