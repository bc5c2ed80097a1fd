import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local.demo.printed import without
from infra.local.processes.surroundings import ROOT
from infra.local.samples.case import EVENTS
from tests.support.processes import ENVIRONMENT


def demo(folder: Path, samples: Mapping[str, Mapping[str, str]]) -> "subprocess.CompletedProcess[str]":
    """Run the demo with these samples, whose first message is said to end so."""
    for title, end in samples.items():
        event = json.loads((EVENTS / f"{title}.json").read_text())
        event["sample"]["ends"][0] |= end
        (path := folder / f"{title}.json").parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(event))
    command = [sys.executable, "-m", "infra.local.demo", "--events", str(folder)]
    return subprocess.run(  # noqa: S603 - a fixed command
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def test_the_demo_succeeds_where_each_sample_ends_as_its_file_says(tmp_path: Path) -> None:
    shown = demo(tmp_path, {"delete_response/plain": {}, "realtime_response_create/plain": {}})
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "2 messages of 2 samples ended, each as its file says" in shown.stdout
    assert "printed" not in shown.stdout


def test_the_demo_fails_and_tells_the_difference_where_one_does_not(tmp_path: Path) -> None:
    wrong = {"transport": "websocket", "result": "stored"}
    shown = demo(
        tmp_path, {"delete_response/plain": {"outcome": "already_absent"}, "realtime_response_create/plain": wrong}
    )
    assert shown.returncode == 1
    assert "delete_response/plain: message 1: outcome is deleted, not already_absent" in shown.stdout
    assert "realtime_response_create/plain: message 1: transport is http, not websocket" in shown.stdout
    assert "realtime_response_create/plain: message 1: result is whole, not stored" in shown.stdout


def test_the_demo_shows_what_the_function_of_a_failing_sample_printed_about_it(tmp_path: Path) -> None:
    samples = {"delete_response/absent": {"outcome": "deleted"}, "delete_response/held": {}}
    shown = demo(tmp_path, samples | {"realtime_response_create/no_post": {}})
    lines = [json.loads(line) for line in shown.stdout.splitlines() if line.startswith("{")]
    assert {line["function"] for line in lines} == {"delete_response"}
    assert [line["outcome"] for line in lines if line["message"] == "message settled"] == ["already_absent"]


def test_only_log_lines_about_messages_that_ended_right_are_left_out() -> None:
    lines = [json.dumps({"key": "right"}), json.dumps({"key": "other"}), json.dumps({"message": "no key"}), "[1]", "{"]
    assert without({"right"}, lines) == lines[1:]
