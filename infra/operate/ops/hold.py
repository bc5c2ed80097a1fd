"""`ops hold`: places, releases, lists and shows legal holds."""

import time
from typing import Annotated, Any

import typer

from infra.operate.ops.common import AsJson, By, reach_of, seconds
from infra.operate.ops.ending import DONE, WANTING, wanting
from infra.operate.ops.holding import Ordering, held, holds_of, key_of
from infra.operate.ops.say import Voice, clock, counted
from infra.operate.ops.story import orders, timeline
from ledger import HoldReport, HoldStatus, Record
from retention.hold_orders import Action

app = typer.Typer(no_args_is_help=True, help="Keep responses from being deleted, by a legal hold.")

Name = Annotated[str, typer.Argument(metavar="ID", help="A response's id; a person's with --person.")]
Person = Annotated[bool, typer.Option("--person", help="The id is a person's: all responses that name them are held.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is for sure: ten minutes, a release half an hour.")]
Timeout = Annotated[str, typer.Option(help="How much longer than it should take to wait.")]
Case = Annotated[str, typer.Option(help="The case, kept on the ledger; holds of other cases stay.")]

MEANING = {
    HoldStatus.EFFECTIVE: "effective: what it covers is not deleted",
    HoldStatus.PLACED: "placed, not effective yet: a deletion may be under way",
    HoldStatus.TOO_LATE: "too late: it was deleted, or was absent, before",
    HoldStatus.NONE: "no hold",
}


@app.command(epilog="Example: ops hold place resp_1 --case 'case 42'")
def place(
    context: typer.Context,
    name: Name,
    case: Case,
    person: Person = False,
    by: By = "",
    wait: Wait = False,
    timeout: Timeout = "2m",
    as_json: AsJson = False,
) -> int:
    """Place a hold, and tell from when on it can be relied on; with --wait, once it can be, or came too late."""
    voice, reach = Voice(as_json=as_json), reach_of(context)
    order = Ordering(reach, Action.PLACE, name, case, by or reach.who, person, seconds(timeout), voice)
    return _tell(voice, name, order.give(to_the_end=wait), order.hint)


@app.command(epilog="Example: ops hold release resp_1 --case 'case 42'")
def release(
    context: typer.Context,
    name: Name,
    case: Case,
    person: Person = False,
    by: By = "",
    wait: Wait = False,
    timeout: Timeout = "2m",
    as_json: AsJson = False,
) -> int:
    """Release the hold of one case; those of other cases stay. With --wait, until all that it kept is due."""
    voice, reach = Voice(as_json=as_json), reach_of(context)
    there = holds_of(reach).report(key_of(reach, name, person=person), time.time()).record.hold
    if case not in there:
        raise wanting(f"no hold of {case!r} is on {name}; there are: {', '.join(sorted(there)) or 'none'}")
    order = Ordering(reach, Action.RELEASE, name, case, by or reach.who, person, seconds(timeout), voice)
    report = order.give(to_the_end=wait)
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
    found = held(reach, voice)
    voice.data([{"key": each.key, "cases": each.hold, "orders": orders(each)} for each in found])
    for each in found:
        since = each.rest.get("hold_at")
        at = f", since {clock(float(since), now)}" if isinstance(since, int | float) else ""
        voice.line(f"{each.key}: {', '.join(sorted(each.hold))}{at}")
    voice.line(f"{counted(len(found), 'record is', 'records are')} on hold.")


def _tell(voice: Voice, name: str, report: HoldReport, hint: str = "") -> int:
    now = time.time()
    voice.data(_told(name, report))
    good = report.status in (HoldStatus.EFFECTIVE, HoldStatus.PLACED)
    unknown = "; nothing at all is known of it" if report.record == Record(report.record.key) else ""
    voice.line(f"{name}: {MEANING[report.status]}{unknown}", style="bold green" if good else "bold yellow")
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
