"""`ops dead-letters`: looking, which leaves all as it was."""

import json
from pathlib import Path

import pytest

from infra.local.environment import Environment
from infra.operate.ops.dead_letters.looking import depth
from tests.operate.conftest import Ops
from tests.operate.dead_letters import deletions, moved


@pytest.fixture
def three(environment: Environment) -> None:
    deletions(environment, ["resp_a", "resp_b"], "rejected")
    deletions(environment, ["resp_c"], "throttled")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    "command", ["list", "counts", "show resp_a", "redrive", "list --number 1", "redrive --to results"]
)
def test_what_was_looked_at_is_visible_again_at_once(ops: Ops, environment: Environment, command: str) -> None:
    ops(f"dead-letters {command}")

    assert depth(environment.sqs, environment.dead_letters) == {"visible": 3, "in_flight": 0, "delayed": 0}


@pytest.mark.usefixtures("three")
def test_content_is_shown_only_where_it_is_asked_for(ops: Ops, tmp_path: Path) -> None:
    for command in ("list", "show resp_a"):
        assert "response_id" not in ops(f"dead-letters {command}").out
        assert "response_id" not in ops(f"dead-letters {command} --json").out
    ops("dead-letters export", tmp_path / "without.jsonl")
    assert "response_id" not in (tmp_path / "without.jsonl").read_text()

    assert ops("dead-letters show resp_a --json --body").data[0]["body"] == '{"response_id": "resp_a"}'
    ops("dead-letters export --bodies", tmp_path / "with.jsonl")
    kept = [json.loads(line)["body"] for line in (tmp_path / "with.jsonl").read_text().splitlines()]
    assert sorted(kept) == [f'{{"response_id": "resp_{n}"}}' for n in "abc"]
    assert (tmp_path / "with.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("three")
def test_a_file_that_is_there_is_not_written_over(ops: Ops, tmp_path: Path) -> None:
    (file := tmp_path / "kept").write_text("kept")

    assert ops("dead-letters export", file).code == 2
    assert file.read_text() == "kept"


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("options", "keys"),
    [
        ("", ["resp_a", "resp_b", "resp_c"]),
        ("--reason throttled", ["resp_c"]),
        ("--reason throttled --reason rejected", ["resp_a", "resp_b", "resp_c"]),
        ("--function realtime_response_create", []),
        ("--key resp_b", ["resp_b"]),
        ("--older-than 1h", []),
        ("--newer-than 1h", ["resp_a", "resp_b", "resp_c"]),
    ],
)
def test_letters_are_chosen_by_reason_function_key_and_age(ops: Ops, options: str, keys: list[str]) -> None:
    assert sorted(each["key"] for each in ops(f"dead-letters list --json {options}").data) == keys


@pytest.mark.usefixtures("three")
def test_letters_are_counted_by_function_and_reason(ops: Ops, environment: Environment) -> None:
    moved(environment, "{}")

    assert ops("dead-letters counts --json").data == [
        {"function": "?", "reason": "none", "count": 1},
        {"function": "delete_response", "reason": "rejected", "count": 2},
        {"function": "delete_response", "reason": "throttled", "count": 1},
    ]


def test_no_id_is_cut_in_a_narrow_terminal(ops: Ops, environment: Environment) -> None:
    name = "resp_" + "a-very-long-id" * 12
    deletions(environment, [name])

    assert f"key {name}" in ops("dead-letters list").out.replace("\n", "")
