"""The table of how samples ended, a line a message; it is whole in a terminal of 80 columns."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.local.play.player import Run

OTHERS = 56
"""Columns that all but the name need: the longest word of each, and a gap between two."""
NARROWEST = 12
DIRECT = " *"
SAME = "same"

NOTES = {
    "first end": "of the first delivery; what was deferred or retried ends later",
    "in the end": "the outcome, or the reason for which it was dead-lettered",
    SAME: "the call of the message above, which has the same key",
    DIRECT.strip(): "straight to the function: no queue takes it, or it needs settings of its own",
}


def show(console: Console, runs: Sequence[Run]) -> None:
    """Print a table for each function, what its words mean, and what is not as the files say."""
    names = [len(name) for run in runs for name, *_ in _rows(run)]
    width = min(max(names, default=0), max(console.width - OTHERS, NARROWEST))
    for function, group in groupby(runs, key=lambda run: run.case.function):
        console.print(f"\n[bold]{function}")
        table = _table(width)
        for run in group:
            for row in _rows(run):
                table.add_row(*map(escape, row), style="bold red" if run.differences else "")
        console.print(table)
    console.print()
    for word, meaning in NOTES.items():
        console.print(f"[bold]{word}[/]: {meaning}", highlight=False)
    console.print("\n[bold]what they show")
    for run in runs:
        console.print(f"{run.case.title}: {run.case.sample.says}", style="dim", highlight=False, markup=False)
    for run in runs:
        for difference in run.differences:
            told = f"[bold red]{escape(run.case.title)}[/]: {escape(difference)}"
            console.print(told, soft_wrap=True, highlight=False)


def _table(width: int) -> Table:
    """Only the last column takes less than it would like, and folds."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("message", width=width, overflow="fold")
    table.add_column("calls", no_wrap=True)
    table.add_column("transport", width=len("websocket"))
    table.add_column("first end", no_wrap=True)
    table.add_column("in the end", no_wrap=True, min_width=len("invalid_message"))
    table.add_column("where it ended", overflow="fold")
    return table


def _rows(run: Run) -> Iterator[tuple[str, ...]]:
    name = run.case.name + (DIRECT if run.case.sample.via == "invoke" else "")
    if not run.observed:
        yield (name, "0", "-", "-", "-", "nothing to do")
    keys = list[str]()
    for number, (seen, wanted) in enumerate(zip(run.observed, run.case.sample.ends, strict=True), 1):
        calls = SAME if seen.calls and wanted.key in keys else str(seen.calls)
        keys += [wanted.key] if wanted.key else []
        told = (seen.transport, seen.end, seen.outcome or seen.reason)
        yield (name if number == 1 else f"  message {number}", calls, *(each or "-" for each in told), seen.where)
