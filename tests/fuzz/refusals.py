"""What Message Queue refuses, which the local queue server takes."""

import re
from collections.abc import Iterable
from typing import Any

from tests.support.seam import Asked

_XML = re.compile("[\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
_NUMBER = re.compile(r"-?[0-9]{1,30}")
MAX_BYTES, MAX_ATTRIBUTES, MAX_DELAY, AT_ONCE = 262_144, 10, 900, 10


def refusals(requests: Iterable[Asked]) -> list[str]:
    """Why the queue would refuse any of these requests; empty where it takes them all."""
    return [
        f"{request.operation}: {problem}"
        for request in requests
        if request.operation == "SendMessageBatch"
        for problem in _problems(request.document["Entries"])
    ]


def _problems(entries: list[dict[str, Any]]) -> list[str]:
    sizes = [_size(entry) for entry in entries]
    told = [] if 1 <= len(entries) <= AT_ONCE else [f"{len(entries)} entries"]
    told += [] if sum(sizes) <= MAX_BYTES else [f"{sum(sizes)} bytes"]
    for entry in entries:
        given = entry.get("MessageAttributes", {})
        told += [] if entry["MessageBody"] and _XML.fullmatch(entry["MessageBody"]) else ["a body that is no XML text"]
        told += [] if len(given) <= MAX_ATTRIBUTES else [f"{len(given)} attributes"]
        told += [] if 0 <= entry.get("DelaySeconds", 0) <= MAX_DELAY else [f"a delay of {entry['DelaySeconds']} s"]
        for name, value in given.items():
            text, kind = value["StringValue"], value["DataType"]
            fits = text and (_NUMBER if kind == "Number" else _XML).fullmatch(text)
            told += [] if fits else [f"attribute {name} ({kind}): {text[:40]!r}"]
    return told


def _size(entry: dict[str, Any]) -> int:
    parts = [entry["MessageBody"]]
    for name, value in entry.get("MessageAttributes", {}).items():
        parts += [name, value["DataType"], value["StringValue"]]
    return sum(len(part.encode("utf-8", "surrogatepass")) for part in parts)
