"""Ends a command in order when it is asked to stop, or left alone."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from infra.local.processes.readiness import DidNotStart

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

PARENT_CHECK = 0.5
"""Seconds between two looks at whether the parent still lives."""


@contextmanager
def stopping_in_order() -> Iterator[None]:
    """Leave the block as `sys.exit` would on Ctrl-C, SIGTERM and SIGHUP, and when this process's parent was killed.

    A killed `make` takes nothing with it; it would otherwise leave this process behind. A server that did not start ends
    the command too, with what it printed.
    """
    before = {number: signal.signal(number, _leave) for number in _SIGNALS}
    over = threading.Event()
    threading.Thread(target=_watch_parent, args=[os.getppid(), over], name="parent watch", daemon=True).start()
    try:
        yield
    except DidNotStart as error:
        sys.exit(str(error))
    finally:
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> None:
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)  # a second one, of whichever kind, must not interrupt the clean-up
    sys.exit(128 + number)


def _watch_parent(parent: int, over: threading.Event) -> None:
    while not over.wait(PARENT_CHECK):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
