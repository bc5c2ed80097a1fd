"""The AsyncAPI document in the eyes of others' tools: @asyncapi/parser finds no fault, @asyncapi/react-component shows it."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from infra.operate.contract.files import DOCUMENT

TOOL = Path(__file__).parent / "asyncapi"
WARNING = 1
"""Severities from there on up, 0, are faults; 2 and 3 are remarks, such as that a newer version of AsyncAPI is out."""

pytestmark = pytest.mark.node


def judged(*arguments: Path) -> list[dict[str, object]]:
    assert (TOOL / "node_modules").exists(), "it is not installed: make mocks"
    done = subprocess.run(["node", TOOL / "page.mjs", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607 - a fixed command, the one that npm goes with
    assert not done.stderr, done.stderr
    told: list[dict[str, object]] = json.loads(done.stdout)
    return told


def test_the_parser_finds_no_fault_and_one_page_shows_every_queue(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    told = judged(DOCUMENT, page)
    assert [each for each in told if int(str(each["severity"])) <= WARNING] == []
    text = page.read_text()
    addresses = set(re.findall(r"(?m)^    address: (\S+)$", DOCUMENT.read_text()))
    assert len(addresses) > 2
    assert {address for address in addresses if address not in text} == set()
    assert re.findall(r"<(?:script|link|img|iframe)\b", text) == []  # nothing is fetched, and nothing runs


def test_the_parser_would_find_a_fault(tmp_path: Path) -> None:
    broken = DOCUMENT.read_text().replace("action: receive", "action: take", 1)
    (tmp_path / "broken.yaml").write_text(broken)
    (tmp_path / "schemas").symlink_to(DOCUMENT.parent / "schemas")
    assert [each for each in judged(tmp_path / "broken.yaml") if each["severity"] == 0]
