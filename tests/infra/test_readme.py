"""What infra/README.md tells people to type is there to be typed."""

import importlib
import logging
import re
from typing import cast

import pytest
from aws_lambda_powertools import Logger

from infra.deploy import deploy
from ledger import Key, RecordKey
from tests.infra.workspace import INFRA
from worker.outcome import End, Settlement
from worker.receive.event import Delivery
from worker.settle.batch import log_end
from worker.settle.context import Item

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
        )
    selector = re.search(r'service="aistudio-<environment>", message="([^"]+)"', README)
    assert selector
    assert set(selector[1].split("|")) == noted.messages


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python -m (infra\.[a-z.]+)", README))))
def test_every_command_that_is_named_is_there(module: str) -> None:
    assert callable(importlib.import_module(module).main)


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
