"""Waiting for what can be observed."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

GENEROUS = 3.0
"""Seconds for a call that is to be cut: no answer comes in them, but a machine that stands still sends its request."""


class NotInTime(AssertionError):
    """What was waited for has not come true."""


def eventually(look: Callable[[], T], what: str = "", seconds: float = 120, every: float = 0.02) -> T:
    """The first true value that `look` gives; between two looks `every` seconds pass.

    Raises NotInTime: there was none in `seconds`; `what` says what it would have shown, else the last value does.
    """
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise NotInTime(f"not in {seconds:.3g} s: {what or f'still {found!r}'}")
        time.sleep(every)
    return found
