"""Write the table and the plot of a run beside this module."""

import math
import os
import platform
from collections.abc import Sequence
from html import escape
from pathlib import Path

from tests.benchmarks.cost import RUBLES
from tests.benchmarks.rows import API, QUEUES, TABLES, Row

HERE = Path(__file__).resolve().parent
_WIDTH, _LINE, _LEFT = 900, 34, 520


def table(rows: Sequence[Row], rounds: int) -> str:
    """The table as Markdown."""
    head = (
        "# Measured\n\n"
        f"`make bench`: medians of {rounds} rounds (lowest to highest), each program in a process of its own and in turn "
        "with its rivals; a ratio is made within a round. CPython "
        f"3.12 and the deployed archive on {platform.machine()}, against a stand-in server (tests/benchmarks/stand_in.py) "
        f"that answers after {API} ms as AI Studio, {TABLES} ms as the Document API, {QUEUES} ms as Message Queue. "
        f"The machine has {os.cpu_count()} cores; their load was {os.getloadavg()[2]:.1f} over the last quarter of an hour: what "
        "else runs there slows rates and cold starts more than ratios of CPU, and does not touch counts and memory. "
        "CPU is the process's own. Costs are those of functions and calls, and of the table where that is said "
        f"(tests/benchmarks/cost.py; {RUBLES} rubles to the dollar). Turns are made on servers that answer at once.\n\n"
        "| what | against | measured | budget | kept |\n|---|---|---|---|---|\n"
    )
    return head + "\n".join(_line(row) for row in rows) + "\n\n" + (HERE / "standing.md").read_text()


def _line(row: Row) -> str:
    unit = f" {row.unit}" if row.unit else ""
    measured = f"{_text(row.middle)}{unit} ({_text(min(row.figures))} to {_text(max(row.figures))})"
    budget = f"{'≥' if row.at_least else '≤'} {row.budget:{'.0f' if row.budget >= 10 else '.2g'}}{unit}"
    return f"| {row.what} | {row.against} | {measured} | {budget} | {'yes' if row.kept else 'no'} |"


def _text(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def plot(rows: Sequence[Row]) -> str:
    """Every row as a bar: its share of the budget, with lowest and highest; at the line the budget is just kept."""
    scale = (_WIDTH - _LEFT - 20) / 2.5
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_LINE * (len(rows) + 1)}" '
            'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        )
    ]
    for index, row in enumerate(rows):
        shares = sorted(min(2.5, _share(row, each)) for each in (row.middle, min(row.figures), max(row.figures)))
        low, _, high = shares
        middle, y = min(2.5, _share(row, row.middle)), _LINE * index + 10
        colour = "#2a7" if row.kept else "#c63"
        name = f"{row.what}{': ' + row.against if row.against else ''}"
        parts.append(
            f'<text x="8" y="{y + 12}">{escape(name[:84])}</text>'
            f'<rect x="{_LEFT}" y="{y}" width="{middle * scale:.0f}" height="16" fill="{colour}"/>'
            f'<path d="M{_LEFT + low * scale:.0f} {y + 8}H{_LEFT + high * scale:.0f}" stroke="black"/>'
        )
    at = _LEFT + scale
    parts.append(
        f'<path d="M{at:.0f} 0V{_LINE * len(rows)}" stroke="#333" stroke-dasharray="4"/>'
        f'<text x="{at:.0f}" y="{_LINE * len(rows) + 16}" text-anchor="middle">budget (right of it: better)</text></svg>'
    )
    return "\n".join(parts) + "\n"


def _share(row: Row, value: float) -> float:
    """How good a value is, where 1 just keeps the budget and more is better."""
    if not row.budget:
        return 0 if value else math.inf
    return value / row.budget if row.at_least else row.budget / value


def write(rows: Sequence[Row], rounds: int) -> None:
    """Write measured.md and measured.svg."""
    (HERE / "measured.md").write_text(table(rows, rounds))
    (HERE / "measured.svg").write_text(plot(rows))
