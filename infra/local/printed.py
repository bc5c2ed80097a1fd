"""The lines that functions print: log lines are JSON and name their function, whatever else is printed is plain text."""

import json
from collections.abc import Container, Iterable
from typing import Any


def as_json(function: str, line: str) -> str:
    """The line itself where it is a JSON object, else an object that holds it as `message` of the function."""
    if _parsed(line) is not None:
        return line
    return json.dumps({"function": function, "message": line}, ensure_ascii=False)


def without(records: Container[str], lines: Iterable[str]) -> list[str]:
    """The lines, but for those that are about messages with these ledger records."""
    return [line for line in lines if (_parsed(line) or {}).get("key") not in records]


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
