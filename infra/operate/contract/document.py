"""The AsyncAPI document: which queue takes what, and what comes back."""

import tomllib

from infra.local.processes.surroundings import ROOT
from infra.operate.contract.messages import DEAD_LETTER, ENVELOPE, messages, ref, result
from infra.operate.contract.schemas import Schema, functions, senders

_SQS = "0.2.0"
_ABOUT = """\
Yandex Cloud Functions that call Yandex AI Studio because something happened. A message asks for one call. It goes to the
queue of its function, bare or as the data of a CloudEvent. What became of it comes as a CloudEvent on the results queue.
What can't be done is on the dead-letter queue, with a reason. The queues are of Yandex Message Queue, which speaks the
protocol of Amazon SQS. Made by `make contract` from the functions' models and infra/functions.yaml."""


def document(table: Schema) -> Schema:
    """The document, with references to the files of schemas beside it."""
    names, entries, results = list(functions(table)), table["functions"], senders(table)
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
                {f"{name}_result": ref(f"messages/{name}_result") for name in results},
            ),
            "dead_letters": _plain_channel(
                "dead-letters",
                "Messages that can't be done, for people: ops dead-letters.",
                {"dead_letter": ref("messages/dead_letter")},
            ),
        },
        "operations": {
            **{name: _operation(name, entries[name]) for name in names},
            **{name: _told_by_a_timer(name, entries[name]) for name in results if name not in names},
            "dead_letter": {
                "action": "send",
                "channel": ref("channels/dead_letters"),
                "summary": "Leaves to people what can't be done.",
                "messages": [ref("channels/dead_letters/messages/dead_letter")],
            },
        },
        "components": {
            "messages": {
                **{key: each for name in names for key, each in messages(name, table).items()},
                **{f"{name}_result": result(sender) for name, sender in results.items()},
                "dead_letter": DEAD_LETTER,
            },
            "schemas": {"envelope": ENVELOPE},
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
        "messages": {form: ref(f"messages/{form}") for form in (name, f"{name}_event")},
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


def _plain_channel(name: str, description: str, carried: Schema) -> Schema:
    address = f"aistudio-{{environment}}-{name}"
    queue = {"name": address, "fifoQueue": False}
    return {
        "address": address,
        "description": description,
        "parameters": _PARAMETERS,
        "messages": carried,
        "bindings": {"sqs": {"bindingVersion": _SQS, "queue": queue}},
    }


def _operation(name: str, entry: Schema) -> Schema:
    return {
        "action": "receive",
        "channel": ref(f"channels/{name}"),
        "summary": f"{entry['description']}.",
        "messages": [ref(f"channels/{name}/messages/{form}") for form in (name, f"{name}_event")],
        "reply": {
            "channel": ref("channels/results"),
            "messages": [ref(f"channels/results/messages/{name}_result")],
        },
    }


def _told_by_a_timer(name: str, entry: Schema) -> Schema:
    return {
        "action": "send",
        "channel": ref("channels/results"),
        "summary": f"{entry['description']}: a timer calls it.",
        "messages": [ref(f"channels/results/messages/{name}_result")],
    }


_PARAMETERS: Schema = {"environment": {"description": "The name of the environment, such as dev or prod."}}
