"""`make demo`: every sample of `events/` through the local environment, and a table of how each ended.

Exits 0 only if each message ended as its file says.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.local import catalog
from infra.local.demo.play import PATIENCE, Run, play
from infra.local.demo.printed import without
from infra.local.demo.table import show
from infra.local.environment import Environment, running_environment
from infra.local.processes.stopping import stopping_in_order
from infra.local.samples.case import EVENTS, Case, cases
from infra.local.studio.settings import Settings as StudioSettings
from ledger import Keys

LAST = 30
"""Lines of a function that are shown where one of its samples failed."""


def watch(console: Console, environment: Environment, chosen: Sequence[Case], patience: float) -> list[Run]:
    """Play the samples behind a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("messages settled", total=sum(len(case.sample.ends) for case in chosen))
        return play(environment, chosen, patience, lambda settled: progress.update(bar, completed=settled))


def _told(printed: Sequence[tuple[str, str]], chosen: Sequence[Case], runs: Sequence[Run], keys: Keys) -> list[str]:
    """What the functions of failing samples printed last, but for the lines about samples that ended as they should."""
    right = [run for run in runs if not run.differences]
    records, titles = {record for run in right for record in run.records(keys)}, {run.case.title for run in right}
    told = []
    for function in dict.fromkeys(case.function for case in chosen if case.title not in titles):
        lines = without(records, (line for name, line in printed if name == function))
        told += [f"What {function} printed, but for samples that ended as they should:", *lines[-LAST:]]
    return told


def main() -> int:
    """Run the demo; 0 if all ended as the files say."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.demo", description="Every sample, and how it ended.")
    parser.add_argument("--events", type=Path, default=EVENTS, help="folder of the samples (%(default)s)")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="seconds without a change until it is given up (%(default)s)"
    )
    given = parser.parse_args()
    console, begun = Console(width=None if sys.stdout.isatty() else 120), time.monotonic()
    chosen, printed = cases(given.events), list[tuple[str, str]]()
    with (
        stopping_in_order(),
        running_environment(
            [function.hurried() for function in catalog.functions()],
            studio=StudioSettings(realtime_post="json"),
            log=lambda name, line: printed.append((name, line)),
        ) as environment,
    ):
        environment.start()
        runs = watch(console, environment, chosen, given.patience)
        replies = [seen.reply for seen in list(environment.seen) if not seen.reply.ok]
        failures = [f"A call {reply.ended}: {reply.error} {reply.message}" for reply in replies]
    show(console, runs)
    wrong = sum(1 for run in runs if run.differences) + len(chosen) - len(runs)
    if wrong:
        told = [*dict.fromkeys(failures), *_told(printed, chosen, runs, Keys(environment.settings["HASH_KEY"]))]
        console.print("", *told, sep="\n", highlight=False, markup=False, soft_wrap=True)
    messages = sum(len(run.message_ids) for run in runs)
    verdict = f"{wrong} of them not as their files say" if wrong else "each as its file says"
    console.print(
        f"\n{messages} messages of {len(runs)} samples ended, {verdict}, in {time.monotonic() - begun:.0f} s."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
