"""What a million messages cost, by the formula and the list prices of infra/README.md, "Cost"."""

import math

CALL, GB_HOUR = 0.155, 0.0531
"""Dollars a million calls, and a gigabyte-hour."""

UNIT, RUBLES = 21.4, 80
"""Rubles a million request units, and to the dollar."""

MEMORY = 0.25
"""Gigabytes of a function."""

OUR_UNITS, THEIR_UNITS, SWEEP_UNITS = 5, 4, 4.1
"""Request units of a deletion in a batch, of a conditional put and an update alone, and of a swept record.

Those of the product are counted by tests/integration/test_request_units.py.
"""

_BILLED = 0.1
"""Seconds: invocations are billed in such steps."""


def functions(seconds: float, batch: int) -> float:
    """Dollars for the functions and their calls of a million messages, where a batch takes so many seconds."""
    billed = math.ceil(round(seconds / _BILLED, 6)) * _BILLED
    return (CALL + MEMORY * billed / 3600 * GB_HOUR * 1e6) / batch


def table(units: float) -> float:
    """Dollars for the request units of a million messages."""
    return units * UNIT / RUBLES
