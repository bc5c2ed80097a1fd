import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local.play.__main__ import choose
from infra.local.printed import without
from infra.local.processes.surroundings import ROOT
from infra.local.samples.case import EVENTS, cases
from tests.support.processes import ENVIRONMENT


def played(folder: Path, samples: Mapping[str, Mapping[str, str]]) -> "subprocess.CompletedProcess[str]":
    """Play these samples, whose first message is said to end so."""
    for title, end in samples.items():
        event = json.loads((EVENTS / f"{title}.json").read_text())
        event["sample"]["ends"][0] |= end
        (path := folder / f"{title}.json").parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(event))
    command = [sys.executable, "-m", "infra.local.play", "--events", str(folder)]
    return subprocess.run(  # noqa: S603 - a fixed command
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def test_playing_samples_succeeds_where_each_sample_ends_as_its_file_says(tmp_path: Path) -> None:
    shown = played(tmp_path, {"delete_response/plain": {}, "realtime_response_create/plain": {}})
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "2 messages of 2 samples ended, each as its file says" in shown.stdout
    assert "printed" not in shown.stdout


def test_playing_samples_fails_and_tells_the_difference_where_one_does_not(tmp_path: Path) -> None:
    wrong = {"transport": "websocket", "result": "stored"}
    shown = played(
        tmp_path, {"delete_response/plain": {"outcome": "already_absent"}, "realtime_response_create/plain": wrong}
    )
    assert shown.returncode == 1
    assert "delete_response/plain: message 1: outcome is deleted, not already_absent" in shown.stdout
    assert "realtime_response_create/plain: message 1: transport is http, not websocket" in shown.stdout
    assert "realtime_response_create/plain: message 1: result is whole, not stored" in shown.stdout


def test_playing_samples_shows_what_the_function_of_a_failing_sample_printed_about_it(tmp_path: Path) -> None:
    samples = {"delete_response/absent": {"outcome": "deleted"}, "delete_response/held": {}}
    shown = played(tmp_path, samples | {"realtime_response_create/no_post": {}})
    lines = [json.loads(line) for line in shown.stdout.splitlines() if line.startswith("{")]
    assert {line["function"] for line in lines} == {"delete_response"}
    assert [line["outcome"] for line in lines if line["message"] == "message settled"] == ["already_absent"]


def test_only_log_lines_about_messages_that_ended_right_are_left_out() -> None:
    lines = [json.dumps({"key": "right"}), json.dumps({"key": "other"}), json.dumps({"message": "no key"}), "[1]", "{"]
    assert without({"right"}, lines) == lines[1:]


def test_samples_are_chosen_by_function_end_and_name() -> None:
    every = cases()

    def chosen(*arguments: str) -> set[str]:
        given = argparse.Namespace(
            **{"titles": [], "function": None, "end": None, **dict(zip(("function", "end"), arguments, strict=False))}
        )
        return {case.title for case in choose(every, given)}

    assert chosen() == {case.title for case in every}
    assert chosen("cancel_response") == {case.title for case in every if case.function == "cancel_response"}
    assert "delete_response/rejected" in chosen("delete_response", "rejected")
    assert "delete_response/plain" not in chosen("delete_response", "rejected")
