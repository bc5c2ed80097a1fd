"""Claims: the ledger's half of a call that must not happen twice (the timeline: ledger/conditions.py)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger import conditions as when
from ledger.message_chains import Standing
from ledger.record import Write
from ledger.states import CLAIMED, DEAD_LETTERED, DONE, OPEN, PENDING

KEPT = 35 * 86_400
"""Seconds: longer than 14 days in a queue and 14 more as a dead letter; so long a call's record is kept."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery's claim on a key. `owner` is new for each delivery; times are epoch seconds."""

    standing: Standing
    owner: str
    attempt: int
    body_hash: str
    lease_until: float
    forced: bool = False


def claim(claim: Claim, now: float, audit: Mapping[str, Any]) -> Write:
    """Say "I am calling now". Only after `Written.YES` may the call begin."""
    standing = claim.standing
    free = [when.FREE, when.OPEN_TO_ME, when.MINE]
    free += [when.REDRIVEN_BY_FORCE, when.LAPSED_CLAIM_BY_FORCE] if claim.forced else [when.REDRIVEN]
    return Write(
        standing.key,
        sets={
            **audit,
            "state": CLAIMED,
            **standing.sets(now),
            "owner": claim.owner,
            "messages": set(standing.messages),
            "attempt": claim.attempt,
            "body_hash": claim.body_hash,
            "lease_until": claim.lease_until,
            "claimed_at": now,
        },
        removes=("reason", "dlq", "detail", "response_id"),
        condition=when.any_of(when.LAPSED, when.all_of(when.any_of(*free), when.SAME_BODY)),
        given=standing.compared(now),
    )


def learned(claim: Claim, response_id: str) -> Write:
    """Keep the raw id of the response that the claimed call has begun: whoever finds the claim can look it up."""
    return Write(
        claim.standing.key, sets={"response_id": response_id}, condition=when.MINE, given=when.given(owner=claim.owner)
    )


def done(claim: Claim, now: float, audit: Mapping[str, Any]) -> Write:
    """Write the outcome, after the result message is confirmed. `audit` are request ids and token usage."""
    return Write(
        claim.standing.key,
        sets={**audit, "state": DONE, "executed_at": now, **claim.standing.expiry(now)},
        removes=("reason", "dlq", "detail", "response_id", "retried"),
        condition=when.STILL_MINE_TO_FINISH,
        given=when.given(owner=claim.owner),
    )


def release(standing: Standing, owner: str | None, now: float, reason: str) -> Write:
    """Give the key back. `standing` has the confirmed retry message's number, or the claim's own without one."""
    return Write(
        standing.key,
        sets={"state": OPEN, "copy": standing.copy, "marked_at": now, "reason": reason, **standing.expiry(now)},
        adds=standing.adds,
        condition=when.MINE,
        given=when.given(owner=owner),
    )


def dead_lettered(standing: Standing, owner: str | None, reason: str, now: float, audit: Mapping[str, Any]) -> Write:
    """End the key whose claim `owner` holds: mine, or the one that was read and whose lease has ended.

    It stays under the claim's redrive, and answers the claim's messages and those of `standing`.
    """
    return Write(
        standing.key,
        sets={
            **audit,
            "state": DEAD_LETTERED,
            "reason": reason,
            "dlq": PENDING,
            "marked_at": now,
            "dead_lettered_at": now,
            **standing.expiry(now),
        },
        removes=("retried",),
        adds={"messages": set(standing.messages)},
        condition=when.MINE,
        given=when.given(owner=owner),
    )


def watermark_of_claimed(standing: Standing, now: float) -> Write:
    """Raise the watermark to a confirmed retry message while another delivery holds the claim (best effort)."""
    return Write(
        standing.key,
        sets={"copy": standing.copy, "marked_at": now},
        adds=standing.adds,
        condition=when.CLAIMED_BELOW,
        given=when.given(redrive=standing.redrive),
    )
