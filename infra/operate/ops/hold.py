"""`ops hold`: places, releases, lists and shows legal holds."""

import json
import time
from typing import Annotated, Any

import typer
from boto3.dynamodb.types import TypeDeserializer

from infra.operate.ops.common import AsJson, By, reach_of
from infra.operate.ops.ending import DONE, WANTING, wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.say import Voice, clock
from infra.operate.ops.story import orders, timeline
from ledger import HoldReport, Holds, HoldStatus, Record, RecordKey

app = typer.Typer(no_args_is_help=True, help="Keep responses from being deleted, by a legal hold.")

Name = Annotated[str, typer.Argument(metavar="ID", help="A response's id; a person's with --person.")]
Person = Annotated[bool, typer.Option("--person", help="The id is a person's: all responses that name them are held.")]
Case = Annotated[str, typer.Option(help="The case, kept on the ledger; holds of other cases stay.")]

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
    """The record that holds are placed on; a record's own key is taken as it is."""
    if "#" in name and " " not in name:
        return RecordKey(name)
    return reach.keys.key("subject" if person else "response", name)


def order(what: str, case: str, by: str, now: float) -> str:
    """What the record keeps of an order."""
    return json.dumps({"order": what, "case": case, "by": by, "at": round(now, 3)})


@app.command(epilog="Example: ops hold place resp_1 --case 'case 42'")
def place(
    context: typer.Context, name: Name, case: Case, person: Person = False, by: By = "", as_json: AsJson = False
) -> int:
    """Place a hold, and tell from when on it can be relied on."""
    voice, reach, now = Voice(as_json=as_json), reach_of(context), time.time()
    key, holds = key_of(reach, name, person=person), holds_of(reach)
    holds.report(key, now)  # what can't be read must not be written
    holds.place(key, case, now, order("place", case, by or reach.who, now))
    return _tell(voice, name, holds.report(key, time.time()), f"ops hold show {name}")


@app.command(epilog="Example: ops hold release resp_1 --case 'case 42'")
def release(
    context: typer.Context, name: Name, case: Case, person: Person = False, by: By = "", as_json: AsJson = False
) -> int:
    """Release the hold of one case. What it kept is deleted by its next message."""
    voice, reach, now = Voice(as_json=as_json), reach_of(context), time.time()
    key, holds = key_of(reach, name, person=person), holds_of(reach)
    if case not in (there := holds.report(key, now).record.hold):
        raise wanting(f"no hold of {case!r} is on {name}; there are: {', '.join(sorted(there)) or 'none'}")
    holds.release(key, case, order("release", case, by or reach.who, now))
    report = holds.report(key, time.time())
    voice.data(_told(name, report))
    left = ", ".join(sorted(report.record.hold))
    voice.line(f"{name}: released" + (f"; still held for: {left}" if left else ""))
    return DONE


@app.command(epilog="Example: ops hold show alice --person")
def show(context: typer.Context, name: Name, person: Person = False, as_json: AsJson = False) -> int:
    """Show how the holds on an id stand, and who ordered them."""
    voice, reach = Voice(as_json=as_json), reach_of(context)
    return _tell(voice, name, holds_of(reach).report(key_of(reach, name, person=person), time.time()))


@app.command("list", epilog="Example: ops hold list --json")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List all records that are on hold; reads the whole table."""
    voice, reach, now = Voice(as_json=as_json), reach_of(context), time.time()
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
    voice.data([{"key": each.key, "cases": each.hold, "orders": orders(each)} for each in found])
    for each in found:
        since = each.rest.get("hold_at")
        at = f", since {clock(float(since), now)}" if isinstance(since, int | float) else ""
        voice.line(f"{each.key}: {', '.join(sorted(each.hold))}{at}")
    voice.line(f"{len(found)} records are on hold.")


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
