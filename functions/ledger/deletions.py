"""Receipts, marks and parkings of calls that may repeat: no claim, conditional writes in transactions of 25.

Rows of deletions never expire: a fact is the permanent, content-free receipt, and a row may carry a legal hold.
The timeline of a key is in ledger/conditions.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from documents.writes import Write
from ledger import conditions as when
from ledger.record import DEAD_LETTERED, HELD, OPEN, PENDING, QUEUE_RETENTION, SENT


@dataclass(frozen=True, slots=True)
class Order:
    """What tells newer deliveries of a key from older ones; ``seq`` of a mark is its copy's.

    ``sent_at`` is when this delivery was sent (milliseconds), ``due`` the date that its message gives (seconds, or 0):
    all copies of a message have the same.
    """

    redrive: int
    seq: int
    sent_at: int
    due: float


def fact(key: str, state: str, now: float, notes: Mapping[str, Any]) -> Write:
    """A receipt: first writer wins, over anything that is not a fact. Refused means that another one settled it."""
    return Write(
        key,
        sets={**notes, "state": state, "executed_at": now},
        removes=("dlq", "owner", "next_at", "expires_at", "sent_at", "detail"),
        condition=when.NO_FACT,
        given=when.given(),
    )


def held(key: str, order: Order, subjects: frozenset[str], now: float, notes: Mapping[str, Any]) -> Write:
    """A message that ended because of a hold, which blocks no later one."""
    return Write(
        key,
        sets={**notes, "state": HELD, "redrive": order.redrive, "sent_at": order.sent_at, "held_at": now},
        adds=_concerning(subjects),
        removes=("dlq", "owner", "next_at", "detail"),
        condition=when.NO_FACT,
        given=when.given(),
    )


def watermark(key: str, order: Order, subjects: frozenset[str], next_at: float, notes: Mapping[str, Any]) -> Write:
    """The mark, raised to a confirmed copy (best effort)."""
    return Write(
        key,
        sets={
            **notes,
            "state": OPEN,
            "redrive": order.redrive,
            "seq": order.seq,
            "due": order.due,
            "next_at": next_at,
        },
        adds=_concerning(subjects),
        removes=("dlq", "owner", "sent_at", "detail"),
        condition=when.any_of(
            when.FREE, when.OPEN_BELOW_COPY, when.OPEN_FOR_ANOTHER, when.NEWER_THAN_PARKED, when.NEWER_THAN_HELD
        ),
        given=when.given(copy_seq=order.seq, sent_at=order.sent_at),
    )


def parked(
    key: str,
    owner: str,
    order: Order,
    subjects: frozenset[str],
    reason: str,
    now: float,
    notes: Mapping[str, Any],
) -> Write:
    """A parking whose dead letter is still to be sent; never over a fact, nor over a newer message's end."""
    return Write(
        key,
        sets={
            **notes,
            "state": DEAD_LETTERED,
            "owner": owner,
            "redrive": order.redrive,
            "seq": order.seq,
            "sent_at": order.sent_at,
            "reason": reason,
            "dlq": PENDING,
            "dead_lettered_at": now,
        },
        adds=_concerning(subjects),
        removes=("next_at",),
        condition=when.any_of(
            when.FREE,
            when.OPEN_TO_ME,
            when.OPEN_FOR_ANOTHER,
            when.OPEN_AND_FORGOTTEN,
            when.NEWER_THAN_PARKED,
            when.NEWER_THAN_HELD,
        ),
        given=when.given(due=order.due, forgotten=now - QUEUE_RETENTION),
    )


def concerning(key: str, subjects: frozenset[str]) -> Write:
    """Remember whom the key concerns, whatever its row says: a hold on them counts for every later message of it."""
    return Write(key, sets={}, adds=_concerning(subjects))


def dead_letter_sent(key: str, owner: str) -> Write:
    """The dead letter of this very parking is confirmed (best effort)."""
    return Write(key, sets={"dlq": SENT}, condition=when.PARKED_BY, given=when.given(owner=owner))


def _concerning(subjects: frozenset[str]) -> Mapping[str, set[str]]:
    return {"subjects": set(subjects)} if subjects else {}
