"""What commands share: the environment that was chosen, and their common options."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.operate.ops.ending import misused
from infra.operate.ops.environments import Reach, reach

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
AT_MOST: Any = typer.Option(min=1, max=1_000_000_000, help="At most so many.")
By = Annotated[
    str,
    typer.Option(
        help="Who ordered it; kept on the ledger. By default you; on a deployment the id of the static key, which all who use that key share."
    ),
]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST = 36_500
"""Days: dates that are further away than a century have no place in a calendar for long."""


@dataclass(frozen=True)
class Chosen:
    """The environment that the command line names; it is read when a command first needs it."""

    name: str
    file: Path | None
    options: tuple[str, ...] = ()

    @cached_property
    def reach(self) -> Reach:
        """The environment. Raises Ended."""
        return reach(self.name, self.file, self.options)


def reach_of(context: typer.Context) -> Reach:
    """The environment of the command that runs. Raises Ended."""
    chosen: Chosen = context.obj
    return chosen.reach


def seconds(text: str) -> float:
    """Read a length of time such as 30s, 10m, 2h or 7d. Raises Ended."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not found:
        raise misused(f"{text!r} is no length of time: write a number and s, m, h or d, such as 30s or 7d")
    length = float(found[1]) * _UNITS[found[2]]
    if length > _LONGEST * _UNITS["d"]:
        raise misused(f"{text} is too long: at most {_LONGEST}d")
    return length


def named(name: str) -> str:
    """Take an id as it was typed. Raises Ended where it is empty: a variable of a shell may not have been set."""
    if not name.strip():
        raise misused("the id is empty")
    return name
