"""infra/functions.yaml against the code that it describes."""

import importlib
import json
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import TypeAdapter

from tests.infra.workspace import INFRA
from worker.function import Handler
from worker.settings import Settings

TABLE = yaml.safe_load((INFRA / "functions.yaml").read_text())
FUNCTIONS: dict[str, dict[str, Any]] = TABLE["functions"]
SCHEMA = json.loads((INFRA / "functions.schema.json").read_text())
READ = {field.alias or name.upper() for name, field in Settings.model_fields.items()}

each_function = pytest.mark.parametrize("name", FUNCTIONS)


def handler_of(name: str) -> Handler:
    module, _, attribute = FUNCTIONS[name]["entrypoint"].partition(".")
    handler: Handler = getattr(importlib.import_module(module), attribute)
    return handler


def test_the_table_is_what_its_schema_says() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(TABLE, SCHEMA)


@pytest.mark.parametrize(
    "entry",
    [
        {"memory": 200},
        {"timeout": 601},
        {"schedule": "0 3 ? * * *"},
        {"roles": ["editor"]},
        {"entrypoint": "a/b.handler"},
        {"extra": 1},
    ],
)
def test_the_schema_refuses_what_the_platform_would(entry: dict[str, Any]) -> None:
    wrong = {**TABLE, "functions": {"delete_response": {**FUNCTIONS["delete_response"], **entry}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


@each_function
def test_every_entry_point_is_there(name: str) -> None:
    assert callable(handler_of(name))


@each_function
def test_the_table_and_the_code_say_the_same_of_a_function(name: str) -> None:
    function, entry = handler_of(name).function, FUNCTIONS[name]
    assert function.name == name, "the ledger's rows and the dead letters name the function by its module"
    assert function.idempotent == entry["idempotent"]
    assert function.needs == entry["call_needs"]


@each_function
def test_what_the_generating_account_calls_counts_against_a_quota(name: str) -> None:
    assert FUNCTIONS[name]["account"] == "deleter" or FUNCTIONS[name]["quota"]


@each_function
def test_the_smoke_message_is_one_that_the_function_takes_with_a_key_of_its_own(name: str) -> None:
    smoke, model = FUNCTIONS[name]["smoke"], handler_of(name).function.model
    assert "{id}" in str(model.model_validate(smoke["message"]).key)
    assert FUNCTIONS[name]["queue"]["max_message_size"] > 10 * len(json.dumps(smoke["message"]))


def test_the_table_names_only_settings_that_the_code_reads() -> None:
    named = {*TABLE["settings"], *(setting for entry in FUNCTIONS.values() for setting in entry["settings"])}
    assert named <= READ


def test_a_setting_in_the_table_is_the_code_s_own_default() -> None:
    """An environment deviates in its own file; what is deployed by default is what was tested."""
    fields = {field.alias or name.upper(): field for name, field in Settings.model_fields.items()}
    for settings in (TABLE["settings"], *(entry["settings"] for entry in FUNCTIONS.values())):
        for name, value in settings.items():
            if value is not None:
                kind: TypeAdapter[Any] = TypeAdapter(fields[name].rebuild_annotation())
                assert kind.validate_python(value) == kind.validate_python(fields[name].default), name
