"""What a record says, in plain words."""

import json
from typing import Any

from infra.operate.ops.say import clock, dated
from ledger import Record
from ledger.states import ALREADY_ABSENT, CLAIMED, DEAD_LETTERED, DELETED, DONE, HELD, OPEN, PENDING, WAITING
from retention.verification import VERIFIED_ABSENT

HEADLINES = {
    OPEN: "under way: a retry message waits",
    CLAIMED: "under way: a function is calling, or died while it did",
    HELD: "not done: a legal hold forbids it",
    DEAD_LETTERED: "dead-lettered",
    DONE: "done",
    WAITING: "not done: its date has not come",
    DELETED: "deleted",
    VERIFIED_ABSENT: "looked for after its deletion: it stays away",
    ALREADY_ABSENT: "absent already when it was to be deleted",
}
ORDERS = {
    "place": "placed a hold",
    "release": "released a hold",
    "redrive": "redrove it",
    "register": "registered it",
    "erase": "ordered the erasure",
}
"""What people order, as their history tells it."""
ENDS = frozenset({HELD, DEAD_LETTERED, DONE, DELETED, ALREADY_ABSENT})
"""States after which nothing more happens of itself."""


def headline(record: Record) -> str:
    """Say in a few words how the key stands."""
    if record.state is None:
        return _before_any_end(record)
    told = HEADLINES.get(record.state, f"in a state that this release does not know: {record.state}")
    if record.state in (DEAD_LETTERED, OPEN) and record.reason:
        told += f", {record.reason}"
    return told


def _before_any_end(record: Record) -> str:
    known = [*(["on hold"] if record.hold else []), *(["registered"] if record.registered_sent_at >= 0 else [])]
    return ", ".join(known) or "known, but nothing was done about it yet"


def timeline(record: Record, now: float) -> list[str]:
    """Tell what happened, oldest first, with what is still to come at the end."""
    rest = record.rest
    moments: list[tuple[float, str]] = []

    def add(name: str, text: str) -> None:
        if isinstance(at := rest.get(name), int | float):
            moments.append((at, text))

    add("noted_at", "the person was noted")
    add("hold_at", "a legal hold was placed")
    add("claimed_at", f"a function began to call (attempt {record.attempt})")
    add("held_at", "a legal hold forbade it")
    # Afterwards the reason on the record is another: why a deletion was asked for, or what the last call met.
    why = f": {record.reason}{_sending(record)}" if record.state == DEAD_LETTERED else ""
    add("dead_lettered_at", f"it was dead-lettered{why}")
    add("executed_at", _outcome(record))
    add("verified_at", "it was looked for: it stays away")
    if record.state == OPEN and record.marked_at:
        moments.append(
            (record.marked_at, f"retry message {record.copy} was sent: {record.reason or 'not begun, or not due'}")
        )
    moments += [(float(order["at"]), _order(order)) for order in orders(record)]
    told = [f"{clock(at, now)}  {text}" for at, text in sorted(moments)]
    told += _agenda(record, now)
    if record.state == CLAIMED:
        told.append(f"its caller counts as alive until {clock(record.lease_until, now)}")
    if record.hold:
        told.append(f"on hold for: {', '.join(sorted(record.hold))}")
    return told


def orders(record: Record) -> list[dict[str, Any]]:
    """Give what people ordered about it, oldest first: holds, releases, redrives."""
    kept = record.rest.get("orders")
    found = [json.loads(each) for each in kept] if isinstance(kept, set | frozenset) else []
    return sorted(found, key=lambda order: float(order["at"]))


def numbers(record: Record) -> str:
    """Name the numbers that a person may need: ids of the last call, attempt, copy and redrive numbers."""
    named = {name: record.rest.get(name) for name in ("status", "client_request_id", "request_id", "server_trace_id")}
    told = {"redrive": record.redrive, "copy": record.copy, "attempt": record.attempt or record.rest.get("attempt")}
    return ", ".join(f"{name} {value}" for name, value in (told | named).items() if value is not None)


def _agenda(record: Record, now: float) -> list[str]:
    """Tell what the record waits for."""
    told = []
    if record.registered_sent_at >= 0:
        created = f"created {dated(record.created_at, now)}, " if record.created_at else ""
        after = dated(record.delete_after, now) if record.delete_after else "no date"
        told.append(f"registered: {created}to be deleted after {after}")
    if record.asked:
        told.append(f"asked to go, without regard to dates: {', '.join(sorted(record.asked))}")
    if record.due_at:
        told.append(f"on the agenda: {record.due_for} at {dated(record.due_at, now)}")
    if record.erased_at:
        told.append(f"this person asked to be forgotten: what was created before goes: {dated(record.erased_at, now)}")
    return told


def _sending(record: Record) -> str:
    return " (its dead letter is still to be sent)" if record.dlq == PENDING else ""


def _outcome(record: Record) -> str:
    if record.state == DELETED:
        return f"it was deleted (receipt {record.receipts - ('verified_at' in record.rest)})"
    if record.state == ALREADY_ABSENT:
        return "it was found absent"
    return "its call ended"


def _order(order: dict[str, Any]) -> str:
    what = ORDERS.get(order["order"], order["order"])
    case = f" for {order['case']}" if order.get("case") else ""
    return f"{order['by']} {what}{case}{' by force' if order.get('force') else ''}"
