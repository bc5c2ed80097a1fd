"""JSON Schemas of messages and results, made of the functions' models and the table of functions."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from aistudio.realtime.client_events import KINDS, RESPONSE_CREATE
from aistudio.realtime.request import Request
from aistudio.responses.create_body import FIELDS, NOT_SUPPORTED, Body
from infra.deploy.entry_points import function_of, timer_of
from infra.operate.cloud import Stopped
from infra.operate.contract.results import RESULTS
from retention.policies import Kept
from worker.receive.envelope import OUR_SOURCES
from worker.settle.function import Function
from worker.timer_handler import Timer

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles of fields: they only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - as pydantic calls it
        """Never."""
        return False


_FLAG = {"type": ["boolean", "null"]}
_SURE: Schema = {
    **dict.fromkeys(("background", "store", "stream"), _FLAG),
    "temperature": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "previous_response_id": {"type": ["string", "null"]},
}
"""The fields of a create of which the reference is sure."""


def functions(table: Schema) -> dict[str, Function[Any, Any]]:
    """The functions with a queue that a set deploys: a new one has no contract before."""
    entries: Schema = table["functions"]
    deployed = {name for names in table["sets"].values() for name in names}
    return {name: function_of(entry) for name, entry in entries.items() if name in deployed and "queue" in entry}


def senders(table: Schema) -> dict[str, Function[Any, Any] | Timer]:
    """All that send results: the functions with a queue, and those that a timer calls and that say so."""
    deployed = {name for names in table["sets"].values() for name in names}
    entries = {name: entry for name, entry in table["functions"].items() if name in deployed and "schedule" in entry}
    timers = {name: timer_of(entry) for name, entry in entries.items() if "results" in entry.get("sends_to", ())}
    return {**functions(table), **timers}


def message_of(function: Function[Any, Any]) -> Schema:
    """The schema of a function's message, without its envelope."""
    model: type[BaseModel] = function.model
    schema = model.model_json_schema(schema_generator=_Untitled)
    if issubclass(model, Request):
        schema = _client_event(schema)
    if issubclass(model, Body):
        open_ones = {name: _SURE.get(name, {}) for name in sorted(FIELDS)}
        schema |= {"properties": schema["properties"] | open_ones, "additionalProperties": False}
        schema["description"] += f" Refused by the API: {', '.join(NOT_SUPPORTED)}."
    fields = schema.get("properties", {}).keys()
    if issubclass(model, Kept) or {"policy", "delete_after"} <= fields:
        schema["not"] = _given("policy", "delete_after")
    if {"action", "response_id", "subject"} <= fields:
        schema["oneOf"] = [_given("response_id"), _given("subject")]
    return {"$schema": DIALECT, **schema}


def result_of(function: Function[Any, Any] | Timer) -> Schema:
    """The schema of a function's result, a CloudEvent. Raises Stopped where nothing says what its data holds.

    A timer's is small, and follows from no message.
    """
    data: type[BaseModel] | None = RESULTS.get(function.name)
    if data is None:
        raise Stopped(
            f"{function.name}: say in infra/operate/contract/results.py what its results hold, then make contract"
        )
    told = data.model_json_schema(schema_generator=_Untitled)
    defs: Schema = told.pop("$defs", {})
    text: Schema = {"type": "string", "minLength": 1}
    names = ["id", "source", "subject", "time", "type", "specversion", "datacontenttype", "data"]
    properties: Schema = {
        "specversion": {"const": "1.0"},
        "id": text,
        "source": {"const": f"{OUR_SOURCES}{function.name}"},
        "type": {"const": function.result_type},
        "subject": text | {"description": "The key of the record in the ledger."},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "data": told,
    }
    if isinstance(function, Function):
        names.insert(-1, "causationid")
        properties = _caused(properties, text)
        defs |= {"Stored": _STORED, "Lightened": _LIGHTENED}
    return {
        "$schema": DIALECT,
        "title": f"{told['title']}Result",
        "description": (
            "A CloudEvent. Its id is the same however often it is sent: drop what has an id that you have seen."
        ),
        "type": "object",
        "required": names,
        "properties": properties,
        "$defs": defs,
    }


def _caused(properties: Schema, text: Schema) -> Schema:
    """Add what a result of a message says besides: the message, and where its data is if that is large."""
    data = properties.pop("data")
    return properties | {
        "subject": text | {"description": "The record key; the key itself where RESULTS_SUBJECT is key."},
        "causationid": text | {"description": "The identity of the message: its envelope's source and id, or its id."},
        "traceparent": text,
        "dataref": text | {"description": "Where data over 240 KiB is. Then `data` names the object."},
        "data": {"anyOf": [data, {"$ref": "#/$defs/Stored"}, {"$ref": "#/$defs/Lightened"}]},
    }


_STORED: Schema = {
    "title": "Stored",
    "description": "Data over 240 KiB: the object in the bucket of results that holds the event whole.",
    "type": "object",
    "required": ["bucket", "key", "size", "sha256"],
    "properties": {
        "bucket": {"type": "string"},
        "key": {"type": "string"},
        "size": {"type": "integer", "description": "Bytes."},
        "sha256": {"type": "string"},
    },
}
_LIGHTENED: Schema = {
    "title": "Lightened",
    "description": "Data over 240 KiB where no bucket is set: without the fields that `omitted` names.",
    "type": "object",
    "required": ["omitted"],
    "properties": {"omitted": {"type": "array", "items": {"type": "string"}}},
}


def _given(*names: str) -> Schema:
    """Say that these fields are there and not null."""
    return {"required": [*names], "properties": {name: {"not": {"type": "null"}} for name in names}}


def _client_event(schema: Schema) -> Schema:
    """Put a client event's fields at the top, where producers write them; or a script in their place."""
    beside = {name: each for name, each in schema["properties"].items() if name not in ("event", "script")}
    refused = {name for name, kind in KINDS.items() if not kind.supported}
    defs: Schema = {name: each for name, each in schema["$defs"].items() if _named(each) not in refused}
    events: Schema = {name: each for name, each in defs.items() if _named(each) is not None}
    alone = [
        {**event, "properties": {**beside, **event["properties"]}}
        for event in events.values()
        if _named(event) != RESPONSE_CREATE
    ]
    script = {"type": "array", "minItems": 1, "items": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in events]}}
    scripted = {
        "title": "Script",
        "description": "Client events for one session, in order.",
        "type": "object",
        "required": ["script"],
        "properties": {**beside, "script": script},
        "additionalProperties": False,
    }
    return {
        "title": schema["title"],
        "description": schema["description"],
        "type": "object",
        "oneOf": [*alone, scripted],
        "$defs": defs,
    }


def _named(definition: Schema) -> Any:
    """The client event that a definition is of; None of another."""
    return definition["properties"].get("type", {}).get("const")
