"""Claims: the ledger's half of a call that must not happen twice (the timeline: ledger/conditions.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from documents.writes import Write
from ledger import conditions as when
from ledger.record import CLAIMED, DEAD_LETTERED, DONE, OPEN, PENDING, SENT

KEPT = 35 * 86_400
"""Seconds that a create's row is kept: longer than 14 days in a queue and 14 more as a dead letter."""

OPEN_KEPT = 15 * 86_400
"""Seconds after its copy is due that an open row is kept: a queue keeps the copy for 14 days at the most."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery's claim on a key. ``owner`` is new for each delivery; times are epoch seconds."""

    key: str
    owner: str
    redrive: int
    seq: int
    attempt: int
    body_hash: str
    lease_until: float
    forced: bool = False


def claim(claim: Claim, now: float, notes: Mapping[str, Any]) -> Write:
    """Say "I am calling now". Only after ``Written.YES`` may the call begin."""
    free = [when.FREE, when.OPEN_TO_ME, when.MINE]
    free += [when.REDRIVEN_BY_FORCE, when.LAPSED_CLAIM_BY_FORCE] if claim.forced else [when.REDRIVEN]
    return Write(
        claim.key,
        sets={
            **notes,
            "state": CLAIMED,
            "owner": claim.owner,
            "redrive": claim.redrive,
            "seq": claim.seq,
            "attempt": claim.attempt,
            "body_hash": claim.body_hash,
            "lease_until": claim.lease_until,
            "claimed_at": now,
            "expires_at": int(now) + KEPT,
        },
        removes=("reason", "dlq", "sent_at", "next_at", "detail"),
        condition=when.any_of(when.LAPSED, when.all_of(when.any_of(*free), when.SAME_BODY)),
        given=when.given(now=now),
    )


def done(claim: Claim, now: float, notes: Mapping[str, Any]) -> Write:
    """Write the outcome, after the result message is confirmed. ``notes`` are request ids and token usage."""
    return Write(
        claim.key,
        sets={**notes, "state": DONE, "executed_at": now, "expires_at": int(now) + KEPT},
        removes=("reason", "dlq", "next_at", "detail"),
        condition=when.STILL_MINE_TO_FINISH,
        given=when.given(owner=claim.owner),
    )


def release(claim: Claim, seq: int, next_at: float, reason: str) -> Write:
    """Give the key back. ``seq`` is the confirmed copy's number, or the claim's own where no copy was confirmed."""
    return Write(
        claim.key,
        sets={
            "state": OPEN,
            "seq": seq,
            "next_at": next_at,
            "reason": reason,
            "expires_at": int(next_at) + OPEN_KEPT,
        },
        condition=when.MINE,
        given=when.given(owner=claim.owner),
    )


def park(key: str, owner: str | None, reason: str, now: float, notes: Mapping[str, Any]) -> Write:
    """Park the key whose claim ``owner`` holds: mine, or the one that I read and whose lease has ended."""
    return Write(
        key,
        sets={
            **notes,
            "state": DEAD_LETTERED,
            "reason": reason,
            "dlq": PENDING,
            "dead_lettered_at": now,
            "expires_at": int(now) + KEPT,
        },
        condition=when.MINE,
        given=when.given(owner=owner),
    )


def dead_letter_sent(key: str, owner: str | None) -> Write:
    """Note that the dead letter of this owner's parking is confirmed (best effort)."""
    return Write(key, sets={"dlq": SENT}, condition=when.PARKED_BY, given=when.given(owner=owner))


def raise_mark(key: str, redrive: int, copy_seq: int, next_at: float, notes: Mapping[str, Any]) -> Write:
    """Raise the mark to a confirmed copy of a message that was deferred without a claim (best effort)."""
    return Write(
        key,
        sets={
            **notes,
            "state": OPEN,
            "redrive": redrive,
            "seq": copy_seq,
            "next_at": next_at,
            "expires_at": int(next_at) + OPEN_KEPT,
        },
        condition=when.any_of(when.FREE, when.OPEN_BELOW_COPY),
        given=when.given(copy_seq=copy_seq),
    )


def raise_mark_of_claimed(key: str, redrive: int, copy_seq: int) -> Write:
    """The same where another delivery holds the claim (best effort)."""
    return Write(
        key,
        sets={"seq": copy_seq},
        condition=when.CLAIMED_BELOW_COPY,
        given=when.given(redrive=redrive, copy_seq=copy_seq),
    )
