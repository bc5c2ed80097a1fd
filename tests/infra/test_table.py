"""infra/functions.yaml against its schema and against the code that it describes."""

import importlib
import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import TypeAdapter

from infra.deploy import table
from infra.operate.cloud import Stopped
from tests.infra.workspace import INFRA
from worker.queue_handler import Handler
from worker.receive.envelope import open_body
from worker.settings import Settings

TABLE = table.read()
FUNCTIONS: dict[str, dict[str, Any]] = TABLE["functions"]
QUEUED = {name: entry for name, entry in FUNCTIONS.items() if "queue" in entry}
READ = {field.alias or name.upper() for name, field in Settings.model_fields.items()}

each_function = pytest.mark.parametrize("name", FUNCTIONS)
each_queued = pytest.mark.parametrize("name", QUEUED)

TIMED = {
    "description": "Sweeps",
    "entrypoint": "sweep.handler",
    "account": "deleter",
    "memory": 256,
    "timeout": 60,
    "instances": 1,
    "schedule": "0 3 ? * * *",
}


def handler_of(name: str) -> Handler:
    module, _, attribute = FUNCTIONS[name]["entrypoint"].partition(".")
    handler: Handler = getattr(importlib.import_module(module), attribute)
    return handler


def written(folder: Path, changed: dict[str, Any]) -> Path:
    """A folder with this table and the schema."""
    shutil.copy(INFRA / "functions.schema.json", folder)
    (folder / "functions.yaml").write_text(yaml.safe_dump(changed))
    return folder


def with_entry(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    changed = deepcopy(TABLE)
    changed["functions"][name] = entry
    return changed


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads((INFRA / "functions.schema.json").read_text()))


def without(name: str) -> dict[str, Any]:
    return {field: value for field, value in QUEUED["delete_response"].items() if field != name}


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({**QUEUED["delete_response"], "memory": 200}, "memory"),
        ({**QUEUED["delete_response"], "timeout": 601}, "timeout"),
        ({**QUEUED["delete_response"], "roles": ["editor"]}, "roles"),
        ({**QUEUED["delete_response"], "entrypoint": "a/b.handler"}, "entrypoint"),
        ({**QUEUED["delete_response"], "visibility_timout": 400}, "visibility_timout"),
        ({**QUEUED["delete_response"], "schedule": "0 3 ? * * *"}, "valid under each of"),
        (without("queue"), "not valid under any of"),
        (without("idempotent"), "'idempotent' is a dependency of 'queue'"),
        (without("call_needs"), "'call_needs' is a dependency of 'queue'"),
        ({**TIMED, "idempotent": True}, "'queue' is a dependency of 'idempotent'"),
        ({**TIMED, "call_needs": 2}, "'queue' is a dependency of 'call_needs'"),
        ({**TIMED, "smoke": None}, "'queue' is a dependency of 'smoke'"),
        ({**TIMED, "quota": "generations"}, "'concurrency' is a dependency of 'quota'"),
        ({**TIMED, "schedule": "0 3 * * *"}, "schedule"),
        ({**TIMED, "secrets": {"HASH_KEY": "../other"}}, "secrets"),
    ],
)
def test_the_schema_refuses_what_the_platform_or_the_code_would(
    tmp_path: Path, entry: dict[str, Any], told: str
) -> None:
    with pytest.raises(Stopped, match=told):
        table.read(written(tmp_path, with_entry("delete_response", entry)))


@pytest.mark.parametrize("entry", [TIMED, {**TIMED, "sends_to": ["delete_response", "results"], "concurrency": 4}])
def test_a_timer_needs_nothing_that_only_a_queue_gives_sense_to(tmp_path: Path, entry: dict[str, Any]) -> None:
    changed = with_entry("sweep", entry)
    assert table.read(written(tmp_path, changed)) == changed


@pytest.mark.parametrize("smoke", [{}, {"smoke": None}])
def test_a_function_may_have_no_smoke_message(tmp_path: Path, smoke: dict[str, Any]) -> None:
    table.read(written(tmp_path, with_entry("delete_response", {**without("smoke"), **smoke})))


@pytest.mark.parametrize("account", ["trigger", "backup", "deployer", "a_b"])
def test_an_account_may_not_take_the_name_of_what_platform_makes(tmp_path: Path, account: str) -> None:
    changed = deepcopy(TABLE)
    changed["accounts"][account] = {"description": "Another", "writes": []}
    with pytest.raises(Stopped, match="accounts"):
        table.read(written(tmp_path, changed))


def test_a_table_that_is_no_yaml_is_said_in_one_line(tmp_path: Path) -> None:
    (written(tmp_path, TABLE) / "functions.yaml").write_text("functions: [")
    with pytest.raises(Stopped, match="no YAML"):
        table.read(tmp_path)


@each_function
def test_every_entry_point_is_there(name: str) -> None:
    assert callable(handler_of(name))


@each_queued
def test_the_table_and_the_code_say_the_same_of_a_function(name: str) -> None:
    function, entry = handler_of(name).function, FUNCTIONS[name]
    assert function.name == name, "the ledger's records and the dead letters name the function by its module"
    assert function.idempotent == entry["idempotent"], (
        f"functions/{name}.py says idempotent={function.idempotent}, infra/functions.yaml {entry['idempotent']}:"
        " let both say the same, and events/ what it means for an answer of 500"
    )


@each_function
def test_a_function_sends_where_its_entry_says_and_is_of_the_kind_that_its_entry_starts(name: str) -> None:
    handler, entry = handler_of(name), FUNCTIONS[name]
    said = getattr(handler, "function" if "queue" in entry else "timer")
    own = {"results"} if "queue" in entry else set()  # what a queue feeds has results without saying so
    assert (said.name, set(said.sends_to)) == (name, set(entry.get("sends_to", ())) - own)
    assert set(getattr(said, "may_send_to", ())) == set(entry.get("may_send_to", ()))


@each_function
def test_what_the_generating_account_calls_counts_against_a_quota(name: str) -> None:
    assert FUNCTIONS[name]["account"] not in ("generator", "creator") or FUNCTIONS[name].get("quota")


@pytest.mark.parametrize("name", [name for name, entry in QUEUED.items() if entry.get("smoke")])
def test_the_smoke_message_is_one_that_the_function_takes_with_a_key_of_its_own(name: str) -> None:
    smoke, model = FUNCTIONS[name]["smoke"], handler_of(name).function.model
    content = open_body(json.dumps(smoke["message"]))
    assert "{id}" in str(model.model_validate(content.message).key or content.identity)
    assert FUNCTIONS[name]["queue"]["max_message_size"] > 10 * len(json.dumps(smoke["message"]))


def test_the_table_names_only_settings_that_the_code_reads() -> None:
    named = {*TABLE["settings"], *(setting for entry in FUNCTIONS.values() for setting in entry.get("settings", {}))}
    secrets = {variable for entry in FUNCTIONS.values() for variable in entry.get("secrets", {})}
    assert named | secrets <= READ


def test_a_setting_in_the_table_is_the_code_s_own_default() -> None:
    """An environment deviates in its own file; what is deployed by default is what was tested."""
    fields = {field.alias or name.upper(): field for name, field in Settings.model_fields.items()}
    for settings in (TABLE["settings"], *(entry.get("settings", {}) for entry in FUNCTIONS.values())):
        for name, value in settings.items():
            if value is not None:
                kind: TypeAdapter[Any] = TypeAdapter(fields[name].rebuild_annotation())
                assert kind.validate_python(value) == kind.validate_python(fields[name].default), name
