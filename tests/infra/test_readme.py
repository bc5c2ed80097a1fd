"""What infra/README.md tells people to type is there to be typed."""

import logging
import os
import re
import shlex
import subprocess
import sys
from argparse import ArgumentParser
from dataclasses import fields
from importlib import import_module
from typing import cast

import pytest
from aws_lambda_powertools import Logger

from infra.deploy import deploy
from ledger import Key, RecordKey
from retention.evidence.sealing import Tally as Sealing
from retention.sweeping import Swept
from tests.infra.workspace import INFRA, PROJECT
from worker.outcome import End, Settlement
from worker.receive.trigger_event import Delivery
from worker.settle.context import Item
from worker.settle.log_line import log_end

README = (INFRA / "README.md").read_text()


class Noted(logging.Handler):
    """Keeps the messages of lines."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.add(record.getMessage())


def test_outcomes_are_counted_from_every_line_that_tells_a_message_s_end() -> None:
    noted = Noted()
    logger = logging.getLogger("outcomes as a metric")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(noted)
    delivery = Delivery("m", "{}")
    for end in End:
        log_end(
            delivery,
            Item(RecordKey("record"), Key("key"), "owner", delivery),
            Settlement(end),
            None,
            cast("Logger", logger),
            idempotent=True,
        )
    selector = re.search(r'service="aistudio-<environment>", message="([^"]+)"', README)
    assert selector
    assert set(selector[1].split("|")) == noted.messages


def test_what_timers_count_for_a_metric_is_in_their_lines() -> None:
    named = re.findall(r"`(aistudio_\w+)`[^\n]*attribute `(\w+)`, message `tick`", README)
    counted = {"aistudio_oldest": {"oldest"}, "aistudio_left": {"left"}}
    assert {metric: {attribute} for metric, attribute in named} == counted
    assert {"oldest", "left"} <= {field.name for field in fields(Swept)}
    assert "left" in {field.name for field in fields(Sealing)}


COMMANDS = sorted(set(re.findall(r"\.venv/bin/python -m (infra\.[a-z.]+)", README)))


@pytest.mark.parametrize("module", COMMANDS)
def test_every_command_that_is_shown_runs_as_it_is_shown(module: str) -> None:
    """From the project's folder, with nothing set for Python."""
    done = subprocess.run(  # noqa: S603 - the commands that the page shows
        [sys.executable, "-m", module, "--help"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout[:6]) == (0, "usage:"), done.stderr


TYPED = sorted(
    set(re.findall(r"\.venv/bin/python -m (infra\.[a-z.]+)((?: [^`\n\\<>]*(?:<[^<>\n]+>[^`\n\\<>]*)*)?)", README))
)


class Parsed(Exception):
    """What was typed is understood."""


@pytest.mark.parametrize(("module", "arguments"), TYPED)
def test_a_command_takes_the_arguments_that_are_shown_with_it(
    module: str, arguments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes no further than that."""
    parse = ArgumentParser.parse_args

    def stop(parser: ArgumentParser) -> None:
        parse(parser)
        raise Parsed

    monkeypatch.setattr(ArgumentParser, "parse_args", stop)
    monkeypatch.setattr("sys.argv", [module, *shlex.split(re.sub(r"<[^<>]+>", "some", arguments))])
    with pytest.raises(Parsed):
        import_module(module).main()


def test_no_command_is_shown_that_would_not_be_found() -> None:
    assert len(COMMANDS) >= 3
    shown = set(re.findall(r"([^\s`]*python) -m infra", README))
    assert shown == {".venv/bin/python"}


def test_every_verb_that_a_page_names_is_there() -> None:
    makefiles = [PROJECT / "Makefile", INFRA / "infra.mk", *(PROJECT / "tests").rglob("*.mk")]
    verbs = {verb for path in makefiles for verb in re.findall(r"(?m)^([a-z-]+):.*##", path.read_text())}
    pages = [PROJECT / "README.md", *PROJECT.glob("*/README.md"), *PROJECT.glob("*/decisions/*.md")]
    shown = {(page.name, typed) for page in pages for typed in re.findall(r"`(make [a-z-]+[^`]*)`", page.read_text())}
    assert len(shown) > 20
    assert {(page, typed) for page, typed in shown if typed.split()[1] not in verbs} == set()
    read = {name for path in makefiles for name in re.findall(r"[A-Z_0-9]+", path.read_text())}
    given = {(page, name) for page, typed in shown for name in re.findall(r" ([A-Z_0-9]+)=", typed)}
    assert len(given) > 5
    assert {(page, name) for page, name in given if name not in read} == set()


def test_every_option_of_a_deployment_that_is_named_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    named = re.findall(r"python -m infra\.deploy\.deploy [^`\n]+", README)
    options = {option for command in named for option in re.findall(r"--[a-z-]+", command)}
    assert options == {"--plan", "--release", "--no-smoke", "--drop-queue"}
    monkeypatch.setattr("sys.argv", ["deploy", "--help"])
    with pytest.raises(SystemExit):
        deploy.main()
    told = capsys.readouterr().out
    assert not [option for option in options if option not in told]


def test_a_line_is_read_at_once() -> None:
    assert {number: len(line) for number, line in enumerate(README.splitlines(), 1) if len(line) > 160} == {}


@pytest.mark.parametrize(
    "needed",
    [
        "network_mirror",
        "providers lock",
        "git add infra/terraform/*/.terraform.lock.hcl",
        "iam.serviceAccounts.tokenCreator",
        "backup restore",
        "PYTHON312=",
    ],
)
def test_what_somebody_who_deploys_has_to_type_is_shown(needed: str) -> None:
    assert needed in README
