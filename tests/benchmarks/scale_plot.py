"""Draw the model of ten million responses: tests/benchmarks/scale.svg, which `make scale` writes anew."""

from collections.abc import Iterator
from html import escape
from math import log10
from pathlib import Path

from tests.benchmarks import cost
from tests.benchmarks.scale import DELETE_DUE, HOUR, MANY, MONTH, NEW, RAISED, SWEEP

WRITTEN = Path(__file__).resolve().parent / "scale.svg"

CASES = (
    ("behind", NEW, cost.OUR_UNITS, False, "#c63"),
    ("behind", RAISED, cost.OUR_UNITS, False, "#2a7"),
    ("due on one day", NEW, SWEEP + DELETE_DUE, True, "#639"),
    ("due on one day", RAISED, SWEEP + DELETE_DUE, True, "#37c"),
)
"""What there is to delete, under which quotas, request units of each, whether a sweep sends it first; its colour."""

_WIDTH, _LEFT, _TOP, _PLOT, _HIGH = 900, 60, 40, 790, 220
_HOURS, _TICK = 100, 20
_SLOWEST, _FASTEST = 0.0, 5.0
"""Of a second, as powers of ten."""

_BAR, _NAMES = 18, 270


def _drained() -> Iterator[str]:
    """How many are left after so many hours, a line a case."""

    def x(hours: float) -> float:
        return _LEFT + _PLOT * hours / _HOURS

    def y(millions: float) -> float:
        return _TOP + _HIGH * (1 - millions * 1e6 / MANY)

    yield _text(_LEFT, 20, "Of ten million responses, millions left after so many hours", weight="bold")
    for hours in range(0, _HOURS + 1, _TICK):
        yield f'<path d="M{x(hours):.0f} {_TOP}v{_HIGH}" stroke="#ddd"/>'
        yield _text(x(hours), _TOP + _HIGH + 16, f"{hours} h", anchor="middle")
    for millions in range(0, 11, 5):
        yield _text(_LEFT - 8, y(millions) + 4, str(millions), anchor="end")
    for number, (what, cloud, units, swept, colour) in enumerate(CASES):
        rate, first = cloud.rate(units, swept=swept)
        taken = MANY / rate / HOUR
        yield f'<path d="M{x(0):.1f} {y(MANY / 1e6):.1f}L{x(taken):.1f} {y(0):.1f}" stroke="{colour}" stroke-width="2"/>'
        told = f"{what}, {cloud.name} quotas: {rate:,.0f}/s, {taken:,.0f} h; full first: {first}"
        yield _text(x(_HOURS) - 4, _TOP + 16 + 18 * number, told, anchor="end", colour=colour)


def _limits(top: float) -> Iterator[str]:
    """What each part lets through, the smallest in colour; the line is what falls due evenly in 30 days."""

    def x(rate: float) -> float:
        return _NAMES + (_WIDTH - _NAMES - 50) * (log10(rate) - _SLOWEST) / (_FASTEST - _SLOWEST)

    yield _text(
        _LEFT, top, "Responses a second that each part lets through (in colour: what is full first)", weight="bold"
    )
    y = top + 14
    for what, cloud, units, swept, colour in CASES:
        _, first = cloud.rate(units, swept=swept)
        yield _text(_LEFT, y + 14, f"{what}, {cloud.name} quotas", weight="bold")
        y += 20
        for name, rate in cloud.limits(units, swept=swept).items():
            fill = colour if name == first else "#ccc"
            yield _text(_NAMES - 8, y + 12, name, anchor="end")
            yield f'<rect x="{_NAMES}" y="{y}" width="{x(rate) - _NAMES:.0f}" height="{_BAR - 4}" fill="{fill}"/>'
            yield _text(x(rate) + 6, y + 12, f"{rate:,.0f}")
            y += _BAR
        y += 4
    even = x(MANY / MONTH)
    yield f'<path d="M{even:.0f} {top + 14}V{y}" stroke="#333" stroke-dasharray="4"/>'
    yield _text(
        even, y + 14, f"ten million falling due evenly in 30 days: {MANY / MONTH:,.1f} a second", anchor="middle"
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal", colour: str = "#222") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-weight="{weight}" fill="{colour}">{escape(text)}</text>'


def drawn() -> str:
    """The picture, equal for equal numbers of the model."""
    rows = sum(len(cloud.limits(units, swept=swept)) for _, cloud, units, swept, _ in CASES)
    top = _TOP + _HIGH + 56
    height = top + 14 + rows * _BAR + len(CASES) * 24 + 24
    begin = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-family="sans-serif" '
        'font-size="12"><rect width="100%" height="100%" fill="white"/>'
    )
    return "\n".join([begin, *_drained(), *_limits(top), "</svg>"]) + "\n"


if __name__ == "__main__":
    WRITTEN.write_text(drawn())
