"""Removes a file when the process that started it has ended, however that was: ``python -m infra.local.sweep FILE``.

The parent holds the other end of standard input, which the kernel closes in every case.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.leash import ROOT


@contextmanager
def swept(path: Path) -> Iterator[None]:
    """See to it that the file is gone after the block, also if this process is killed in it."""
    command = [sys.executable, "-m", "infra.local.sweep", str(path.absolute())]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True):
        yield  # leaving closes the pipe and waits


if __name__ == "__main__":
    sys.stdin.buffer.read()
    Path(sys.argv[1]).unlink(missing_ok=True)
