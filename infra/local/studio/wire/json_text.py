"""JSON as it comes and goes."""

import json
from typing import Any


def encoded(value: object) -> bytes:
    """Write JSON in UTF-8; in ASCII where it holds a lone surrogate, which UTF-8 can't hold."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def parsed(text: str | bytes) -> Any:
    """Read JSON; raises ValueError for what is none, NaN and Infinity among it."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
