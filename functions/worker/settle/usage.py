"""The tokens that a call used, as records and log lines keep them."""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

_COUNTED = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_LARGEST_COUNT = 10**15
_MOST_COUNTS = 32


def token_counts(usage: Mapping[str, Any], levels: int = 3) -> dict[str, Any]:
    """Return the numbers of a usage object, nested ones too.

    Whatever else it holds is not ours to keep, and no table takes numbers without end, nor an object of any depth.
    """
    kept: dict[str, Any] = {}
    for name, value in islice(usage.items(), _MOST_COUNTS):
        if not _COUNTED.fullmatch(name):
            continue
        if isinstance(value, Mapping) and levels > 1:
            kept[name] = token_counts(value, levels - 1)
        elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST_COUNT:
            kept[name] = value
    return kept
