"""`ops status` and `ops watch`: how queues, ends, dead letters, the agenda and the seals stand."""

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from infra.operate.ops.common import AsJson, reach_of, seconds
from infra.operate.ops.dead_letters.looking import depth
from infra.operate.ops.due import agenda
from infra.operate.ops.ending import WANTING, misused, services, wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.records import every_line, waiting
from infra.operate.ops.say import MINUTE, Voice, clock, span
from ledger.agenda import text_of
from retention.evidence.seal_records import last_sealed

RECENT = 15
"""Minutes of ends that are shown."""


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: ops --env dev status")(status)
    app.command(epilog="Example: ops watch --every 5s")(watch)


def status(context: typer.Context, as_json: AsJson = False) -> int:
    """Show how many messages wait where, how deliveries ended lately, why dead letters are there, what is due, what is sealed."""
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
    if not pause:
        raise misused("--every 0s leaves no time between two looks: give 1s or more")
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
    """Read how all stands; `elsewhere` says how to learn what no service tells a command. Raises TableUnavailable."""
    urls = {**reach.queues, "results": reach.settings.results_queue_url}
    urls["dead letters"] = reach.settings.dead_letter_queue_url
    queues: dict[str, dict[str, Any]] = {name: dict(depth(reach.sqs, url)) for name, url in urls.items() if url}
    found = {"environment": reach.name, "at": now, "queues": queues, "oldest_due": _oldest_due(reach, now)}
    found["last_seal"] = _last_seal(reach, now)
    if not reach.local:
        return found | {"elsewhere": _elsewhere(reach)}
    peeked = {name: waiting(reach, url) for name, url in urls.items() if url}
    for name, messages in peeked.items():
        queues[name]["oldest"] = round(now - min(each.sent_at for each in messages)) if messages else None
    reasons = Counter(each.attributes.get("reason", "none") for each in peeked["dead letters"])
    return found | {"dead_letters": dict(reasons), **_ends(reach, now)}


def _oldest_due(reach: Reach, now: float) -> dict[str, Any] | None:
    """What has been due for longest, and for how many seconds; None where nothing is."""
    record = next(agenda(reach, text_of(now)), None)
    if record is None or record.due_at is None:
        return None
    since = round(now - datetime.fromisoformat(record.due_at).timestamp())
    return {"seconds": since, "due_for": record.due_for, "record_key": record.key}


def _last_seal(reach: Reach, now: float) -> dict[str, Any] | None:
    """The last day that is sealed, and when that was done (epoch seconds); None where none is. Raises Ended."""
    try:
        sealed, _ = last_sealed(reach.ledger, datetime.fromtimestamp(now, UTC).date())
    except ValueError as error:
        raise wanting(f"a seal on the ledger was changed: {error}") from None
    return None if sealed is None else {"day": sealed.seal.day, "at": sealed.at}


def _ends(reach: Reach, now: float) -> dict[str, Any]:
    """The ends of the last minutes by function: of all together, and how many in each minute, the newest last."""
    ends: dict[str, Counter[str]] = {}
    minutes: dict[str, list[int]] = {}
    for line in every_line(reach):
        ago = int((now - float(line["at"])) // MINUTE)
        if "end" in line and 0 <= ago < RECENT:
            ends.setdefault(str(line["function"]), Counter())[str(line["end"])] += 1
            minutes.setdefault(str(line["function"]), [0] * RECENT)[RECENT - 1 - ago] += 1
    return {"ends": {name: dict(each) for name, each in sorted(ends.items())}, "minutes": minutes}


def _elsewhere(reach: Reach) -> dict[str, str]:
    """What to type, or where to look, for what the queues and the ledger do not tell."""
    group = reach.values.get("LOG_GROUP") or "<log group>"
    lines = f"yc logging read --group-id {group} --since {RECENT}m --limit 1000 --format json"
    return {
        "oldest messages": f"dashboard aistudio-{reach.name}, panel 'Queues: age of the oldest message'",
        "ends by function and minute": f"""{lines} --filter 'json_payload.end EXISTS'""",
        "dead letters by reason": reach.hint("dead-letters", "counts"),
    }


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
    parts: list[Any] = [Text(found["environment"], style="bold"), queues, Text()]
    if reasons := found.get("dead_letters"):
        parts.append(
            Text(f"dead letters: {', '.join(f'{count} {reason}' for reason, count in sorted(reasons.items()))}")
        )
    due, seal = found["oldest_due"], found["last_seal"]
    waits = f"{due['due_for']} for {span(due['seconds'])} ({due['record_key']})" if due else "nothing"
    parts.append(Text(f"due longest: {waits}"))
    sealed = f"{seal['day']}, at {clock(seal['at'], found['at'])}" if seal else "none"
    parts.append(Text(f"last day sealed: {sealed}"))
    if ends := found.get("ends"):
        parts.append(Text(f"\nends of the last {RECENT} min; then each minute, the newest last (+: over 9):"))
    for function, counts in ends.items() if ends else ():
        told = ", ".join(f"{count} {end}" for end, count in sorted(counts.items()))
        parts.append(Text(f"{function}: {told}  {''.join(map(_digit, found['minutes'][function]))}"))
    parts += [Text(f"{what}: {how}") for what, how in found.get("elsewhere", {}).items()]
    return Group(*parts)


def _digit(count: int) -> str:
    """One character for the ends of a minute."""
    return "." if count == 0 else str(count) if count <= 9 else "+"
