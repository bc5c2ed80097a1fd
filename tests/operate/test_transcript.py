"""The first page, done as it says: what a person sees is the transcript that the documentation shows.

`make transcript` writes the page anew; look at what has changed before you commit it.
"""

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from infra.local import catalog
from infra.local.dev import PORTS
from infra.local.environment import Environment, running_environment
from infra.local.lines import Lines
from infra.local.processes.surroundings import ROOT
from infra.local.settings import write_env
from infra.operate.ops.cli import main
from ledger import Keys, Ledger
from ledger.record import DELETED
from tests.support.processes import ENVIRONMENT
from tests.support.waiting import eventually

PAGE = ROOT / "infra" / "local" / "transcript.md"
HEAD = """\
# The first quarter of an hour

What [README.md](../../README.md) has you type, and what you then see. A test types the same, and compares what it sees with
this page. Times, and ids that are new each time, are made alike.
"""
FUNCTIONS = ("delete_response", "legal_hold")
ALIKE = {
    r"\x1b\[[0-9;]*m": "",
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b": "11111111-2222-3333-4444-555555555555",
    r"(?<![-\w])[0-9a-f]{1,8}(?:-[0-9a-f]{1,8}){3}(?![-\w])": "11111111-22222222-33333333-44444444",
    r"\b[0-9a-f]{32}\b": "0123456789abcdef0123456789abcdef",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)": "2026-11-22T08:00:00.000+00:00",
    r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d \(in [^)]*\)": "08:20:00 (in 20 min)",
    r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d \([^)]* ago\)": "08:00:00 (1 s ago)",
    r"\b\d+ ms\b": "9 ms",
    r"#\d{13}\b": "#1795248000000",
    r"messages, \d+ calls": "messages, 9 calls",
    r", in \d+ s\.": ", in 9 s.",
}
"""What is new each time, and what stands for it on the page."""


@dataclass
class Person:
    """Someone at a terminal, who types what the first page says."""

    environment: Environment

    def types(self, command: str) -> str:
        """Type a command; what is then to be seen, with the exit code where that is not 0."""
        program, *words = shlex.split(command)
        if program == "curl":
            return self._posts(words)
        assert program == ".venv/bin/ops", command
        if words[0] == "show":
            self._has_patience(words[1])
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(words)
        assert err.getvalue() == ""
        return out.getvalue() + (f"(exit code {code})\n" if code else "")

    def _posts(self, words: list[str]) -> str:
        """Do what curl does, on the port that the local AI Studio has here."""
        method, url, content = words[1], words[2], words[4]
        assert f":{PORTS[1]}/" in url
        here = self.environment.studio.base_url.removesuffix("/v1") + url.partition(f":{PORTS[1]}")[2]
        answer = httpx.request(method, here, content=content, timeout=60, trust_env=False)
        assert answer.is_success
        assert answer.text.endswith("\n"), "the shell's next prompt would stand behind it"
        return answer.text.strip()

    def _has_patience(self, name: str) -> None:
        """Look only when it is over: the page shows how it ends."""
        key = Keys(self.environment.settings["HASH_KEY"]).key("response", name)
        ledger = Ledger(self.environment.dynamodb, self.environment.ledger)
        eventually(lambda: ledger.get(key).state == DELETED)
        log = Path(os.environ["OPS_ENV_FILE"]).with_name("dev.log")
        eventually(lambda: f'"outcome":"{DELETED}"' in _lines_of(log, key))


def _lines_of(log: Path, key: str) -> str:
    return "".join(line for line in log.read_text().splitlines() if key in line).replace('": "', '":"')


def asked() -> Iterator[tuple[str, list[str]]]:
    """What the first page says before each block for the second terminal, and the commands of the block."""
    page = (ROOT / "README.md").read_text()
    _, _, told = page.partition("\n## One message in, one record out\n")
    for match in re.finditer(r"(?ms)^([^\n]+(?:\n[^\n]+)*):\n\n```\n(.*?)^```$", told.partition("\n## ")[0]):
        if match[2] != "make dev\n" and match[2].startswith(("curl", ".venv")):
            yield " ".join(match[1].split()), match[2].splitlines()


@pytest.fixture
def demo() -> Iterator["subprocess.Popen[str]"]:
    """The demo under way, in a process of its own."""
    command = [sys.executable, "-m", "infra.local.demo"]
    known = {**ENVIRONMENT, "LOGNAME": "ann"}
    with subprocess.Popen(command, cwd=ROOT, env=known, stdout=subprocess.PIPE, text=True) as running:  # noqa: S603 - ours
        yield running
        running.terminate()


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    monkeypatch.setenv("OPS_ENV_FILE", str(tmp_path / "dev.env"))
    monkeypatch.setenv("LOGNAME", "ann")
    monkeypatch.setenv("NO_COLOR", "1")
    lines = Lines(tmp_path / "dev.log", Console(file=io.StringIO()), as_it_is=False)
    chosen = [each.hurried() for each in catalog.functions() if each.name in FUNCTIONS]
    with running_environment(chosen, log=lines.take) as environment:
        environment.start()
        write_env(environment.told(lines.path), tmp_path / "dev.env")
        yield Person(environment)


def test_the_transcript_is_what_a_person_sees_who_types_what_the_first_page_says(
    person: Person, demo: "subprocess.Popen[str]"
) -> None:
    page = ""
    for said, commands in asked():
        page += f"\n## {said}\n"
        for command in commands:
            page += f"\n```console\n$ {command}\n{person.types(command).strip()}\n```\n".replace("\n\n```", "\n```")
    told, _ = demo.communicate()
    page = f"{HEAD}\n## Run the demo\n\n```console\n$ make demo\n{told.strip()}\n```\n{page}"
    for pattern, stands in ALIKE.items():
        page = re.sub(pattern, stands, page)
    if os.environ.get("WRITE"):
        PAGE.write_text(page)
    assert page == PAGE.read_text(), "what is to be seen has changed: make transcript, and look at the difference"


def test_the_first_page_asks_for_all_that_a_newcomer_should_have_seen() -> None:
    typed = "\n".join(command for _, commands in asked() for command in commands)
    for step in ("ops send", "ops show", "ops break", "dead-letters list", "dead-letters redrive", "hold place"):
        assert step in typed
