"""How a call, and how a delivery ends."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aistudio import Deletion, Existence, Trace
from ledger.record import ALREADY_ABSENT, DELETED, DONE, HELD

if TYPE_CHECKING:
    # Its module needs a WebSocket library, which only realtime functions load.
    from aistudio.realtime import RealtimeResult


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known at the end of a call: the state that the ledger keeps, and what goes to the results queue.

    ``bulky`` names the fields of ``result`` that may be left out, in this order, where it is too large to be sent.
    """

    state: str
    trace: Trace
    result: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] | None = None
    bulky: tuple[str, ...] = ()

    @classmethod
    def from_deletion(cls, deletion: Deletion) -> "Outcome":
        """``deleted``, or ``already_absent`` where the API answered 404 (which does not say who deleted it)."""
        return cls(ALREADY_ABSENT if deletion.absent else DELETED, deletion.trace)

    @classmethod
    def from_look(cls, existence: Existence) -> "Outcome":
        """``held`` where something under a hold is still there, else ``already_absent``."""
        return cls(HELD if existence.exists else ALREADY_ABSENT, existence.trace)

    @classmethod
    def from_realtime(cls, result: "RealtimeResult") -> "Outcome":
        """``done`` with the response and its text in one field, or ``accepted`` where the API said no more."""
        told: dict[str, Any] = {"text": result.text, "transcript": result.transcript, "usage": result.usage}
        if result.audio:
            told["audio"] = base64.b64encode(result.audio).decode()
        if result.audio_damaged:
            told["audio_damaged"] = True  # some of it was no base64, and is missing
        data = dict(result.response or {}) | {name: value for name, value in told.items() if value is not None}
        if result.accepted:
            return cls("accepted", result.trace, {"status": "accepted"} | data)
        return cls(DONE, result.trace, data, result.usage, bulky=("audio", "output", "text"))


class End(StrEnum):
    """The ways in which a delivery can end (README.md, "How a message ends")."""

    DONE = "done"
    RETRY = "retry"
    DEFERRED = "deferred"
    DEAD_LETTERED = "dead_lettered"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one delivery ended, for the log line and the batch's verdict. ``outcome`` is content-free."""

    end: End
    outcome: str | None = None
    detail: str | None = None
    trace: Trace | None = None
    usage: Mapping[str, Any] | None = None


class Unsettled(Exception):
    """Some messages could not be settled: the whole batch returns, and what was settled is then a no-op."""
