"""The lines of an export as a table for spreadsheets."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from infra.operate.evidence.figures import delay_of, kind_of
from retention.evidence.seals import SealedDay

COLUMNS = (
    "sealed_with",
    "shard",
    "index",
    "settled_at",
    "late_from",
    "key",
    "kind",
    "outcome",
    "reason",
    "subject",
    "of",
    "case",
    "by",
    "due_at",
    "executed_at",
    "seconds_after_due",
    "function",
    "request_id",
    "head",
)


def sheet(lines: Iterable[tuple[SealedDay, int, int, bytes]]) -> Iterator[str]:
    """Write the table as CSV, a line at a time."""
    yield _row(COLUMNS)
    for day, shard, index, line in lines:
        said = cells(json.loads(line))
        place = {"sealed_with": day.seal.day, "shard": shard, "index": index, "head": day.seal.head}
        yield _row([(said | place).get(column, "") for column in COLUMNS])


def cells(said: dict[str, Any]) -> dict[str, Any]:
    """What a line says, by column."""
    told = said.get("receipt") or said.get("history") or {}
    found = {
        "settled_at": said.get("settled_at"),
        "late_from": said.get("late"),
        "key": said["key"],
        "kind": kind_of(said),
        "outcome": told.get("outcome") or told.get("action") or told.get("order"),
        "by": told.get("ordered_by") or told.get("by"),
        "seconds_after_due": delay_of(told) if "receipt" in said else None,
        **{name: told.get(name) for name in ("reason", "subject", "of", "case", "due_at", "executed_at")},
        **{name: told.get(name) for name in ("function", "request_id")},
    }
    return {name: value for name, value in found.items() if value is not None}


def _row(values: Iterable[Any]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow([_harmless(value) for value in values])
    return written.getvalue()


def _harmless(value: Any) -> Any:
    # A spreadsheet takes such a text for a formula, and people choose the names of cases.
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
