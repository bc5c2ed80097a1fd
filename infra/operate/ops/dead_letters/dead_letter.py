"""Read a dead letter as the queue gives it, and choose the dead letters that an operator means."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.local.cloud.trigger_event import platform_id
from worker.message_attributes import NAME, Signer, decoded, unverified
from worker.receive.trigger_event import Delivery, deliveries

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

NO_REASON = "none"
"""How a dead letter without a reason is called: the queue itself moved it, no function said why."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter. `at` is when it came here (epoch seconds); `said` is its attribute, not verified."""

    message: "MessageTypeDef"
    message_id: str
    at: float
    function: str
    reason: str
    detail: str
    said: Mapping[str, Any]
    body: str

    @classmethod
    def read(cls, message: "MessageTypeDef") -> "DeadLetter":
        """Read a message of the dead-letter queue, whoever sent it."""
        texts = {name: each.get("StringValue", "") for name, each in message.get("MessageAttributes", {}).items()}
        said = said_in(texts)
        return cls(
            message,
            delivered_id(message["MessageId"]),
            int(message["Attributes"]["SentTimestamp"]) / 1000,
            texts.get("function", ""),
            texts.get("reason", "") or NO_REASON,
            texts.get("detail", ""),
            said,
            _body(message["Body"], said),
        )

    @property
    def key(self) -> str:
        """The business id that it is about; empty where only its body could tell."""
        return str(self.said.get("key", ""))

    @property
    def redrive(self) -> int:
        """How often its key was redriven before."""
        number = self.said.get("redrive", 0)
        return number if isinstance(number, int) else 0

    @property
    def is_result(self) -> bool:
        """Whether it is no message to a function, but a result that its consumer never took."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return False
        kind = content.get("type") if isinstance(content, dict) else None
        return self.reason == NO_REASON and isinstance(kind, str) and kind.startswith("yandex.aistudio.")

    def delivery(self, signer: Signer) -> Delivery:
        """It as the function with this signer would take it."""
        attributes = {
            name: {"data_type": each["DataType"], "string_value": each.get("StringValue", "")}
            for name, each in self.message.get("MessageAttributes", {}).items()
        }
        message = {
            "message_id": self.message_id,
            "body": self.message["Body"],
            "attributes": dict(self.message["Attributes"]),
            "message_attributes": attributes,
        }
        return deliveries({"messages": [{"details": {"message": message}}]}, self.at, signer)[0]

    def told(self, *, body: bool = False) -> dict[str, Any]:
        """It as JSON has it; its content only where that was asked for."""
        shown = {
            "message_id": self.message_id,
            "function": self.function or None,
            "reason": self.reason,
            "detail": self.detail or None,
            "key": self.key or None,
            "at": self.at,
            "attempt": self.said.get("attempt"),
            "redrive": self.redrive,
        }
        return shown | ({"body": self.body} if body else {})


@dataclass(frozen=True, slots=True)
class Filter:
    """Which dead letters are meant: all that fit. `older` and `newer` are seconds since they came here."""

    reasons: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    key: str = ""
    older: float | None = None
    newer: float | None = None

    def takes(self, dead_letter: DeadLetter, now: float) -> bool:
        """Whether this dead letter is meant."""
        age = now - dead_letter.at
        return (
            (not self.reasons or dead_letter.reason in self.reasons)
            and (not self.functions or dead_letter.function in self.functions)
            and (not self.key or self.key in (dead_letter.key, dead_letter.message_id))
            and (self.older is None or age >= self.older)
            and (self.newer is None or age <= self.newer)
        )


def delivered_id(message_id: str) -> str:
    """The id under which functions know a message; the local queue server has other ids than its trigger delivers."""
    return platform_id(message_id) if _UUID.fullmatch(message_id) else message_id


def said_in(attributes: Mapping[str, str]) -> Mapping[str, Any]:
    """What a message's attribute says of its earlier deliveries, not verified: whoever may send to a queue can write it."""
    try:
        said = unverified(attributes.get(NAME, ""))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _body(sent: str, said: Mapping[str, Any]) -> str:
    try:
        return decoded(sent) if said.get("encoding") == "base64" else sent
    except ValueError:
        return sent
