"""The AsyncAPI document: which queue takes what, and what comes back."""

import json
import tomllib
from typing import Any

from infra.local.processes.surroundings import ROOT
from infra.local.samples.case import cases
from infra.operate.contract.schemas import Schema, functions
from worker.receive.envelope import Invalid, open_body
from worker.receive.message import parse
from worker.receive.trigger_event import Delivery

_SQS = "0.2.0"
_ABOUT = """\
Yandex Cloud Functions that call Yandex AI Studio because something happened. A message asks for one call. It goes to the
queue of its function, bare or as the data of a CloudEvent. What became of it comes as a CloudEvent on the results queue.
What can't be done is on the dead-letter queue, with a reason. The queues are of Yandex Message Queue, which speaks the
protocol of Amazon SQS. Made by `make contract` from the functions' models and infra/functions.yaml."""
_IDENTITY = """\
The key says which messages are the same request. It is the field that the message's description names, else source and id
of its envelope, else the queue's message id."""


def document(table: Schema) -> Schema:
    """The document, with references to the files of schemas beside it."""
    names = list(functions(table))
    entries = table["functions"]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "aistudio-functions",
            "version": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"],
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "queues": {
                "host": "message-queue.api.cloud.yandex.net",
                "protocol": "sqs",
                "description": "Yandex Message Queue, region ru-central1. Sign with a static key of an account that has ymq.writer.",
            }
        },
        "channels": {
            **{name: _channel(name, entries[name]) for name in names},
            "results": _plain_channel(
                "results",
                "What became of messages. Delete what you have taken; else it comes again.",
                {f"{name}_result": _ref(f"messages/{name}_result") for name in names},
            ),
            "dead_letters": _plain_channel(
                "dead-letters",
                "Messages that can't be done, for people: ops dead-letters.",
                {"dead_letter": _ref("messages/dead_letter")},
            ),
        },
        "operations": {
            **{name: _operation(name, entries[name]) for name in names},
            "dead_letter": {
                "action": "send",
                "channel": _ref("channels/dead_letters"),
                "summary": "Leaves to people what can't be done.",
                "messages": [_ref("channels/dead_letters/messages/dead_letter")],
            },
        },
        "components": {
            "messages": {
                **{key: each for name in names for key, each in _messages(name, table).items()},
                "dead_letter": _DEAD_LETTER,
            },
            "schemas": {"envelope": _ENVELOPE},
        },
    }


def _channel(name: str, entry: Schema) -> Schema:
    queue, dashed = entry["queue"], name.replace("_", "-")
    address = f"aistudio-{{environment}}-{dashed}"
    policy = {
        "deadLetterQueue": {"name": "aistudio-{environment}-dead-letters"},
        "maxReceiveCount": queue["max_receives"],
    }
    size = queue["max_message_size"]
    return {
        "address": address,
        "description": f"{entry['description']}. A message has at most {size} bytes, its attributes included.",
        "parameters": _PARAMETERS,
        "messages": {form: _ref(f"messages/{form}") for form in (name, f"{name}_event")},
        "bindings": {
            "sqs": {
                "bindingVersion": _SQS,
                "queue": {
                    "name": address,
                    "fifoQueue": False,
                    "messageRetentionPeriod": queue["retention"],
                    "redrivePolicy": policy,
                },
            }
        },
    }


def _plain_channel(name: str, description: str, messages: Schema) -> Schema:
    address = f"aistudio-{{environment}}-{name}"
    queue = {"name": address, "fifoQueue": False}
    return {
        "address": address,
        "description": description,
        "parameters": _PARAMETERS,
        "messages": messages,
        "bindings": {"sqs": {"bindingVersion": _SQS, "queue": queue}},
    }


def _operation(name: str, entry: Schema) -> Schema:
    return {
        "action": "receive",
        "channel": _ref(f"channels/{name}"),
        "summary": f"{entry['description']}.",
        "messages": [_ref(f"channels/{name}/messages/{form}") for form in (name, f"{name}_event")],
        "reply": {
            "channel": _ref("channels/results"),
            "messages": [_ref(f"channels/results/messages/{name}_result")],
        },
    }


def _messages(name: str, table: Schema) -> dict[str, Schema]:
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
            "payload": {"allOf": [_ref("schemas/envelope"), {"type": "object", "properties": {"data": bare}}]},
        },
        f"{name}_result": {
            "title": f"result of {name}",
            "name": function.result_type,
            "payload": {"$ref": f"./schemas/results/{name}.json"},
            "correlationId": {
                "description": "The identity of the message that it is the result of.",
                "location": "$message.payload#/causationid",
            },
        },
    }


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


def _ref(path: str) -> Schema:
    return {"$ref": f"#/{path if path.startswith('channels') else 'components/' + path}"}


_PARAMETERS: Schema = {"environment": {"description": "The name of the environment, such as dev or prod."}}
_TEXT: Schema = {"type": "string", "minLength": 1}
_ENVELOPE: Schema = {
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
_DEAD_LETTER: Schema = {
    "title": "dead letter",
    "summary": "A message as it came, with the reason in its attributes. What the queue itself moved has none.",
    "headers": {
        "type": "object",
        "properties": {
            "reason": {"type": "string", "description": "infra/README.md says what to do about each."},
            "function": {"type": "string"},
            "detail": {"type": "string", "maxLength": 256, "description": "Holds no content."},
            "settlement": {"type": "string", "description": "Signed by the functions; it travels along."},
        },
    },
    "payload": {"type": "object"},
}
