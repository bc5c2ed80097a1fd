"""`ops dead-letters`: list, show, counts, redrive, export."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from infra.operate.ops.common import AsJson, By, reach_of, seconds
from infra.operate.ops.dead_letters.letter import NO_REASON, DeadLetter, Filter
from infra.operate.ops.dead_letters.looking import HIDDEN, looking
from infra.operate.ops.dead_letters.plan import RESULTS, Planner
from infra.operate.ops.dead_letters.redrive import Redrive, Tally
from infra.operate.ops.ending import DONE, WANTING, misused, wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.say import Voice, clock, span

app = typer.Typer(no_args_is_help=True, help="Look at dead letters, and send back those whose cause is mended.")

Reasons = Annotated[
    list[str] | None, typer.Option("--reason", help=f"Only this reason; may repeat. {NO_REASON}: the queue moved it.")
]
Functions = Annotated[list[str] | None, typer.Option("--function", help="Only this function's; may repeat.")]
WithKey = Annotated[str, typer.Option("--key", help="Only this business id, or this message id.")]
Older = Annotated[str, typer.Option("--older-than", help="Only those here for longer, such as 1h.")]
Newer = Annotated[str, typer.Option("--newer-than", help="Only those here for less, such as 7d.")]
Number = Annotated[int | None, typer.Option("--number", min=1, help="At most so many.")]


def chosen(
    reasons: list[str] | None, functions: list[str] | None, key: str = "", older: str = "", newer: str = ""
) -> Filter:
    """Make the filter of these options. Raises Ended."""
    return Filter(
        frozenset(reasons or ()),
        frozenset(functions or ()),
        key,
        seconds(older) if older else None,
        seconds(newer) if newer else None,
    )


def found(reach: Reach, meant: Filter, voice: Voice, number: int | None = None) -> list[DeadLetter]:
    """Look through the queue and give those that are meant, oldest first; all are visible again at once."""
    kept, looked, now = list[DeadLetter](), 0, time.time()
    with (
        looking(reach.sqs, reach.settings.dead_letter_queue_url) as look,
        voice.progress("looking", look.expected) as bar,
    ):
        for messages in look.batches():
            looked += len(messages)
            kept += [each for each in map(DeadLetter.read, messages) if meant.takes(each, now)]
            bar(looked)
            if number is not None and len(kept) >= number:
                break
        _tell_hidden(voice, look.hidden)
    return sorted(kept, key=lambda each: each.at)[:number]


@app.command("list", epilog="Example: ops dead-letters list --reason rejected --older-than 1h")
def list_(
    context: typer.Context,
    reason: Reasons = None,
    function: Functions = None,
    key: WithKey = "",
    older: Older = "",
    newer: Newer = "",
    number: Number = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters, oldest first, without their content."""
    voice, now = Voice(as_json=as_json), time.time()
    letters = found(reach_of(context), chosen(reason, function, key, older, newer), voice, number)
    voice.data([letter.told() for letter in letters])
    for letter in letters:
        _tell(voice, letter, now)
    voice.line(f"{len(letters)} dead letters." if letters else "No dead letter fits.")


@app.command(epilog="Example: ops dead-letters show resp_1 --body")
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="A business id, or the message's id.")],
    body: Annotated[bool, typer.Option("--body", help="Show the content, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show every dead letter of an id."""
    voice, now = Voice(as_json=as_json), time.time()
    letters = found(reach_of(context), Filter(key=name), voice)
    if not letters:
        raise wanting(f"no dead letter has the id {name}")
    voice.data([letter.told(body=body) for letter in letters])
    for letter in letters:
        _tell(voice, letter, now)
        if body:
            voice.line(letter.body)


@app.command(epilog="Example: ops dead-letters counts --newer-than 1d")
def counts(
    context: typer.Context,
    older: Older = "",
    newer: Newer = "",
    as_json: AsJson = False,
) -> None:
    """Count dead letters by function and reason."""
    voice = Voice(as_json=as_json)
    letters = found(reach_of(context), chosen(None, None, "", older, newer), voice)
    by = Counter((letter.function or "?", letter.reason) for letter in letters)
    voice.data(
        [{"function": function, "reason": reason, "count": count} for (function, reason), count in sorted(by.items())]
    )
    for (function, reason), count in sorted(by.items()):
        voice.line(f"{count:7}  {function}  {reason}")
    voice.line(f"{len(letters):7}  in all")


@app.command(epilog="Example: ops dead-letters export letters.jsonl --bodies")
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write; it must not be there yet.")],
    reason: Reasons = None,
    function: Functions = None,
    bodies: Annotated[bool, typer.Option("--bodies", help="With their content.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write dead letters to a file, a line of JSON each, readable by you alone; the queue keeps them."""
    voice = Voice(as_json=as_json)
    reach = reach_of(context)
    try:
        file.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise misused(f"{file}: {error.strerror}") from None
    letters = found(reach, chosen(reason, function), voice)
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(letter.told(body=bodies), ensure_ascii=False) + "\n" for letter in letters)
    voice.data({"file": str(file), "count": len(letters)})
    voice.line(f"{len(letters)} dead letters in {file}")


@app.command(epilog="Example: ops dead-letters redrive --reason throttled")
def redrive(
    context: typer.Context,
    reason: Reasons = None,
    function: Functions = None,
    key: WithKey = "",
    older: Older = "",
    newer: Newer = "",
    number: Number = None,
    to: Annotated[
        str, typer.Option(help=f"The function for letters without a reason; {RESULTS} for results nobody took.")
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
    job = Redrive(reach, chosen(reason, function, key, older, newer), planner, number, rate, by or reach.who)
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


def _tell(voice: Voice, letter: DeadLetter, now: float) -> None:
    voice.line(f"{letter.message_id}  {letter.reason}  {letter.function or 'function not said'}", style="bold")
    about = [f"key {letter.key}"] if letter.key else []
    about += [f"since {clock(letter.at, now)}", f"redriven {letter.redrive} times"]
    voice.line("  " + ", ".join(about))
    if letter.detail:
        voice.line(f"  {letter.detail}")


def _tell_plan(voice: Voice, tally: Tally, verb: str) -> None:
    for (reason, to), count in sorted(tally.goes.items()):
        voice.line(f"{count:7} {verb}: {reason} -> {to}")
    for (reason, why), count in sorted(tally.stays.items()):
        voice.line(f"{count:7} stay: {reason}: {why}", style="yellow")
    if tally.failed:
        voice.line(f"{tally.failed:7} failed and are still there: run it again", style="red")
    _tell_hidden(voice, tally.hidden)
    if not tally.goes and not tally.stays:
        voice.line("No dead letter fits.")


def _tell_hidden(voice: Voice, hidden: int) -> None:
    if hidden:
        voice.err.print(
            f"{hidden} more are hidden: another command looks at them, or was killed; they are back within {span(HIDDEN)}"
        )


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
