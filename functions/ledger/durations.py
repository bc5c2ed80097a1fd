"""Durations as settings and policies write them."""

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(text: object) -> float:
    """Return the seconds of a number with its unit: `600s`, `15m`, `24h`, `30d`. Raises ValueError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", str(text), re.ASCII)
    if not match:
        raise ValueError('write a number and s, m, h or d, such as "600s" or "24h"')
    return float(match[1]) * _UNITS[match[2]]
