"""The story that `make demo` tells."""

import json
import re
import subprocess
import sys
from pathlib import Path

from infra.local.processes.surroundings import ROOT
from infra.operate.evidence.figures import kind_of
from infra.operate.evidence.page import evidence_of
from retention.evidence.verify import verify
from tests.support.processes import ENVIRONMENT


def told_by(story: str) -> str:
    """What a story prints; it goes as it is told, in at most forty lines."""
    shown = subprocess.run(  # noqa: S603 -- stories of our own
        [sys.executable, "-m", f"infra.local.demo.{story}"],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert len(shown.stdout.splitlines()) <= 40
    commands = re.findall(r"^  \$ (.*)", shown.stdout, re.MULTILINE)
    assert commands
    assert all(command.startswith("ops ") for command in commands)
    return shown.stdout


def test_the_story_goes_as_it_is_told_in_forty_lines() -> None:
    shown = told_by("__main__")

    for told in (
        "evt_1: done",
        "resp_2: deleted",
        "(receipt 1)",
        "deferred, throttled",
        "resp_3: dead-lettered, rejected",
    ):
        assert told in shown
    assert "1 sent: rejected -> delete_response" in shown
    assert re.search("4 messages, 7 calls, 4 results, 0 responses left", shown)


def test_the_story_of_retention_ends_with_the_page_that_proves_it() -> None:
    shown = told_by("retention")

    for told in (
        "evt_1: done",
        "resp_bob: registered",
        "bob: placed",
        "ann: erased",
        "response resp_carl: deleted",
        "response resp_bob: not done: a legal hold forbids it",
        "holds: 9 lines are proved",
    ):
        assert told in shown
    page = Path(shown.splitlines()[-1])
    lines = evidence_of(page.read_bytes())
    assert lines is not None
    assert verify(lines).holds
    kinds = sorted(kind_of(json.loads(line)["line"]) for line in lines if b'"line":' in line)
    assert kinds == ["erasure", "hold", *["order"] * 3, *["receipt"] * 4]
    assert not [name for name in ("resp_bob", "resp_carl", '"ann"', '"bob"') if name in page.read_text()]
