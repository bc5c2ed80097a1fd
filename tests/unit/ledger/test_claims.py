"""Every conditional write of a call that must not repeat, against every state that it may meet."""

from collections.abc import Callable
from typing import Any

import pytest

from documents import Written
from ledger import Claim, Ledger, Record, claims
from tests.unit.ledger.conftest import KEY

NOW = 1_795_334_400.0
YES, REFUSED = Written.YES, Written.REFUSED

MINE: dict[str, Any] = {"state": "claimed", "owner": "me", "redrive": 1, "seq": 3, "lease_until": NOW + 60}
THEIRS = {**MINE, "owner": "another"}
DONE = {"state": "done", "owner": "another", "redrive": 1, "seq": 3}
LAPSED = {"expires_at": NOW - 1}


def open_at(redrive: int, seq: int) -> dict[str, Any]:
    return {"state": "open", "redrive": redrive, "seq": seq}


def parked(redrive: int, reason: str, owner: str = "another") -> dict[str, Any]:
    return {"state": "dead_lettered", "redrive": redrive, "seq": 9, "reason": reason, "owner": owner, "dlq": "pending"}


def mine(*, forced: bool = False, body: str = "hash") -> Claim:
    """The claim of a delivery with redrive 1 and seq 3."""
    return Claim(KEY, "me", redrive=1, seq=3, attempt=2, body_hash=body, lease_until=NOW + 660, forced=forced)


CLAIM = {
    "nothing": ({}, YES, YES),
    "a hold alone": ({"hold": {"case-1"}}, YES, YES),
    "open, an older generation": (open_at(0, 9), YES, YES),
    "open below me": (open_at(1, 2), YES, YES),
    "open at me": (open_at(1, 3), YES, YES),
    "open above me": (open_at(1, 4), REFUSED, REFUSED),
    "open, a newer generation": (open_at(2, 0), REFUSED, REFUSED),
    "my own claim": (MINE, YES, YES),
    "another's claim": (THEIRS, REFUSED, REFUSED),
    "another's claim of an older generation, alive": ({**THEIRS, "redrive": 0}, REFUSED, REFUSED),
    "another's claim of an older generation, over": ({**THEIRS, "redrive": 0, "lease_until": NOW - 1}, REFUSED, YES),
    "another's claim of my generation, over": ({**THEIRS, "lease_until": NOW - 1}, REFUSED, REFUSED),
    "rejected before": (parked(0, "rejected"), YES, YES),
    "rejected in my generation": (parked(1, "rejected"), REFUSED, REFUSED),
    "unknown before": (parked(0, "outcome_unknown"), REFUSED, YES),
    "unknown in my generation": (parked(1, "outcome_unknown"), REFUSED, REFUSED),
    "a fact": (DONE, REFUSED, REFUSED),
    "a fact that has expired": ({**DONE, **LAPSED}, YES, YES),
    "another's claim that has expired": ({**THEIRS, **LAPSED}, YES, YES),
    "other content": ({**open_at(0, 0), "body_hash": "other"}, REFUSED, REFUSED),
    "the same content": ({**open_at(0, 0), "body_hash": "hash"}, YES, YES),
    "other content that has expired": ({**open_at(0, 0), "body_hash": "other", **LAPSED}, YES, YES),
}


@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("what", CLAIM)
def test_a_claim_is_given_only_to_who_may_call(
    store: Ledger, given: Callable[..., Record], what: str, forced: bool
) -> None:
    row, unforced, by_force = CLAIM[what]
    before = given(**row)

    written = store.write(claims.claim(mine(forced=forced), NOW, {"function": "ask"}))

    assert written is (by_force if forced else unforced)
    after = store.get(KEY)
    if written is REFUSED:
        assert after == before
    else:
        assert (after.state, after.owner, after.watermark, after.attempt) == ("claimed", "me", (1, 3), 2)
        assert (after.lease_until, after.reason, after.hold) == (NOW + 660, None, before.hold)


WRITES = {
    "done": claims.done(mine(), NOW, {}),
    "release": claims.release(mine(), 4, NOW + 60, "throttled"),
    "park": claims.park(KEY, "me", "rejected", NOW, {}),
    "dead letter sent": claims.dead_letter_sent(KEY, "me"),
    "mark": claims.raise_mark(KEY, 1, 4, NOW + 60, {}),
    "mark of a claimed key": claims.raise_mark_of_claimed(KEY, 1, 4),
}
ALLOWED = {
    "nothing": ({}, {"mark"}),
    "open below the copy": (open_at(1, 3), {"mark"}),
    "open, an older generation": (open_at(0, 9), {"mark"}),
    "open at the copy": (open_at(1, 4), set()),
    "open above the copy": (open_at(1, 5), set()),
    "open, a newer generation": (open_at(2, 0), set()),
    "my own claim": (MINE, {"done", "release", "park", "mark of a claimed key"}),
    "another's claim": (THEIRS, {"mark of a claimed key"}),
    "another's claim of a newer generation": ({**THEIRS, "redrive": 2}, set()),
    "a claim whose mark is at the copy": ({**THEIRS, "seq": 4}, set()),
    "my own outcome": ({**DONE, "owner": "me"}, {"done"}),
    "another's outcome": (DONE, set()),
    "my call, parked by who found its lease over": (parked(1, "outcome_unknown", "me"), {"done", "dead letter sent"}),
    "my own parking": (parked(1, "rejected", "me"), {"dead letter sent"}),
    "another's parking": (parked(1, "outcome_unknown"), set()),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("what", ALLOWED)
def test_a_write_after_the_claim_happens_only_where_it_still_holds(
    store: Ledger, given: Callable[..., Record], what: str, name: str
) -> None:
    row, allowed = ALLOWED[what]
    before = given(**row)

    written = store.write(WRITES[name])

    assert written is (YES if name in allowed else REFUSED)
    if written is REFUSED:
        assert store.get(KEY) == before


def test_a_release_opens_the_key_at_the_copys_number(store: Ledger, given: Callable[..., Record]) -> None:
    given(**MINE)
    store.write(claims.release(mine(), 4, NOW + 60, "throttled"))

    row = store.get(KEY)
    assert (row.state, row.watermark, row.next_at, row.reason) == ("open", (1, 4), NOW + 60, "throttled")


def test_a_parking_is_pending_until_its_dead_letter_is_sent(store: Ledger, given: Callable[..., Record]) -> None:
    given(**MINE)
    store.write(claims.park(KEY, "me", "rejected", NOW, {"detail": "HTTP 400"}))
    assert (store.get(KEY).state, store.get(KEY).dlq) == ("dead_lettered", "pending")

    store.write(claims.dead_letter_sent(KEY, "me"))

    assert store.get(KEY).dlq == "sent"


@pytest.mark.parametrize("name", ["done", "park"])
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
