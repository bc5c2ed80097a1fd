"""Removes files when the process that started it has ended, however that was: ``python -m infra.local.processes.sweep FILE ...``.

The parent holds the other end of standard input, which the kernel closes in every case.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from infra.local.processes.surroundings import ROOT


class Taken(Exception):
    """Another process has the file; the message names both."""


@contextmanager
def swept(path: Path) -> Iterator[None]:
    """Have the file to oneself, and see to it that it is gone after the block, also if this process is killed in it.

    Raises:
        Taken: another process has it now. What a killed one left does not count.
    """
    with _lock(path.with_name(path.name + ".lock")) as lock:
        command = [
            sys.executable,
            "-m",
            "infra.local.processes.sweep",
            str(path.absolute()),
            str(Path(lock.name).absolute()),
        ]
        # The sweeper shares the lock, so nobody else begins before it is done.
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, pass_fds=[lock.fileno()], start_new_session=True
        ):
            yield  # leaving closes the pipe and waits


def _lock(path: Path) -> TextIO:
    """The file, locked until the last process that has it open ends, with the number of this one in it."""
    while True:
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            with file:
                raise Taken(f"process {file.read().strip()} has {path.with_suffix('')}") from None
        if os.fstat(file.fileno()).st_nlink:
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            return file
        file.close()  # a sweeper removed it between the two steps, so it locks nothing any more


if __name__ == "__main__":
    sys.stdin.buffer.read()
    for name in sys.argv[1:]:
        Path(name).unlink(missing_ok=True)
