"""`ops status` and `ops watch`: how queues, ends and dead letters stand."""

import time
from collections import Counter
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from infra.operate.ops.common import AsJson, reach_of, seconds
from infra.operate.ops.dead_letters.looking import depth
from infra.operate.ops.ending import WANTING, services
from infra.operate.ops.environments import Reach
from infra.operate.ops.records import every_line, waiting
from infra.operate.ops.say import Voice, span

RECENT = 15
"""Minutes of ends that are shown."""


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: ops --env dev status")(status)
    app.command(epilog="Example: ops watch --every 5s")(watch)


def status(context: typer.Context, as_json: AsJson = False) -> int:
    """Show how many messages wait where, how deliveries ended lately, and why dead letters are there."""
    voice = Voice(as_json=as_json)
    found = look(reach_of(context), time.time())
    voice.data(found)
    if not as_json:
        voice.out.print(screen(found))
    return WANTING if found["queues"]["dead letters"]["visible"] else 0


def watch(
    context: typer.Context,
    every: Annotated[str, typer.Option(help="How often to look.")] = "2s",
    as_json: AsJson = False,
) -> None:
    """Show the same, and draw it anew until Ctrl-C; with --json a line each time."""
    voice, reach, pause = Voice(as_json=as_json), reach_of(context), seconds(every)
    try:
        if as_json:
            while True:
                voice.each(look(reach, time.time()))
                time.sleep(pause)
        with services(), Live(console=voice.out, auto_refresh=False) as live:
            while True:
                live.update(screen(look(reach, time.time())), refresh=True)
                time.sleep(pause)
    except KeyboardInterrupt:
        return


def look(reach: Reach, now: float) -> dict[str, Any]:
    """Read how all stands. What only a local environment tells is missing elsewhere: ages, ends, reasons."""
    urls = {**reach.queues, "results": reach.settings.results_queue_url}
    urls["dead letters"] = reach.settings.dead_letter_queue_url
    queues: dict[str, dict[str, Any]] = {name: dict(depth(reach.sqs, url)) for name, url in urls.items() if url}
    found: dict[str, Any] = {"environment": reach.name, "queues": queues}
    if not reach.local:
        return found
    peeked = {name: waiting(reach, url) for name, url in urls.items() if url}
    for name, messages in peeked.items():
        queues[name]["oldest"] = round(now - min(each.sent_at for each in messages)) if messages else None
    reasons = Counter(each.attributes.get("reason", "none") for each in peeked["dead letters"])
    ends: dict[str, Counter[str]] = {}
    for line in every_line(reach):
        if "end" in line and now - float(line["at"]) < RECENT * 60:
            ends.setdefault(str(line["function"]), Counter())[str(line["end"])] += 1
    return found | {"dead_letters": dict(reasons), "ends": {name: dict(each) for name, each in sorted(ends.items())}}


def screen(found: dict[str, Any]) -> Group:
    """Draw it; whole in a terminal of 80 columns."""
    queues = Table("queue", box=None, pad_edge=False)
    for name in ("waiting", "in work", "delayed", "oldest"):
        queues.add_column(name, justify="right", no_wrap=True)
    for name, each in found["queues"].items():
        counts = [str(each[part]) for part in ("visible", "in_flight", "delayed")]
        oldest = each.get("oldest")
        red = "red" if name == "dead letters" and each["visible"] else ""
        queues.add_row(name, *counts, "-" if oldest is None else span(oldest), style=red)
    parts: list[Any] = [Text(found["environment"], style="bold"), queues]
    if reasons := found.get("dead_letters"):
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        parts.append(Text(f"\ndead letters: {told}"))
    for function, counts in found.get("ends", {}).items():
        told = ", ".join(f"{count} {end}" for end, count in sorted(counts.items()))
        parts.append(Text(f"{function}, last {RECENT} min: {told}"))
    return Group(*parts)
