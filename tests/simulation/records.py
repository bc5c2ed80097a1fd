"""Reading the ledger's items and the attributes of messages, in the words of the code that wrote them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ledger.states import ALREADY_ABSENT, CLAIMED, DEAD_LETTERED, FINAL_STATES, HELD, OPEN
from worker.message_attributes import NAME, unverified

__all__ = [
    "ALREADY_ABSENT",
    "CLAIMED",
    "DEAD_LETTERED",
    "FINAL_STATES",
    "HELD",
    "NAME",
    "OPEN",
]

Item = Mapping[str, Any]
Attributes = Mapping[str, tuple[str, str]]


class Numbers(NamedTuple):
    """What orders a key's messages, and the calls that count against the budget."""

    redrive: int = 0
    copy: int = 0
    attempt: int = 0


def state_of(item: Item) -> str | None:
    """The record's state, None where nobody has dealt with the key."""
    state: str | None = item.get("state", {}).get("S")
    return state


def number(item: Item, name: str) -> float:
    """A number of the record, 0 where it is not there."""
    return float(item.get(name, {"N": "0"})["N"])


def watermark(item: Item) -> tuple[int, int]:
    """The highest (redrive, copy number) that the record knows to be confirmed."""
    return (int(number(item, "redrive")), int(number(item, "copy")))


def numbers_of(attributes: Attributes) -> Numbers:
    """The numbers that a message of ours carries."""
    said = unverified(attributes[NAME][1]) if NAME in attributes else {}
    return Numbers(*(said.get(name, 0) for name in ("redrive", "copy", "attempt")))


def asked_at(attributes: Attributes) -> int:
    """When the first message of its chain was sent, in milliseconds; 0 where the attributes do not say it."""
    said = unverified(attributes[NAME][1]) if NAME in attributes else {}
    time: int = said.get("sent_at", 0)
    return time


def origin_of(attributes: Attributes) -> str:
    """The first message of its chain, as a message of ours names it."""
    said = unverified(attributes[NAME][1]) if NAME in attributes else {}
    return str(said.get("origin", ""))


def retried(item: Item) -> Sequence[str]:
    """The messages that a confirmed retry message of the redrive that stands stands for."""
    names: Sequence[str] = item.get("retried", {"SS": ()})["SS"]
    redrive = f"{watermark(item)[0]}:"
    return [name.removeprefix(redrive) for name in names if name.startswith(redrive)]


def reason_of(attributes: Attributes) -> str:
    """Why a message is a dead letter; empty where the queue's own policy moved it."""
    return attributes.get("reason", ("", ""))[1]
