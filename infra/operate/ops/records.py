"""Where an id may be found: the records, log lines and messages that concern it."""

import json
import shlex
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.local.cloud.servers import Servers, Waiting
from infra.operate.ops.dead_letters.dead_letter import delivered_id, said_in
from infra.operate.ops.environments import Reach
from infra.operate.ops.messages import source
from ledger import Record, RecordKey
from worker.receive.envelope import Invalid, identity_of
from worker.receive.message import parse
from worker.receive.trigger_event import Delivery

SECONDS_OF_LOGS = "96h"


@dataclass(frozen=True, slots=True)
class Found:
    """A record, and what it is the record of, in words."""

    kind: str
    record: Record

    def told(self) -> dict[str, Any]:
        """It as JSON has it."""
        said = {name: value for name, value in asdict(self.record).items() if value not in (None, {}, frozenset())}
        return {"kind": self.kind, "record": said}


def candidates(reach: Reach, name: str, function: str = "") -> dict[RecordKey, str]:
    """The records that an id may have, each with what it would be the record of."""
    if "#" in name and " " not in name:
        return {RecordKey(name): "the record of this key"}
    found: dict[RecordKey, str] = {
        RecordKey(str(line["key"])): f"message {name} to {line.get('function')}"
        for line in every_line(reach)
        if line.get("origin") == delivered_id(name) and "key" in line
    }
    functions = [function] if function else [each for each, entry in reach.entries.items() if "queue" in entry]
    for each in functions:
        namespace = reach.function(each).namespace
        found[reach.keys.key(namespace, name)] = f"{'response' if namespace == 'response' else each} {name}"
        found[reach.keys.key(namespace, identity_of(source(), name))] = f"event {name} to {each}"
        found[reach.keys.key(f"{each}:message", delivered_id(name))] = f"a message to {each} that can't be used"
    if not function:
        found[reach.keys.key("subject", name)] = f"person {name}"
    return found


def records(reach: Reach, name: str, function: str = "") -> list[Found]:
    """The records that there are of an id, further receipts too. Raises TableUnavailable."""
    kinds = candidates(reach, name, function)
    read = reach.ledger.get_many(kinds)
    found = [Found(kinds[key], record) for key, record in read.items() if record != Record(key)]
    for each in list(found):
        more = [RecordKey(f"{each.record.key}#{n}") for n in range(2, int(each.record.receipts) + 1)]
        read = reach.ledger.get_many(more) if more else {}
        found += [Found(f"{each.kind}, a further receipt", record) for record in read.values()]
    return found


def log_lines(reach: Reach, keys: Collection[str]) -> Iterator[dict[str, Any]]:
    """The lines of `make dev`'s log about these records; none on a deployment, whose log `query` finds."""
    return (line for line in every_line(reach) if line.get("key") in keys)


def every_line(reach: Reach) -> Iterator[dict[str, Any]]:
    """The lines of `make dev`'s log, with `at`, their time in epoch seconds; none on a deployment."""
    path = Path(reach.values.get("LOG_FILE", ""))
    if not reach.local or not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict) and (at := _time(told)) is not None:
                yield told | {"at": at}


def _time(line: dict[str, Any]) -> float | None:
    try:
        return datetime.fromisoformat(str(line["timestamp"])).timestamp()
    except (KeyError, ValueError):
        return None


def message_query(reach: Reach, name: str) -> str:
    """The command that finds the record key of a message in a deployment's log, by the id that the queue gave it."""
    return _query(reach, f'json_payload.origin = "{name}"')


def query(reach: Reach, key: RecordKey) -> str:
    """The command that reads a deployment's log lines about a record."""
    return _query(reach, f'json_payload.key = "{key}"')


def _query(reach: Reach, filter_: str) -> str:
    group = reach.values.get("LOG_GROUP") or "<log group>"
    return shlex.join(("yc", "logging", "read", "--group-id", group, "--since", SECONDS_OF_LOGS, "--filter", filter_))


def underway(reach: Reach, name: str) -> list[tuple[str, Waiting]]:
    """The messages in local queues that an id is of, each with its function: that of the message, or its key."""
    found = []
    for function, url in reach.queues.items():
        model = reach.function(function).model
        for message in waiting(reach, url):
            names = {message.message_id, delivered_id(message.message_id), said_in(message.attributes).get("key")}
            with suppress(Invalid):
                names.add(parse(model, Delivery(delivered_id(message.message_id), message.body)).key)
            if name in names:
                found.append((function, message))
    return found


def waiting(reach: Reach, url: str) -> list[Waiting]:
    """All messages of a local queue, seen without receiving them; none on a deployment, where that can't be done."""
    port = urlsplit(reach.settings.ymq_endpoint).port
    return Servers(port).peek(url) if reach.local and port and url else []
