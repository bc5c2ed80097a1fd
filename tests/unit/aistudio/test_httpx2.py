"""httpx2 goes on where httpx ended: the client has to run on it by renaming the imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TESTS = Path(__file__).parent.relative_to(ROOT)


def test_the_clients_tests_pass_on_httpx2() -> None:
    pytest.importorskip("httpx2")
    program = "import httpx2, sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
    done = subprocess.run(  # noqa: S603 - this interpreter, our own tests
        [
            *(sys.executable, "-c", program),
            *("-p", "tests.support.httpx2_for_httpx", "-p", "no:cacheprovider", "-q", "-m", "not proof", str(TESTS)),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["functions", "."])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
