"""Servers that others wrote for Node, each for as long as a block lasts."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# It ends with its standard input, and so with whoever started it.
_LEASH = "data:text/javascript,process.stdin.on('end', () => process.exit(0)).resume()"


@contextmanager
def node_server(program: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """Run it until the block ends; gives the host and port that it says it listens on."""
    assert program.exists(), f"{program.name} is not installed: make test-all does that"
    with subprocess.Popen(  # noqa: S603 - a fixed command
        ["node", f"--import={_LEASH}", str(program), *arguments],  # noqa: S607 - the one that npm goes with
        env={"PATH": os.environ["PATH"], **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield _address(process)
        finally:
            process.kill()


def _address(process: "subprocess.Popen[str]") -> str:
    printed = []
    for line in process.stdout or ():
        printed.append(line)
        if found := re.search(r"listening on http://(127\.0\.0\.1:\d+)", line):
            return found[1]
    raise AssertionError(f"it did not start: {printed}")
