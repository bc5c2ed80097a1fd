"""`ops hold`: places, releases, lists and shows legal holds."""

import json
import time
from math import inf
from typing import Annotated, Any
from uuid import uuid4

import typer
from boto3.dynamodb.types import TypeDeserializer

from documents import TableUnavailable, Write, Written
from infra.operate.ops.common import AsJson, By, named, reach_of, seconds
from infra.operate.ops.ending import DONE, WANTING, wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.follow import EVERY, EVERY_LOCAL
from infra.operate.ops.ordering import checked, give
from infra.operate.ops.say import Voice, clock, counted
from infra.operate.ops.story import orders, timeline
from ledger import HoldReport, Holds, HoldStatus, Record, RecordKey
from retention.holds import MOST_CASES, Action, Order, TooManyCases, carry_out, make_due

app = typer.Typer(no_args_is_help=True, help="Keep responses from being deleted, by a legal hold.")

Name = Annotated[str, typer.Argument(metavar="ID", help="A response's id; a person's with --person.")]
Person = Annotated[bool, typer.Option("--person", help="The id is a person's: all responses that name them are held.")]
Timeout = Annotated[str, typer.Option(help="How long to wait until the order is carried out.")]
Case = Annotated[str, typer.Option(help="The case, kept on the ledger; holds of other cases stay.")]

LEGAL_HOLD = "legal_hold"
"""The function that carries out orders, keeps their history, and makes due what a release lets go."""

MEANING = {
    HoldStatus.EFFECTIVE: "effective: what it covers is not deleted",
    HoldStatus.PLACED: "placed, not effective yet: a deletion may be under way",
    HoldStatus.TOO_LATE: "too late: it was deleted, or was absent, before",
    HoldStatus.NONE: "no hold",
}


def holds_of(reach: Reach) -> Holds:
    """The holds, with the time after which they can be relied on: a window, the longest call, the clocks' skew."""
    longest = max(int(entry["timeout"]) for entry in reach.entries.values())
    return Holds(reach.ledger, reach.settings.hold_window + longest + reach.settings.lease_margin)


def key_of(reach: Reach, name: str, *, person: bool) -> RecordKey:
    """The record that holds are placed on; a record's own key is taken as it is. Raises Ended where the id is empty."""
    named(name)
    if "#" in name and " " not in name:
        return RecordKey(name)
    return reach.keys.key("subject" if person else "response", name)


@app.command(epilog="Example: ops hold place resp_1 --case 'case 42'")
def place(
    context: typer.Context,
    name: Name,
    case: Case,
    person: Person = False,
    by: By = "",
    timeout: Timeout = "2m",
    as_json: AsJson = False,
) -> int:
    """Place a hold, and tell from when on it can be relied on."""
    voice, reach = Voice(as_json=as_json), reach_of(context)
    report = _order(reach, "place", name, case, by or reach.who, seconds(timeout), person=person)
    return _tell(voice, name, report, reach.hint("hold", "show", name, *(["--person"] if person else [])))


@app.command(epilog="Example: ops hold release resp_1 --case 'case 42'")
def release(
    context: typer.Context,
    name: Name,
    case: Case,
    person: Person = False,
    by: By = "",
    timeout: Timeout = "2m",
    as_json: AsJson = False,
) -> int:
    """Release the hold of one case; those of other cases stay."""
    voice, reach = Voice(as_json=as_json), reach_of(context)
    there = holds_of(reach).report(key_of(reach, name, person=person), time.time()).record.hold
    if case not in there:
        raise wanting(f"no hold of {case!r} is on {name}; there are: {', '.join(sorted(there)) or 'none'}")
    report = _order(reach, "release", name, case, by or reach.who, seconds(timeout), person=person)
    voice.data(_told(name, report))
    left = ", ".join(sorted(report.record.hold))
    voice.line(f"{name}: released" + (f"; still held for: {left}" if left else ""))
    return DONE


