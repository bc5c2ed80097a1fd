"""The story that `make demo` tells."""

import re
import subprocess
import sys

from infra.local.processes.surroundings import ROOT
from tests.support.processes import ENVIRONMENT


def test_the_story_goes_as_it_is_told_in_forty_lines() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "infra.local.demo"],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert len(shown.stdout.splitlines()) <= 40
    for told in (
        "evt_1: done",
        "resp_2: deleted",
        "(receipt 1)",
        "deferred, throttled",
        "resp_3: dead-lettered, rejected",
    ):
        assert told in shown.stdout
    assert "1 sent: rejected -> delete_response" in shown.stdout
    assert re.search("4 messages, 7 calls, 4 results, 0 responses left", shown.stdout)
    assert all(command.startswith("ops ") for command in re.findall(r"^  \$ (.*)", shown.stdout, re.MULTILINE))
