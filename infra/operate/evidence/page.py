"""The page: all of an export in one file that needs nothing beside it, with figures, charts, and each line's proof.

Its policy lets no request leave it, and runs only the script and the style that it was made with.
"""

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from infra.operate.evidence.charts import by_day, by_length, class_of
from infra.operate.evidence.figures import DELETED, Figures, span
from ledger import RecordKey
from retention.evidence.seals import Seal

_HERE = Path(__file__).parent

_EVIDENCE = re.compile(rb'<pre id="evidence" hidden>\n(.*?)</pre>', re.DOTALL)
_CHECKSUM = re.compile(rb"<!-- sha256 of all before this: ([0-9a-f]{64}) -->\n\Z")

MOST_LINES = 50_000
"""Lines that a browser still shows at ease. A larger export's page has the figures and the seals alone."""


@dataclass(frozen=True)
class Hold:
    """What is on hold: the record's key, the cases, since when (epoch seconds, 0 where unknown), and who ordered them."""

    key: RecordKey
    cases: Sequence[str]
    since: float = 0
    by: Sequence[str] = ()


@dataclass(frozen=True)
class About:
    """What an export is about. `scope` says in words which lines it has; `file` is the page's name; `at` epoch seconds."""

    environment: str
    scope: str
    file: str
    at: float


def page(
    about: About, seals: Sequence[Seal], figures: Figures, holds: Sequence[Hold], export: Sequence[bytes]
) -> bytes:
    """Make the page of an export: `export` are the lines of its file."""
    script, style = ((_HERE / name).read_text().strip() for name in ("page.js", "page.css"))
    first, last = seals[0].day, seals[-1].day
    shown = len(export) <= MOST_LINES
    kinds = [*figures.names, *sorted(figures.history)]
    made = Template((_HERE / "page.html").read_text()).substitute(
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
        period=first if first == last else f"{first} to {last}",
        scope=html.escape(about.scope),
        made=datetime.fromtimestamp(about.at, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        environment=html.escape(about.environment),
        file=html.escape(about.file),
        tiles=_tiles(figures, holds),
        legend="".join(f'<span class="key {class_of(name)}">{_words(name)}</span>' for name in figures.names),
        by_day=by_day(figures.outcomes, figures.names, *_days(figures, first, last)),
        day_table=_day_table(figures),
        by_length=by_length(figures.steps),
        holds=_holds(holds),
        kinds="".join(f'<option value="{html.escape(name)}">{_words(name)}</option>' for name in kinds),
        without_script=_instead(len(export), shown=shown),
        seals="".join(_row(seal.day, f"{sum(seal.counts):,}", ("mono", seal.head)) for seal in seals),
        evidence=html.escape(b"\n".join(export).decode(), quote=False) if shown else "",
    )
    content = made.encode()
    return content + f"<!-- sha256 of all before this: {hashlib.sha256(content).hexdigest()} -->\n".encode()


def evidence_of(content: bytes) -> list[bytes] | None:
    """Take the lines of the export out of a page; None where it is no page of an export."""
    found = _EVIDENCE.search(content)
    return html.unescape(found[1].decode("utf-8", "replace")).encode().splitlines() if found else None


def whole(content: bytes) -> bool:
    """Return whether a page is as it was made. A forger can make this true: only the lines in it are proved."""
    found = _CHECKSUM.search(content)
    return found is not None and hashlib.sha256(content[: found.start()]).hexdigest().encode() == found[1]


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _days(figures: Figures, first: str, last: str) -> tuple[str, str]:
    """The days of the chart: those of the seals, and those of lines that were late."""
    days = {first, last, *(day for day, _ in figures.outcomes)}
    return min(days), max(days)


def _tiles(figures: Figures, holds: Sequence[Hold]) -> str:
    counted = [(_words(name).capitalize(), f"{figures.of(name):,}") for name in figures.names]
    lengths = [
        (name, span(figures.quantile(share))) for name, share in (("Median", 0.5), ("95 %", 0.95), ("Longest", 1))
    ]
    told = [
        ("Receipts", f"{figures.receipts:,}"),
        *counted,
        *((f"{name} after due", length) for name, length in lengths if figures.of(DELETED)),
        ("On hold", f"{len(holds):,}"),
    ]
    return "".join(f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>" for name, value in told)


def _day_table(figures: Figures) -> str:
    head = "".join(f'<th scope="col" class="number">{_words(name)}</th>' for name in figures.names)
    rows = [
        _row(day, *(("number", f"{figures.outcomes.get((day, name), 0):,}") for name in figures.names))
        for day in sorted({day for day, _ in figures.outcomes})
    ]
    return f'<table><thead><tr><th scope="col">Day</th>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _holds(holds: Sequence[Hold]) -> str:
    if not holds:
        return "<p>Nothing.</p>"
    rows = [
        _row(
            ("mono", hold.key),
            ", ".join(hold.cases),
            datetime.fromtimestamp(hold.since, UTC).strftime("%Y-%m-%d %H:%M") if hold.since else "",
            ", ".join(hold.by),
        )
        for hold in holds
    ]
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Key", "Cases", "Since (UTC)", "Ordered by"))
    note = '<p class="note">This is as the ledger stood then. Orders are sealed lines; what stands is not sealed.</p>'
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}"


def _instead(lines: int, *, shown: bool) -> str:
    if shown:
        return "A browser that runs no scripts does not show the lines; they are in the files beside this page."
    return f"The export has {lines:,} lines, too many for a page: they are in the files beside it."


def _row(*cells: str | tuple[str, str]) -> str:
    made = [("", cell) if isinstance(cell, str) else cell for cell in cells]
    return f"<tr>{''.join(_cell(style, text) for style, text in made)}</tr>"


def _cell(style: str, text: str) -> str:
    return f'<td class="{style}">{html.escape(text)}</td>' if style else f"<td>{html.escape(text)}</td>"


def _words(name: str) -> str:
    return html.escape(name.replace("_", " "))
