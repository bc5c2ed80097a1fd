"""A clock that a story sets ahead: `time.time()` of every process of a local environment, by one file.

LOCAL_CLOCK_AHEAD names the file, which holds a number of seconds. Clocks that only measure go on as they are.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "LOCAL_CLOCK_AHEAD"


class ClockAhead:
    """The file; `now` is the time that it makes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._real = time.time

    def now(self) -> float:
        """Epoch seconds, as far ahead as the file says."""
        return self._real() + float(self._path.read_text())

    def set_to(self, moment: float) -> None:
        """Let it be this moment (epoch seconds) now, in every process."""
        self._write(moment - self._real())

    def _write(self, seconds: float) -> None:
        new = self._path.with_suffix(".new")  # replaced in one step: a reader sees one number or the other
        new.write_text(str(seconds))
        new.replace(self._path)

    @classmethod
    @contextmanager
    def here(cls, path: Path) -> Iterator["ClockAhead"]:
        """Use this file, in this process and in all that it starts, until the block ends."""
        made, real = cls(path), time.time
        made._write(0)
        os.environ[NAME], time.time = str(path), made.now
        try:
            yield made
        finally:
            del os.environ[NAME]
            time.time = real


def install() -> None:
    """Set this process's clock by the file, if the environment names one."""
    if path := os.environ.get(NAME):
        time.time = ClockAhead(Path(path)).now
