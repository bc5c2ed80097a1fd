"""Children that never outlive their parent, however it ends: Ctrl-C, SIGTERM or SIGKILL.

`python -m infra.local.processes.leash MODULE [ARG ...]` runs MODULE as `python -m MODULE` would, and ends the process when
its standard input ends. The parent holds the other end of that pipe, so the kernel closes it in every case.

Not mirakuru: its children outlive a parent that gets SIGKILL, and it hands a child no socket that is already bound.
"""

import os
import runpy
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence

from infra.local.processes.surroundings import ROOT


def hold() -> None:
    """End this process, without any clean-up, as soon as its standard input ends."""
    threading.Thread(target=_wait_for_end, name="leash", daemon=True).start()


def _wait_for_end() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


class Leashed:
    """A Python module running as a child process on a leash, in a session of its own: Ctrl-C reaches only the parent.

    What it prints is kept as the last `KEPT` lines, for the message when it fails.
    """

    KEPT = 40

    def __init__(self, module: str, args: Sequence[str], env: Mapping[str, str], *, inherit: Sequence[int] = ()):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.processes.leash", module, *args],
            cwd=ROOT,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=inherit,
            start_new_session=True,
            text=True,
            errors="replace",
        )
        self._printed: deque[str] = deque(maxlen=self.KEPT)
        self._reader = threading.Thread(target=self._read, name=f"output of {module}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the child is no longer running."""
        return self._process.poll() is not None

    @property
    def printed(self) -> str:
        """The last lines that the child printed."""
        return "".join(self._printed)

    def stop(self) -> None:
        """End the child and wait until it is gone; safe to repeat."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        if self._process.stdout is not None:
            self._printed.extend(self._process.stdout)


if __name__ == "__main__":
    hold()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
