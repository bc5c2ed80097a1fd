"""The published schemas are those of the code, say what the functions do, and keep what was released."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import TypeAdapter, ValidationError

from infra.deploy import table
from infra.local.samples.case import Case, cases
from infra.operate.cloud import Stopped
from infra.operate.contract import results, schemas
from infra.operate.contract.compare import narrowed, taken_away
from infra.operate.contract.files import DOCUMENT, RELEASED, SCHEMAS, breaks, written
from worker.message_attributes import OURS
from worker.receive.envelope import Invalid, open_body
from worker.receive.message import Time

TABLE = table.read()
FUNCTIONS = schemas.functions(TABLE)
NO_SCHEMA_SAYS = {
    *("realtime_client_event/not_base64", "realtime_client_event/same_event_id"),
    *("register_response/unknown_policy", "create_response/no_policy"),
    "realtime_response_create/control_characters",
    "erase_subject/another_person",
    *("delete_response/wrong_md5", "realtime_response_create/wrong_md5"),
}
"""Samples that are refused for what a schema can't say."""
FORMATS = FormatChecker()


@FORMATS.checks("date-time", ValidationError)
def _is_time(value: object) -> bool:
    TypeAdapter(Time).validate_python(value)
    return True


SENT = [(case, index) for case in cases() if case.function in FUNCTIONS for index in range(len(case.messages))]


def test_the_files_are_those_that_make_contract_writes() -> None:
    there = {path: path.read_text() for path in [DOCUMENT, *SCHEMAS.glob("messages/*"), *SCHEMAS.glob("results/*")]}
    assert there == written(TABLE), "a model or the table has changed: make contract"


@pytest.mark.parametrize("path", sorted(SCHEMAS.rglob("*.json")), ids=lambda path: str(path.relative_to(SCHEMAS)))
def test_each_file_is_a_json_schema(path: Path) -> None:
    Draft202012Validator.check_schema(json.loads(path.read_text()))


@pytest.mark.parametrize(("case", "index"), SENT, ids=lambda value: value.title if isinstance(value, Case) else value)
def test_a_schema_takes_the_samples_that_its_function_takes_and_no_other(case: Case, index: int) -> None:
    try:
        message = open_body(case.messages[index]["body"]).message
    except Invalid:
        return  # it is no message at all
    schema = schemas.message_of(FUNCTIONS[case.function])
    checker = Draft202012Validator(schema, format_checker=FORMATS)
    end = case.sample.ends[index]
    # What is unusable and too big to be dead-lettered has no key.
    refused = end.reason == "invalid_message" or (end.end == "unsettled" and end.key is None)
    if case.title in NO_SCHEMA_SAYS:
        assert refused or index == 0
        assert checker.is_valid(message)
    else:
        assert checker.is_valid(message) != refused, list(checker.iter_errors(message))


def test_what_was_released_still_holds() -> None:
    assert breaks() == []
    for folder, those in (("messages", FUNCTIONS), ("results", schemas.senders(TABLE))):
        assert {path.stem for path in RELEASED.glob(f"{folder}/*.json")} <= those.keys()


