"""`ops doctor`: is everything there, and right? A line each, with what to do about it."""

from dataclasses import asdict
from typing import Annotated

import typer

from infra.operate.ops.checks import findings
from infra.operate.ops.common import AsJson, reach_of
from infra.operate.ops.ending import DONE, WANTING
from infra.operate.ops.live.probes import COST, QUESTIONS, probes
from infra.operate.ops.say import Voice


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: ops --env dev doctor")(doctor)


def doctor(
    context: typer.Context,
    live: Annotated[bool, typer.Option("--live", help=f"Ask the services open questions; costs {COST}.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> int:
    """Look at settings, queues, table, clocks and AI Studio; with --live, find out what this cloud really does."""
    voice, reach = Voice(as_json=as_json), reach_of(context)
    if live:
        return _ask_around(context, voice, yes=yes)
    found = []
    for each in findings(reach):
        found.append(each)
        voice.line(
            f"{'ok     ' if each.good else 'WANTING'} {each.what}: {each.found}", style="" if each.good else "red"
        )
        if each.advice:
            voice.line(f"        -> {each.advice}")
    voice.data([asdict(each) for each in found])
    return DONE if all(each.good for each in found) else WANTING


def _ask_around(context: typer.Context, voice: Voice, *, yes: bool) -> int:
    voice.err.print(f"This costs {COST}.")
    if not yes and not voice.ask("Ask?"):
        voice.line("Nothing was asked. Answer y, or give --yes.")
        return WANTING
    found = {}
    with voice.progress("asked", len(QUESTIONS)) as bar:
        for name, told in probes(reach_of(context)):
            found[name] = told
            bar(len(found))
            voice.line(f"{name}:", style="bold")
            for each in told if isinstance(told, list) else [told]:
                voice.line(f"  {each if isinstance(each, str) else ', '.join(f'{k} {v}' for k, v in each.items())}")
    voice.data(found)
    return DONE
