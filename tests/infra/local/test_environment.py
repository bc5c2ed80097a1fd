import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infra.local.catalog import LocalFunction, functions
from infra.local.cloud.runtime import Runtime
from infra.local.cloud.trigger import Batching
from infra.local.environment import Environment, running_environment
from infra.local.processes.surroundings import ROOT
from infra.local.settings import QUEUES, read_env, write_env
from ledger import Ledger, Record, RecordKey
from tests.infra.local.conftest import STANDIN
from tests.infra.local.orders import order
from tests.support.waiting import eventually
from worker.settings import Settings

STAND_IN = LocalFunction(
    "stand_in", "standin.handler", timeout=5, batching=Batching(size=10, cutoff=0.1, visibility=6), root=STANDIN
)


@pytest.fixture(scope="module")
def lines() -> list[tuple[str, str]]:
    return []


@pytest.fixture(scope="module")
def environment(lines: list[tuple[str, str]]) -> Iterator[Environment]:
    with running_environment([STAND_IN], log=lambda name, line: lines.append((name, line))) as running:
        yield running


def test_a_message_sent_to_a_function_reaches_it_through_its_queue(
    environment: Environment, lines: list[tuple[str, str]]
) -> None:
    environment.start()
    (message_id,) = environment.send("stand_in", order("print", text="hello"))
    seen = eventually(lambda: [each for each in list(environment.seen) if message_id in each.message_ids])
    environment.stop()
    assert seen[0].reply.ok
    assert ("stand_in", "hello") in lines


def test_a_function_can_be_called_without_its_queue(environment: Environment) -> None:
    runtime = environment.runtime("stand_in")
    try:
        assert runtime.invoke({"messages": []}).ok
    finally:
        runtime.stop()


def test_the_settings_are_all_that_a_function_needs(environment: Environment) -> None:
    settings = Settings.model_validate(environment.settings_of("stand_in"))
    assert settings.aistudio_base_url == environment.studio.base_url
    assert settings.queue_url == environment.queues["stand_in"]
    assert settings.dead_letter_queue_url == environment.dead_letters


def test_the_env_file_has_every_setting_but_the_queues(environment: Environment, tmp_path: Path) -> None:
    write_env(environment.settings, path := tmp_path / "settings.env")
    assert {name.upper() for name in Settings.model_fields} - set(read_env(path)) == QUEUES
    assert path.stat().st_mode & 0o077 == 0
    given = read_env(path) | dict.fromkeys(QUEUES, environment.dead_letters)
    read = Settings.model_validate(given)
    assert (read.max_age, read.aistudio_allow_fields) == (86_400, frozenset())


@pytest.mark.parametrize("value", ["", "plain", "a=b", '{"a": "$b c"}', "/home/ann o'neil/dev.log"])
def test_a_shell_reads_from_the_env_file_what_ops_reads(value: str, tmp_path: Path) -> None:
    write_env({"GIVEN": value}, path := tmp_path / "settings.env")
    assert read_env(path) == {"GIVEN": value}
    script = f'set -eu; . {path}; printf %s "$GIVEN"'
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout == value  # noqa: S603, S607 - bash


def test_the_ledger_is_there_and_empty(environment: Environment) -> None:
    assert Ledger(environment.dynamodb, environment.ledger).get(RecordKey("any")) == Record(RecordKey("any"))


def test_the_queues_move_what_keeps_coming_back_to_the_one_dead_letter_queue(environment: Environment) -> None:
    attributes = environment.sqs.get_queue_attributes(
        QueueUrl=environment.queues["stand_in"], AttributeNames=["RedrivePolicy", "VisibilityTimeout"]
    )["Attributes"]
    assert ":dead-letters" in attributes["RedrivePolicy"]
    assert attributes["VisibilityTimeout"] == "6"


def test_every_function_of_the_table_that_a_queue_feeds_runs_here(environment: Environment) -> None:
    table = yaml.safe_load((ROOT / "infra" / "functions.yaml").read_text())["functions"]
    found = {function.name: function for function in functions()}
    assert found.keys() == {name for name, entry in table.items() if "queue" in entry}
    for function in found.values():
        assert function.batching.visibility > function.timeout + function.batching.cutoff
        urls = {f"{name.upper()}_QUEUE_URL": environment.queues["stand_in"] for name in found}
        settings = {**environment.settings_of("stand_in"), **(function.settings or {}), **urls}
        runtime = Runtime(function.entry_point, settings, timeout=10)
        try:
            assert runtime.invoke({"messages": []}).ok
        finally:
            runtime.stop()


def test_an_entry_point_in_a_file_that_is_not_there_is_named() -> None:
    table = yaml.safe_load((ROOT / "infra" / "functions.yaml").read_text())["functions"]
    mistyped = table["delete_response"] | {"entrypoint": "delete_respons.handler"}
    with pytest.raises(ValueError, match=r"of delete_response is in delete_respons\.py"):
        LocalFunction.read("delete_response", mistyped)
