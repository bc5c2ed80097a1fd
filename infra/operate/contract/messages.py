"""The messages of the AsyncAPI document: bare, in an envelope, as results, and as dead letters."""

import json
from typing import Any

from infra.local.samples.case import cases
from infra.operate.contract.schemas import Schema, functions
from worker.receive.envelope import Invalid, open_body
from worker.receive.message import parse
from worker.receive.trigger_event import Delivery
from worker.settle.function import Function
from worker.timer_handler import Timer

_IDENTITY = """\
The key says which messages are the same request. It is the field that the message's description names, else source and id
of its envelope, else the queue's message id."""


def messages(name: str, table: Schema) -> dict[str, Schema]:
    """What a function takes, in both forms, by the name of each in the document."""
    function = functions(table)[name]
    bare = {"$ref": f"./schemas/messages/{name}.json"}
    field = function.model.fields_of.get("key")
    summary = f"Key: `{field}`; without it the queue's message id." if field else "Key: the queue's message id."
    enveloped = "the envelope's source and id" if not field else f"`{field}`; without it the envelope's source and id"
    return {
        name: {"title": name, "summary": summary, "payload": bare, "examples": _examples(name, function.model)},
        f"{name}_event": {
            "title": f"{name} in a CloudEvent",
            "summary": f"Key: {enveloped}.",
            "description": _IDENTITY,
            "payload": {"allOf": [ref("schemas/envelope"), {"type": "object", "properties": {"data": bare}}]},
        },
    }


def result(sender: Function[Any, Any] | Timer) -> Schema:
    """What a function says of how a message ended, or of what it did when its timer fired: that follows from no message."""
    payload = {"$ref": f"./schemas/results/{sender.name}.json"}
    said = {"title": f"result of {sender.name}", "name": sender.result_type, "payload": payload}
    if isinstance(sender, Timer):
        return said
    cause = "The identity of the message that it is the result of."
    return said | {"correlationId": {"description": cause, "location": "$message.payload#/causationid"}}


def _examples(name: str, model: Any) -> list[Schema]:
    """The message of the sample `plain`, without an envelope."""
    for case in cases():
        if case.title == f"{name}/plain":
            body = case.messages[0]["body"]
            try:
                parse(model, Delivery("example", body))
            except Invalid:
                break
            return [
                {
                    "name": "plain",
                    "summary": case.sample.says,
                    "payload": json.loads(json.dumps(open_body(body).message)),
                }
            ]
    return []


def ref(path: str) -> Schema:
    """A reference to a part of the document."""
    return {"$ref": f"#/{path if path.startswith('channels') else 'components/' + path}"}


_TEXT: Schema = {"type": "string", "minLength": 1}
ENVELOPE: Schema = {
    "title": "CloudEvent",
    "description": "A CloudEvents 1.0 envelope in JSON. Further attributes are passed over.",
    "type": "object",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _TEXT,
        "source": _TEXT,
        "type": _TEXT,
        "traceparent": {"type": "string"},
        "datacontenttype": {"const": "application/json"},
    },
}
DEAD_LETTER: Schema = {
    "title": "dead letter",
    "summary": "A message as it came, with the reason in its attributes. What the queue itself moved has none.",
    "headers": {
        "type": "object",
        "properties": {
            "reason": {"type": "string", "description": "infra/README.md says what to do about each."},
            "function": {"type": "string"},
            "detail": {"type": "string", "maxLength": 256, "description": "Holds no content."},
            "settlement": {"type": "string", "description": "Signed by the functions; it travels along."},
            "traceparent": {"type": "string"},
        },
    },
    "payload": {"type": "object"},
}
