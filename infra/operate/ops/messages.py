"""What `ops send` was given, read and checked before anything is sent."""

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.samples.case import Case, load
from infra.operate.ops.ending import misused, wanting
from infra.operate.ops.environments import Reach, user
from infra.operate.ops.files import standard_input, text_of
from ledger import Key, RecordKey
from worker.receive.envelope import Invalid, open_body
from worker.receive.message import parse
from worker.receive.trigger_event import Delivery
from worker.send.queue_message import QueueMessage
from worker.settle.function import Function

_MOST_TOLD = 10
_IDS = uuid.UUID("6d5a6a0e-6f8b-4c5b-9d3a-0c8e6f2d1b7a")
"""The namespace of envelopes' ids: a line that is sent again has the id that it had before."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send, with its business id and its record's key; None where only the queue's id will name it."""

    message: QueueMessage
    key: Key | None = None
    record_key: RecordKey | None = None


@dataclass(frozen=True)
class Given:
    """All that is to be sent: from a file of lines (`file`), from a sample (`case`), or a single message."""

    messages: list[Outgoing]
    file: Path | None = None
    case: Case | None = None
    digest: str = field(default="")


def read(reach: Reach, function: str, given: str) -> Given:
    """Read a message, `-`, a file of JSON lines, or a sample. Raises Ended, also where the schema refuses one."""
    made = reach.function(function)
    if given == "-":
        return Given([_checked(reach, made, standard_input(), "standard input")])
    if given.lstrip().startswith(("{", "[")):
        return Given([_checked(reach, made, given, "the message")])
    if not given.strip():
        raise misused("the message is empty: give JSON, a file, or -")
    path = Path(given)
    if not path.exists():
        raise misused(f"{given}: there is no such file; a message begins with a brace")
    text = text_of(path)
    if path.suffix == ".json":
        return _sample(reach, made, path) if '"sample"' in text else Given([_checked(reach, made, text, given)])
    return Given(_lines(reach, made, path, text), file=path, digest=hashlib.sha256(text.encode()).hexdigest())


def _lines(reach: Reach, made: Function[Any, Any], path: Path, text: str) -> list[Outgoing]:
    """Every line as a message; the first that can't be used are told, and nothing is sent."""
    messages, wrong = list[Outgoing](), list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            messages.append(outgoing(reach, made, line, identity=f"{number}:{line}"))
        except Invalid as error:
            wrong.append(f"line {number}: {error}")
    if wrong:
        more = f"; and {len(wrong) - _MOST_TOLD} more" if len(wrong) > _MOST_TOLD else ""
        raise wanting(f"{path}: nothing is sent: {'; '.join(wrong[:_MOST_TOLD])}{more}")
    if not messages:
        raise wanting(f"{path}: no line in it")
    return messages


def _checked(reach: Reach, made: Function[Any, Any], text: str, where: str) -> Outgoing:
    try:
        return outgoing(reach, made, text.strip())
    except Invalid as error:
        raise wanting(f"{where}: {made.name} would not take it: {error}") from None


def outgoing(reach: Reach, made: Function[Any, Any], text: str, identity: str = "") -> Outgoing:
    """The message in an envelope with an id, checked as the function would. Raises Invalid."""
    if open_body(text).identity is None:
        parse(made.model, Delivery("unsent", text))  # what is wrong is told of the message as it was given
        text = json.dumps(_envelope(made.name, json.loads(text.removeprefix("\ufeff")), identity), ensure_ascii=False)
    parsed = parse(made.model, Delivery("unsent", text))
    message = QueueMessage(text)
    largest: int = reach.entries[made.name]["queue"].get("max_message_size", 262_144)
    if message.size > largest:
        raise Invalid(f"{message.size} bytes; its queue takes {largest}")
    return Outgoing(message, parsed.key, reach.keys.key(made.namespace, parsed.key))


def source() -> str:
    """What sends here, as envelopes have it."""
    return f"/ops/{user()}"


def _envelope(function: str, data: Mapping[str, Any], identity: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid5(_IDS, identity) if identity else uuid.uuid4()),
        "source": source(),
        "type": f"yandex.aistudio.functions.{function}",
        "datacontenttype": "application/json",
        "data": data,
    }


def _sample(reach: Reach, made: Function[Any, Any], path: Path) -> Given:
    """A sample's messages as they are: some of them are there to be refused."""
    try:
        case = load(path).redated(time.time(), reach.settings.hash_key.get_secret_value())
    except ValueError as error:
        raise misused(" ".join(str(error).split())) from None
    if case.function != made.name:
        raise misused(f"{path} is a sample of {case.function}")
    if case.sample.via == "invoke":
        raise misused(f"{path} goes straight to the function, by no queue: make samples ARGS={case.title}")
    messages = []
    for each, attributes in zip(case.messages, case.queue_attributes(), strict=True):
        pairs = {name: (value["DataType"], value["StringValue"]) for name, value in attributes.items()}
        message = QueueMessage(each["body"], pairs)
        try:
            key = parse(made.model, Delivery("unsent", each["body"])).key
        except Invalid:
            key = Key("unsent")
        known = key != "unsent"
        messages.append(Outgoing(message, key, reach.keys.key(made.namespace, key)) if known else Outgoing(message))
    return Given(messages, case=case)