MESSAGE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "maxLength": 9, "pattern": "^a"},
        "kind": {"enum": ["x", "y"]},
        "limit": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
        "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
    },
    "required": ["id"],
    "additionalProperties": False,
    "$defs": {"Item": {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": True}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The schema with another value at a path; None takes it away."""
    schema: dict[str, Any] = json.loads(json.dumps(MESSAGE))
    *way, last = path.split("/")
    at = schema
    for step in way:
        at = at[step]
    at[last] = value
    if value is None:
        del at[last]
    return schema


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("properties/kind", None, "message.kind: was removed"),
        ("required", ["id", "kind"], "message.kind: is required"),
        ("properties/kind/enum", ["x"], "message.kind: takes x only"),
        ("properties/id/maxLength", 8, "message.id: maxLength was 9, and is 8"),
        ("properties/id/minLength", 1, "message.id: minLength was None, and is 1"),
        ("properties/id/pattern", "^ab", "message.id: pattern was ^a, and is ^ab"),
        ("properties/id/type", "integer", "message.id: no longer takes string"),
        ("properties/limit", {"type": "integer"}, "message.limit: no longer takes null"),
        ("properties/limit/anyOf", [{"type": "integer", "minimum": 2}, {"type": "null"}], "message.limit: minimum"),
        ("$defs/Item/additionalProperties", False, "message.items[]: further fields are refused"),
        ("$defs/Item/required", ["name"], "message.items[].name: is required"),
        ("not", {"required": ["kind"]}, "message: not was None"),
        ("oneOf", [{"required": ["kind"]}, {"required": ["limit"]}], "message: oneOf was None"),
        ("anyOf", [{"required": ["kind"]}, {"required": ["limit"]}], "message: anyOf was None"),
        ("$defs/Item/additionalProperties", {"type": "string"}, "message.items[]: further fields are refused"),
    ],
)
def test_what_a_producer_sent_and_is_refused_now_is_a_break(path: str, value: Any, told: str) -> None:
    (found,) = narrowed(MESSAGE, changed(path, value))
    assert found.startswith(told)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties/more", {"type": "string"}),
        ("required", []),
        ("properties/kind/enum", ["x", "y", "z"]),
        ("properties/id/maxLength", 10),
        ("properties/id/pattern", None),
        ("properties/id/type", ["string", "null"]),
        ("properties/limit", {}),
        ("additionalProperties", True),
        ("description", "said in other words"),
    ],
)
def test_what_takes_more_than_before_is_no_break(path: str, value: Any) -> None:
    assert narrowed(MESSAGE, changed(path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("properties/kind", None, "result.kind: was removed"),
        ("required", [], "result.id: is no longer always there"),
        ("properties/id/type", ["string", "null"], "result.id: may be null"),
        ("$defs/Item/properties/name", None, "result.items[].name: was removed"),
    ],
)
def test_what_a_consumer_may_no_longer_rely_on_is_a_break(path: str, value: Any, told: str) -> None:
    assert taken_away(MESSAGE, changed(path, value)) == [told]


def test_results_may_say_more_than_before() -> None:
    for path, value in (
        ("properties/more", {}),
        ("properties/kind/enum", ["x", "y", "z"]),
        ("required", ["id", "kind"]),
    ):
        assert taken_away(MESSAGE, changed(path, value)) == []


def test_a_break_names_its_file_and_says_what_to_do(tmp_path: Path) -> None:
    for folder, schema in (("old", MESSAGE), ("new", changed("properties/kind", None))):
        (tmp_path / folder / "messages").mkdir(parents=True)
        (tmp_path / folder / "messages" / "some.json").write_text(json.dumps(schema))
    (found,) = breaks(tmp_path / "new", tmp_path / "old")
    assert found.startswith("messages/some.json: message.kind: was removed. Keep it: bring the field back")
    (tmp_path / "new" / "messages" / "some.json").unlink()
    (found,) = breaks(tmp_path / "new", tmp_path / "old")
    assert found.startswith("messages/some.json: the function is gone. Keep it")


@pytest.mark.parametrize("function", ["get_response", "seal_receipts"])
def test_a_function_whose_results_are_not_described_is_named(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(results.RESULTS, function)
    with pytest.raises(Stopped, match=rf"{function}: say in infra/operate/contract/results.py"):
        written(TABLE)


def test_the_contract_names_each_attribute_that_a_dead_letter_may_have() -> None:
    document = yaml.safe_load(DOCUMENT.read_text())
    (dead_letter,) = [
        each for each in document["components"]["messages"].values() if each.get("title") == "dead letter"
    ]
    assert dead_letter["headers"]["properties"].keys() == OURS
