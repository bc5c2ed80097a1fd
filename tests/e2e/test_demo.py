"""The story that `make demo` tells, and that the transcript begins with."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.demo.__main__ import CHAPTERS
from infra.local.processes.surroundings import ROOT
from infra.operate.evidence.figures import kind_of
from infra.operate.evidence.page import evidence_of
from retention.evidence.verify import verify
from tests.support.processes import ENVIRONMENT
from tests.support.transcript import expect

HEAD = """\
# The first quarter of an hour

What [README.md](../../README.md) has you type, and what you then see. Tests type the same, and compare what they see with
this page. Times, and ids that are new each time, are made alike.
"""


@pytest.fixture(scope="module")
def told() -> str:
    """What the demo prints; it goes as it is told."""
    shown = subprocess.run(
        [sys.executable, "-m", "infra.local.demo"],
        cwd=ROOT,
        env={**ENVIRONMENT, "LOGNAME": "olga"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stdout + shown.stderr
    return shown.stdout


@pytest.fixture(scope="module")
def chapters(told: str) -> list[str]:
    """The story's chapters, each in at most forty lines."""
    _, *chapters = re.split("|".join(f"─+ {title} ─+" for title in CHAPTERS), told)
    assert [len(chapter.strip().splitlines()) <= 40 for chapter in chapters] == [True, True]
    return chapters


def test_what_becomes_of_messages_goes_as_it_is_told(chapters: list[str]) -> None:
    for part in (
        "evt_1: done",
        "resp_2: deleted",
        "(receipt 1)",
        "deferred, throttled",
        "resp_3: dead-lettered, rejected",
        "1 sent: rejected -> delete_response",
        "4 messages, 7 calls, 4 results, 0 responses left",
    ):
        assert part in chapters[0]


def test_what_becomes_of_stored_responses_ends_with_the_page_that_proves_it(chapters: list[str]) -> None:
    for part in (
        "evt_1: done",
        "resp_bob: registered",
        "bob: placed",
        "ann: erased",
        "response resp_carl: deleted",
        "it was looked for: it stays away",
        "response resp_bob: not done: a legal hold forbids it",
        "9 lines, and published the heads",
        "holds: 9 lines are proved",
    ):
        assert part in chapters[1]
    page = Path(chapters[1].splitlines()[-1])
    lines = evidence_of(page.read_bytes())
    assert lines is not None
    assert verify(lines).holds
    kinds = sorted(kind_of(json.loads(line)["line"]) for line in lines if b'"line":' in line)
    assert kinds == ["erasure", "hold", *["order"] * 3, *["receipt"] * 4]
    assert not [name for name in ("resp_bob", "resp_carl", '"ann"', '"bob"') if name in page.read_text()]


def test_all_commands_of_the_story_are_those_that_a_person_types(told: str) -> None:
    commands = re.findall(r"^  \$ (.*)", told, re.MULTILINE)
    assert commands
    assert all(command.startswith("ops ") for command in commands)


def test_the_transcript_begins_with_the_story(told: str) -> None:
    expect(f"{HEAD}\n## Run the demo\n\n```console\n$ make demo\n{told.strip()}\n```\n", part=0)
