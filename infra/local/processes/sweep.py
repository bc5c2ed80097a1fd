"""Removes a file when the process that started it has ended, however that was: `python -m ...processes.sweep FILE`.

It holds the file's lock until then. Its standard input ends with that process: the kernel closes the other end.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from infra.local.processes.surroundings import ROOT

LOCK_TIMEOUT = 2.0
"""Seconds: the sweeper of a process that was just killed is done before."""


class Taken(Exception):
    """Another process has the file; the message names both."""


@contextmanager
def swept(path: Path) -> Iterator[None]:
    """Have the file to oneself, and see to it that it is gone after the block, also if this process is killed in it.

    Raises Taken: another process has it now. What a killed one left does not count.
    """
    command = [sys.executable, "-m", "infra.local.processes.sweep", str(path.absolute())]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as sweeper:  # leaving closes the pipe and waits
        owner = sweeper.stdout.readline().strip() if sweeper.stdout else ""
        if owner != str(os.getpid()):
            raise Taken(f"process {owner} has {path}")
        yield


def main(path: Path) -> None:
    """Say whose the file is; where it is the parent's, wait for the parent's end and remove it."""
    beside = path.with_name(path.name + ".lock")
    try:
        with FileLock(beside, timeout=LOCK_TIMEOUT):
            beside.write_text(str(os.getppid()))
            print(os.getppid(), flush=True)
            sys.stdin.buffer.read()
            path.unlink(missing_ok=True)
            beside.unlink()  # who waits for it finds out, and locks a new file
    except Timeout:
        print(beside.read_text())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
