"""`make samples`: samples of `events/` through the local environment, and a table of how each ended.

Exits 0 only if each message ended as its file says.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.local import catalog
from infra.local.environment import Environment, running_environment
from infra.local.play.player import PATIENCE, Run, play
from infra.local.play.table import show
from infra.local.printed import without
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


def choose(every: Sequence[Case], given: argparse.Namespace) -> list[Case]:
    """The samples that the arguments name."""
    return [
        case
        for case in every
        if (not given.titles or case.title in given.titles)
        and given.function in (None, case.function)
        and (given.end is None or any(given.end in (end.outcome, end.reason) for end in case.sample.ends))
    ]


def main() -> int:
    """Play; 0 if all ended as the files say."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.play", description="Samples, and how each ended.")
    parser.add_argument("titles", nargs="*", metavar="function/case", help="only these samples")
    parser.add_argument("--function", help="only this function's samples")
    parser.add_argument("--end", help="only samples that end so in the end: an outcome, or a dead letter's reason")
    parser.add_argument("--events", type=Path, default=EVENTS, help="folder of the samples (%(default)s)")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="seconds without a change until it is given up (%(default)s)"
    )
    given = parser.parse_args()
    console, begun = Console(width=None if sys.stdout.isatty() else 120), time.monotonic()
    chosen, printed = choose(cases(given.events), given), list[tuple[str, str]]()
    if not chosen:
        sys.exit("No sample is one of these: ls events")
    with (
        stopping_in_order(),
        running_environment(
            [each.hurried() for each in catalog.functions() if each.name in {case.function for case in chosen}],
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
    ends = Counter(seen.end or "on its way" for run in runs for seen in run.observed)
    console.print(f"\nfirst ends: {', '.join(f'{count} {end}' for end, count in ends.most_common())}")
    messages = sum(len(run.message_ids) for run in runs)
    verdict = f"{wrong} of them not as their files say" if wrong else "each as its file says"
    console.print(f"{messages} messages of {len(runs)} samples ended, {verdict}, in {time.monotonic() - begun:.0f} s.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
