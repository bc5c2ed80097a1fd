"""``make demo``: every sample of ``events/`` through the local environment, and a table of how each ended.

Exits 0 only if each message ended as its file says.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.local import catalog, samples
from infra.local.environment import Environment, running_environment
from infra.local.play import Run, play
from infra.local.samples import Case
from infra.local.stopping import stopping_in_order
from infra.local.studio.settings import Settings as StudioSettings

PATIENCE = 50.0
"""Seconds from the first message until what has not ended counts as a difference."""


def show(console: Console, runs: Sequence[Run]) -> None:
    """Print the table, one line a message, and what differs."""
    table = Table(box=None, pad_edge=False)
    for heading in ("message", "calls", "over", "end", "outcome or reason", "where it ended"):
        table.add_column(heading, no_wrap=True)
    function = ""
    for run in runs:
        if run.case.function != function:
            table.add_row(f"[bold]{(function := run.case.function)}")
        mark = "[bold red]" if run.differences else ""
        for number, seen in enumerate(run.observed):
            name = run.case.name if not number else f"  and message {number + 1}"
            told = (seen.transport, seen.end, seen.outcome or seen.reason)
            table.add_row(f"  {mark}{name}", str(seen.calls), *(each or "-" for each in told), seen.where)
        if not run.observed:
            table.add_row(f"  {mark}{run.case.name}", "0", "-", "-", "-", "nothing to do")
    console.print(table)
    for run in runs:
        for difference in run.differences:
            console.print(f"[bold red]{run.case.title}[/]: {difference}", soft_wrap=True, highlight=False)


def watch(console: Console, environment: Environment, chosen: Sequence[Case], patience: float) -> list[Run]:
    """Play the samples behind a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("messages settled", total=sum(len(case.sample.ends) for case in chosen))
        return play(environment, chosen, patience, lambda settled: progress.update(bar, completed=settled))


def main() -> int:
    """Run the demo; 0 if all ended as the files say."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo", description="Every sample, and how it ended.")
    parser.add_argument("--events", type=Path, default=samples.EVENTS, help="folder of the samples (%(default)s)")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds for all to end (%(default)s)")
    given = parser.parse_args()
    console, begun = Console(width=None if sys.stdout.isatty() else 120), time.monotonic()
    chosen, printed = samples.cases(given.events), list[str]()
    with (
        stopping_in_order(),
        running_environment(
            catalog.functions(),
            studio=StudioSettings(realtime_post="json"),
            log=lambda name, line: printed.append(f"{name}: {line}"),
        ) as environment,
    ):
        environment.start()
        runs = watch(console, environment, chosen, given.patience)
        replies = [seen.reply for seen in list(environment.seen) if not seen.reply.ok]
        failures = [f"A call {reply.ended}: {reply.error} {reply.message}" for reply in replies]
    show(console, runs)
    wrong = sum(1 for run in runs if run.differences) + len(chosen) - len(runs)
    if wrong:
        told = [*dict.fromkeys(failures), "What the functions printed last:", *printed[-30:]]
        console.print("", *told, sep="\n", highlight=False, markup=False, soft_wrap=True)
    messages = sum(len(run.message_ids) for run in runs)
    verdict = f"{wrong} of them not as their files say" if wrong else "each as its file says"
    console.print(
        f"\n{messages} messages of {len(runs)} samples ended, {verdict}, in {time.monotonic() - begun:.0f} s."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
