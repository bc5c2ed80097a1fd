"""What a soak leaves behind: all that an operator could look at, read once everything has come to rest."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from infra.local.catalog import namespace_of
from infra.local.cloud.servers import Waiting
from infra.local.environment import Environment
from infra.local.studio.state import hash_of
from ledger import Keys, Record


@dataclass(frozen=True)
class Evidence:
    """The ledger by record key, the queues' contents, the local AI Studio's request log and store, and what went wrong.

    `results` are CloudEvents by id, every copy of them; `defects` are log lines and errors that must not be; `inputs`
    are the calls that create responses, by the hash of what was asked.
    """

    keys: Keys
    records: dict[str, Record]
    dead_letters: list[Waiting]
    results: dict[str, list[dict[str, Any]]]
    calls: dict[str, list[dict[str, Any]]]
    stored: set[str]
    waiting: list[Waiting]
    defects: list[str]
    inputs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def record(self, function: str, key: str) -> Record:
        """The record of a business key, an empty one where there is none."""
        name = self.keys.key(namespace_of(function), key)
        return self.records.get(name, Record(name))

    def effects(self, key: str) -> int:
        """How often something was deleted or created for this id."""
        return sum(call["effect"] for call in self.calls.get(key, []))

    def billed(self, key: str) -> int:
        """How often a model was run for this id."""
        return sum(call["billed"] for call in self.calls.get(key, []))

    def created(self, text: str) -> int:
        """How often a response was created for this input."""
        return sum(call["effect"] for call in self.inputs.get(hash_of(text), []))


def collect(environment: Environment, lines: Iterable[str]) -> Evidence:
    """Read everything, which changes nothing."""
    deserialize = TypeDeserializer().deserialize
    pages = environment.dynamodb.get_paginator("scan").paginate(TableName=environment.ledger, ConsistentRead=True)
    items = [item for page in pages for item in page["Items"]]
    records = [Record.read({name: deserialize(value) for name, value in item.items()}) for item in items]
    calls, inputs, results = defaultdict(list), defaultdict(list), defaultdict(list)
    for call in environment.studio.requests():
        calls[str(call["id"])].append(call)
        if call["input_hash"] is not None:
            inputs[call["input_hash"]].append(call)
    for waiting in environment.servers.peek(environment.results):
        event = json.loads(waiting.body)
        results[str(event["id"])].append(event)
    return Evidence(
        keys=Keys(environment.settings["HASH_KEY"]),
        records={record.key: record for record in records},
        dead_letters=environment.servers.peek(environment.dead_letters),
        results=dict(results),
        calls=dict(calls),
        stored=set(environment.studio.stored()),
        waiting=[found for url in environment.queues.values() for found in environment.servers.peek(url)],
        defects=[*_defects(lines), *_errors(environment)],
        inputs=dict(inputs),
    )


def _defects(lines: Iterable[str]) -> list[str]:
    return [line for line in lines if '"defect"' in line or "a defect" in line or "Traceback" in line]


def _errors(environment: Environment) -> list[str]:
    replies = [seen.reply for seen in list(environment.seen)]
    return [f"{reply.error}: {reply.message}" for reply in replies if reply.error not in ("", "Unsettled")]
