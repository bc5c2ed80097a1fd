"""The first page, done as it says: what a person sees is the transcript that the documentation shows.

`make transcript` writes the page anew; look at what has changed before you commit it.
"""

import io
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from infra.local import catalog
from infra.local.dev import PORTS
from infra.local.environment import Environment, running_environment
from infra.local.lines import Lines
from infra.local.processes.loopback import loopback
from infra.local.processes.surroundings import ROOT
from infra.local.settings import write_env
from infra.operate.ops.cli import main
from ledger import Keys, Ledger
from ledger.states import DELETED
from tests.support.transcript import expect
from tests.support.waiting import eventually

FUNCTIONS = ("delete_response", "legal_hold")


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
        answer = loopback().request(method, here, content=content, timeout=60)
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


def test_the_transcript_is_what_a_person_sees_who_types_what_the_first_page_says(person: Person) -> None:
    page = ""
    for said, commands in asked():
        page += f"\n## {said}\n"
        for command in commands:
            page += f"\n```console\n$ {command}\n{person.types(command).strip()}\n```\n".replace("\n\n```", "\n```")
    expect(page.removeprefix("\n"), part=1)


def test_the_first_page_asks_for_all_that_a_newcomer_should_have_seen() -> None:
    typed = "\n".join(command for _, commands in asked() for command in commands)
    for step in ("ops send", "ops show", "ops break", "dead-letters list", "dead-letters redrive", "hold place"):
        assert step in typed
