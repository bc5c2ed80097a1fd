"""Orders of legal holds: placed and released by case, kept as history, and what a release makes due."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from documents import Index, TableUnavailable, Written
from ledger import Keys, Ledger, Record, RecordKey, Write
from ledger import conditions as when
from ledger.agenda import text_of
from ledger.sealable import history

HELD = Index("held", "held_by", "created_at")
"""What a hold keeps, by the record whose hold it is."""

MOST_CASES = 32
"""Cases that hold a response or a person at a time; two that are placed at the same moment may be one more."""

LONGEST_INVOCATION = 60
"""Seconds: a deletion that read no hold has ended after so long."""

LEAST = 15.0
"""Seconds that a page of what a hold kept takes at the most: with less left no further one is begun."""


class Action(StrEnum):
    """What is ordered."""

    PLACE = "place"
    RELEASE = "release"


class TooManyCases(Exception):
    """Another case finds no room on the record."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `origin` names the message that it came by, `sent_at` is when that was sent first (ms)."""

    action: Action
    case: str
    target: RecordKey
    origin: str
    sent_at: int
    ordered_by: str | None = None


def carry_out(order: Order, store: Ledger, keys: Keys, now: float) -> float | None:
    """Write the order and its piece of history together, once; when that was (epoch seconds).

    None where a later order of the case stands: of the same moment, a hold. Raises TooManyCases, TableUnavailable.
    """
    record_key = keys.key("hold", order.origin)
    for _ in range(2):
        known = store.get(record_key).rest.get("history")
        if known is not None:
            return float(known["ordered_at"])
        held = store.get(order.target).hold
        if order.action is Action.PLACE and order.case not in held and len(held) >= MOST_CASES:
            raise TooManyCases
        written = store.write(_ordering(order, record_key, keys.digest(f"case#{order.case}"), now))
        if written is Written.YES:
            return now
        if written is Written.UNKNOWN:
            raise TableUnavailable("hold")
    return None


def standing(order: Order, record: Record) -> str:
    """Say what a hold that has had its time is worth: effective, too late, or released meanwhile."""
    if order.case not in record.hold:
        return "released"
    return "too_late" if record.over else "effective"


def make_due(target: RecordKey, store: Ledger, now: float, left: Callable[[], float]) -> tuple[int, bool]:
    """Make due what a hold kept that is there no more; how many, and whether that was all.

    Nothing while another case holds.

    `left` says how many seconds are left: with too few no further page is begun behind one with something on it. What
    is made due leaves the index, so that the next look goes on with the rest, and finds nothing that a sweep has
    claimed since. The index follows its table with a delay: look again. Raises TableUnavailable.
    """
    record = store.get(target)
    if record.hold:
        return 0, True
    pages = chain([[record] if record.held_by == target else []], store.query(HELD, target))
    made = 0
    for page in pages:
        due = [_due(each, target, now) for each in page if each.due_at is not None]
        made += store.write_all(due).count(Written.YES)
        if due and left() <= LEAST:
            return made, False
    return made, True


def _ordering(order: Order, record_key: RecordKey, case: str, now: float) -> Write:
    # The last order of each case stays on the record after a release: a late duplicate of an earlier one is refused.
    last, placing = f"case_{case}", order.action is Action.PLACE
    newer = f"#{last} {'<=' if placing else '<'} :{last}"
    told = {"kind": "hold", "action": order.action.value, "case": order.case, "of": order.target, "ordered_at": now}
    told |= {"ordered_by": order.ordered_by} if order.ordered_by else {}
    return Write(
        order.target,
        sets={last: order.sent_at} | ({"hold_at": now} if placing else {}),
        adds={"hold": {order.case}} if placing else {},
        deletes={} if placing else {"hold": {order.case}},
        condition=when.any_of(f"attribute_not_exists(#{last})", newer),
        beside=(history(record_key, told, now),),
    )


def _due(record: Record, target: RecordKey, now: float) -> Write:
    return Write(
        record.key,
        sets={"due_at": min(str(record.due_at), text_of(now))},
        condition="#held_by = :held_by AND #due_at = :seen",
        given={"held_by": target, "seen": record.due_at},
        removes=("held_by",),
    )
