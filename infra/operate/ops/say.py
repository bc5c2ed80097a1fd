"""Printing for people: times in the reader's zone, lines that cut no id, progress for what takes long."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

MINUTE, HOUR, DAY = 60, 3600, 86_400


class _Terminal(Console):
    """A console that tells of a closed pipe: rich's own ends the process with 1, which says here that something is wanting."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Voice:
    """What a command prints: to people on `out`, or as JSON; progress and questions on `err`."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = _Terminal(highlight=False, soft_wrap=True)
        self.err = _Terminal(highlight=False, soft_wrap=True, stderr=True)

    def line(self, text: str = "", style: str = "") -> None:
        """Print a line to people, as it is: the terminal wraps it, nothing is cut."""
        if not self.as_json:
            self.out.print(text, style=style, markup=False)

    def data(self, value: Any) -> None:
        """Print the answer of a command that was asked for JSON."""
        if self.as_json:
            print(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))

    def each(self, value: Any) -> None:
        """Print an object on a line of its own, for commands that go on."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False, default=_plain), flush=True)

    @contextmanager
    def progress(self, what: str, total: int | None) -> Iterator[Any]:
        """Show a bar while the block runs; gives a function that takes how many are done."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.err, transient=True, disable=not self.err.is_terminal) as progress:
            bar = progress.add_task(what, total=total)
            yield lambda done: progress.update(bar, completed=done)

    def ask(self, question: str) -> bool:
        """Ask on the terminal; without a terminal the answer is no."""
        if not sys.stdin.isatty():
            return False
        self.err.print(f"{question} [y/N] ", end="", markup=False)
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def clock(moment: float, now: float) -> str:
    """Write a moment (epoch seconds) in the reader's zone, and how long ago it was."""
    try:
        at = datetime.fromtimestamp(moment).astimezone()
    except (OverflowError, ValueError):  # the last hours of the calendar have no time in zones to the east
        at = datetime.fromtimestamp(moment, UTC)
    day = "" if at.date() == datetime.fromtimestamp(now).astimezone().date() else f"{at:%Y-%m-%d} "
    distance = f"{span(now - moment)} ago" if moment <= now else f"in {span(moment - now)}"
    return f"{day}{at:%H:%M:%S} ({distance})"


def dated(text: str, now: float) -> str:
    """Write a moment that is an RFC 3339 text as `clock` does."""
    return clock(datetime.fromisoformat(text).timestamp(), now)


def counted(number: int, one: str, many: str) -> str:
    """Write a number with its word, such as 1 day, 2 days."""
    return f"{number} {one if number == 1 else many}"


def span(seconds: float) -> str:
    """Write a length of time in its largest unit."""
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{max(seconds, 0):.0f} s"


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
