import json
import subprocess
import sys
from pathlib import Path

from infra.local.leash import ROOT
from infra.local.samples import EVENTS
from tests.local.test_lifetime import ENVIRONMENT


def demo(folder: Path, **ends: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run the demo with the plain sample of each of these functions, whose ends are said to be so."""
    for function, end in ends.items():
        event = json.loads((EVENTS / function / "plain.json").read_text())
        event["sample"]["ends"][0] |= end
        (folder / function).mkdir()
        (folder / function / "plain.json").write_text(json.dumps(event))
    command = [sys.executable, "-m", "infra.local.demo", "--events", str(folder), "--patience", "5"]
    return subprocess.run(  # noqa: S603 - a fixed command
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_demo_succeeds_where_each_sample_ends_as_its_file_says(tmp_path: Path) -> None:
    shown = demo(tmp_path, delete_response={}, realtime_response_create={})
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "2 messages of 2 samples ended, each as its file says" in shown.stdout


def test_the_demo_fails_and_tells_the_difference_where_one_does_not(tmp_path: Path) -> None:
    wrong = {"transport": "websocket", "result": "stored"}
    shown = demo(tmp_path, delete_response={"outcome": "already_absent"}, realtime_response_create=wrong)
    assert shown.returncode == 1
    assert "delete_response/plain: message 1: outcome is deleted, not already_absent" in shown.stdout
    assert "realtime_response_create/plain: message 1: transport is http, not websocket" in shown.stdout
    assert "realtime_response_create/plain: message 1: result is whole, not stored" in shown.stdout