def _order(reach: Reach, what: str, name: str, case: str, by: str, patience: float, *, person: bool) -> HoldReport:
    """Give an order, by the function that keeps the history where that is deployed, and wait until it is carried out.

    Raises Ended where it is not in time.
    """
    key, holds, now = key_of(reach, name, person=person), holds_of(reach), time.time()
    holds.report(key, now)  # what can't be read must not be written
    noted = json.dumps({"order": what, "case": case, "by": by, "at": round(now, 3)})
    if LEGAL_HOLD in reach.queues and name != key:  # whoever has a record's key alone can't name the id in a message
        about = "subject" if person else "response_id"
        order = {"action": what, "case": case, about: name, "ordered_by": by}
        message = checked(reach, LEGAL_HOLD, order)
        if Written.YES is not reach.ledger.write(Write(key, sets={}, adds={"orders": {noted}})):
            raise TableUnavailable("the order could not be noted, and was not given")
        give(reach, LEGAL_HOLD, message)
    else:
        _carry_out(reach, Order(Action(what), case, key, f"ops:{uuid4()}", round(now * 1000), by), noted)
    until = time.monotonic() + patience
    while (case in (report := holds.report(key, time.time())).record.hold) != (what == "place"):
        if time.monotonic() > until:
            raise wanting(
                f"the order was sent, and is not carried out yet: {reach.hint('hold', 'show', name, *(['--person'] if person else []))}"
            )
        time.sleep(EVERY_LOCAL if reach.local else EVERY)
    return report


def _carry_out(reach: Reach, order: Order, noted: str) -> None:
    """Carry an order out from here, as the function does. Raises TableUnavailable, and Ended where the order does not count.

    What a deletion under way writes down as held only afterwards comes due in 30 days.
    """
    if Written.YES is not reach.ledger.write(Write(order.target, sets={}, adds={"orders": {noted}})):
        raise TableUnavailable("the order could not be noted, and was not given")
    now = time.time()
    try:
        if carry_out(order, reach.ledger, reach.keys, now) is None:
            raise wanting("a later order of this case stands")
    except TooManyCases:
        raise wanting(f"{MOST_CASES} other cases hold it already") from None
    if order.action is Action.RELEASE:
        make_due(order.target, reach.ledger, now, lambda: inf)


@app.command(epilog="Example: ops hold show alice --person")
def show(context: typer.Context, name: Name, person: Person = False, as_json: AsJson = False) -> int:
    """Show how the holds on an id stand, and who ordered them."""
    voice, reach = Voice(as_json=as_json), reach_of(context)
    return _tell(voice, name, holds_of(reach).report(key_of(reach, name, person=person), time.time()))


@app.command("list", epilog="Example: ops hold list --json")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List all records that are on hold; reads the whole table."""
    voice, reach, now = Voice(as_json=as_json), reach_of(context), time.time()
    found = held(reach, voice)
    voice.data([{"key": each.key, "cases": each.hold, "orders": orders(each)} for each in found])
    for each in found:
        since = each.rest.get("hold_at")
        at = f", since {clock(float(since), now)}" if isinstance(since, int | float) else ""
        voice.line(f"{each.key}: {', '.join(sorted(each.hold))}{at}")
    voice.line(f"{counted(len(found), 'record is', 'records are')} on hold.")


def held(reach: Reach, voice: Voice) -> list[Record]:
    """All records that are on hold; reads the whole table."""
    read, found, looked = TypeDeserializer().deserialize, list[Record](), 0
    pages = reach.dynamodb.get_paginator("scan").paginate(
        TableName=reach.table,
        ConsistentRead=True,
        FilterExpression="attribute_exists(#hold)",
        ExpressionAttributeNames={"#hold": "hold"},
    )
    with voice.progress("records", None) as bar:
        for page in pages:
            looked += page["ScannedCount"]
            bar(looked)
            items: list[dict[str, Any]] = [
                {name: read(value) for name, value in each.items()} for each in page["Items"]
            ]
            found += map(Record.read, items)
    return found


def _tell(voice: Voice, name: str, report: HoldReport, hint: str = "") -> int:
    now = time.time()
    voice.data(_told(name, report))
    good = report.status in (HoldStatus.EFFECTIVE, HoldStatus.PLACED)
    voice.line(f"{name}: {MEANING[report.status]}", style="bold green" if good else "bold yellow")
    for told in timeline(report.record, now):
        voice.line(f"  {told}")
    if report.status is HoldStatus.PLACED:
        voice.line(f"  it can be relied on {clock(report.effective_at, now)}" + (f": {hint}" if hint else ""))
    return DONE if good else WANTING


def _told(name: str, report: HoldReport) -> dict[str, Any]:
    return {
        "id": name,
        "record_key": report.record.key,
        "status": report.status,
        "effective_at": report.effective_at,
        "cases": report.record.hold,
        "orders": orders(report.record),
    }
