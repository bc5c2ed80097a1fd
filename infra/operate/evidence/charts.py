"""Charts as SVG: drawn here, so that the page needs no program for them, and coloured by the page's style sheet."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape
from itertools import count

WIDTH, HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 8, 12, 28
_LABELS = 8


def by_day(counts: Mapping[tuple[str, str], int], names: Sequence[str], first: str, last: str) -> str:
    """Stacked bars: how many ended how on each day from the first to the last."""
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    days = [(begin + timedelta(days=each)).isoformat() for each in range((end - begin).days + 1)]
    columns = [(day, [(name, counts.get((day, name), 0)) for name in names]) for day in days]
    return _bars(columns, "Receipts by day and outcome")


def by_length(steps: Sequence[tuple[str, int]]) -> str:
    """Bars: how many deletions took how long."""
    return _bars([(name, [("deleted", number)]) for name, number in steps], "Deletions by time after they were due")


def _bars(columns: Sequence[tuple[str, Sequence[tuple[str, int]]]], title: str) -> str:
    most = max((sum(number for _, number in parts) for _, parts in columns), default=0)
    top, step = _scale(most)
    wide, high = (WIDTH - _LEFT - _RIGHT) / max(1, len(columns)), HEIGHT - _TOP - _BOTTOM
    drawn = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    for value in range(0, top + 1, step):
        y = _TOP + high * (1 - value / top)
        drawn.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>')
    every = -(-len(columns) // _LABELS)
    bar = min(wide * 0.8, 64)
    for at, (label, parts) in enumerate(columns):
        x, base = _LEFT + wide * (at + 0.5), float(_TOP + high)
        for name, number in parts:
            if number:
                tall = high * number / top
                base -= tall
                told = f"{label}: {number:,} {name}"
                drawn.append(
                    f'<rect class="bar {class_of(name)}" x="{x - bar / 2:.2f}" y="{base:.2f}" width="{bar:.2f}"'
                    f' height="{max(tall, 0.75):.2f}"><title>{escape(told)}</title></rect>'
                )
        if at % every == 0:
            drawn.append(f'<text class="axis" x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(label)}</text>')
    return "".join([*drawn, "</svg>"])


def class_of(outcome: str) -> str:
    """The style of an outcome; those that the page does not know share one."""
    return f"is-{outcome}" if outcome in ("deleted", "already_absent", "verified_absent") else "is-other"


def _scale(most: int) -> tuple[int, int]:
    """The end of an axis for values up to this, and its step: 1, 2 or 5 times a power of ten."""
    step = next(each * 10**power for power in count() for each in (1, 2, 5) if most <= 5 * each * 10**power)
    return max(step, -(-most // step) * step), step
