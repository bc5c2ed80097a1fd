"""The sample events under `events/<function>/<case>.json`: what is in a file, and what its `sample` says.

A file is a whole trigger event, which a handler takes as it is. Its further key `sample` says what has to be so
before, and how each message must end; handlers ignore it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.local.processes.surroundings import ROOT
from infra.local.samples.attributes import for_queue
from infra.local.samples.dates import Sign, md5_of_body, redated
from infra.local.samples.model import Sample
from worker.message_attributes import NAME, Signer, unverified

EVENTS = ROOT / "events"

Attributes = dict[str, Any]
"""Message attributes as SendMessage takes them."""


@dataclass(frozen=True)
class Case:
    """One file: its function, its name, the event as a function gets it, and the sample."""

    function: str
    name: str
    event: dict[str, Any]
    sample: Sample

    @property
    def title(self) -> str:
        """How people refer to it."""
        return f"{self.function}/{self.name}"

    @property
    def messages(self) -> list[Mapping[str, Any]]:
        """The messages inside the event, in order."""
        return [entry["details"]["message"] for entry in self.event["messages"]]

    def queue_attributes(self) -> list[Attributes]:
        """Each message's attributes as SendMessage takes them; snake case or camel case in the file."""
        return [for_queue(message.get("message_attributes") or {}) for message in self.messages]

    def numbers(self, index: int) -> tuple[int, int]:
        """The attempt and the copy number with which a message starts; a producer's has none."""
        said = unverified(self.queue_attributes()[index].get(NAME, {}).get("StringValue", "{}"))
        return said.get("attempt", 0), said.get("copy", 0)

    def redated(self, now: float, hash_key: str = "") -> "Case":
        """The same as if it had arrived at `now` (epoch seconds), signed as a function with this `HASH_KEY` signs.

        Without a key the attribute `settlement` stays unsigned, and means nothing to a function.
        """
        sign: Sign = Signer(hash_key, self.function).sign if hash_key else lambda said, _: json.dumps(said)
        return replace(self, event=redated(self.event, now, sign))


def load(path: Path) -> Case:
    """Read one file. Raises ValueError, naming the file, where it is no sample."""
    try:
        event = json.loads(path.read_text(encoding="utf-8"))
        case = Case(path.parent.name, path.stem, event, Sample.model_validate(event["sample"]))
        messages = case.messages
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    except (LookupError, TypeError) as error:
        raise ValueError(f"{path}: it is no trigger event with a sample") from error
    if len(case.sample.ends) != len(messages):
        raise ValueError(f"{path}: {len(messages)} messages, but {len(case.sample.ends)} ends")
    if case.sample.pad_to is not None:
        for message in event["messages"]:
            inner = message["details"]["message"]
            inner["body"] += " " * (case.sample.pad_to - len(inner["body"].encode()))
            inner["md5_of_body"] = md5_of_body(inner["body"])
    return case


def cases(folder: Path = EVENTS) -> list[Case]:
    """All samples, by function and name."""
    return [load(path) for path in sorted(folder.glob("*/*.json"))]
