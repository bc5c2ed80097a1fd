"""`ops dead-letters redrive`: sends dead letters back to their queues, in plain sight."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import typer

from infra.operate.ops.common import AsJson, By, reach_of
from infra.operate.ops.dead_letters.choosing import Meant, choosing, tell_hidden
from infra.operate.ops.dead_letters.plan import RESULTS, Planner
from infra.operate.ops.dead_letters.redrive import Redrive, Tally
from infra.operate.ops.ending import DONE, WANTING
from infra.operate.ops.say import Voice


@choosing
def redrive(
    context: typer.Context,
    meant: Meant,
    to: Annotated[
        str,
        typer.Option(help=f"The function for dead letters without a reason; {RESULTS} for results without a consumer."),
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Accept that a call that may have happened is made a second time.")
    ] = False,
    reset_age: Annotated[
        bool, typer.Option("--reset-age/--keep-age", help="Whether MAX_AGE begins anew with the redrive.")
    ] = True,
    rate: Annotated[float, typer.Option(min=0.1, help="At most so many a second.")] = 50,
    by: By = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not show it first, and do not ask.")] = False,
    as_json: AsJson = False,
) -> int:
    """Send dead letters back to their queues: shows what would go where, asks, then copies, confirms and deletes.

    It may be killed at any time and run again: nothing is lost, and nothing is done twice.
    """
    voice, reach = Voice(as_json=as_json), reach_of(context)
    if to and to != RESULTS:
        reach.queue(to)
    planner = Planner(reach, time.time(), to, force, reset_age)
    job = Redrive(reach, meant.filter, planner, meant.number, rate, by or reach.who)
    if not yes:
        with voice.progress("looking", None) as bar:
            planned = job.plan(bar)
        _tell_plan(voice, planned, "would go")
        if not planned.goes or not voice.ask(f"Send {planned.goes.total()} back?"):
            voice.data(_as_data(planned, sent=False))
            if planned.goes:
                voice.line("Nothing was sent. Answer y, or give --yes.")
            return WANTING if planned.goes or planned.stays or planned.hidden else DONE
    with voice.progress("looked at", None) as bar:
        tally = job.run(bar)
    _tell_plan(voice, tally, "sent")
    voice.data(_as_data(tally, sent=True))
    return WANTING if tally.stays or tally.failed or tally.hidden else DONE


def _tell_plan(voice: Voice, tally: Tally, verb: str) -> None:
    for (reason, to), count in sorted(tally.goes.items()):
        voice.line(f"{count:7} {verb}: {reason} -> {to}")
    for (reason, why), count in sorted(tally.stays.items()):
        voice.line(f"{count:7} stay: {reason}: {why}", style="yellow")
    if tally.failed:
        voice.line(f"{tally.failed:7} failed and are still there: run it again", style="red")
    tell_hidden(voice, tally.hidden)
    if not tally.goes and not tally.stays:
        voice.line("No dead letter fits.")


def _as_data(tally: Tally, *, sent: bool) -> dict[str, object]:
    def rows(counted: Counter[tuple[str, str]], second: str) -> Iterator[dict[str, object]]:
        for (reason, other), count in sorted(counted.items()):
            yield {"reason": reason, second: other, "count": count}

    return {
        "sent": sent,
        "goes": list(rows(tally.goes, "to")),
        "stays": list(rows(tally.stays, "why")),
        "failed": tally.failed,
        "hidden": tally.hidden,
    }
