"""What functions print: kept in a file, and told to people a line an event."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.local.printed import as_json

STYLES = {"done": "green", "retry": "yellow", "deferred": "yellow", "dead_lettered": "red", "unsettled": "bold red"}
"""The colour of each end."""


TICK = "tick"
"""What a timer function says of each of its calls."""


class Lines:
    """Takes each line that a function prints. `as_it_is`: shown as JSON, for programs."""

    def __init__(self, path: Path, console: Console, *, as_it_is: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        self.path = path
        self._console = console
        self._as_it_is = as_it_is

    def take(self, function: str, line: str) -> None:
        """Keep a line, and show it at once."""
        whole = as_json(function, line)
        with self.path.open("a", encoding="utf-8") as kept:
            kept.write(whole + "\n")
        if self._as_it_is:
            print(whole, flush=True)
            return
        told = json.loads(whole)
        if told.get("message") == TICK and not any(counts(told).values()):
            return  # timers tick all the time: what they find is told
        style = STYLES.get(str(told.get("end")), "")
        self._console.print(f"{_time(told)} {said(told)}", style=style, markup=False, highlight=False, soft_wrap=True)


def _time(line: dict[str, Any]) -> str:
    """When a line was written, in the reader's zone; now, where it does not say that."""
    try:
        at = datetime.fromisoformat(str(line["timestamp"]))
    except (KeyError, ValueError):
        at = datetime.now(UTC)
    return f"{at.astimezone():%H:%M:%S}"


def said(line: dict[str, Any]) -> str:
    """A function's line in words; never its content, which no line has."""
    function, end, outcome = line.get("function"), line.get("end"), line.get("outcome")
    if line.get("message") == TICK:
        return f"{function}: " + ", ".join(f"{name} {number}" for name, number in counts(line).items() if number)
    if end is None:
        return f"{function}: {line.get('message', '')}"
    told = f"{function}: {end}" + (f", {outcome}" if outcome and outcome != end else "")
    for name, word in {"status": "status", "copy": "copy", "redrive": "redrive", "attempt": "attempt"}.items():
        told += f", {word} {line[name]}" if line.get(name) else ""
    told += f", {line['duration_ms']} ms" if line.get("duration_ms") is not None else ""
    return f"{told}, {line.get('key')}" + (f" ({line['detail']})" if line.get("detail") else "")


def counts(line: dict[str, Any]) -> dict[str, int]:
    """What a timer function counted."""
    return {name: value for name, value in line.items() if isinstance(value, int)}
