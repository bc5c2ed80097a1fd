"""How a call, and how a delivery ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aistudio import Deletion, Existence, Trace
from ledger.row import ALREADY_ABSENT, DELETED, DONE, HELD


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known at the end of a call: the state that the ledger keeps, and what goes to the results queue."""

    state: str
    trace: Trace
    result: Mapping[str, Any] | None = None
    usage: Mapping[str, int] | None = None

    @classmethod
    def from_deletion(cls, deletion: Deletion) -> "Outcome":
        """``deleted``, or ``already_absent`` where the API answered 404 (which does not say who deleted it)."""
        return cls(ALREADY_ABSENT if deletion.absent else DELETED, deletion.trace)

    @classmethod
    def from_look(cls, existence: Existence) -> "Outcome":
        """``held`` where something under a hold is still there, else ``already_absent``."""
        return cls(HELD if existence.exists else ALREADY_ABSENT, existence.trace)

    @classmethod
    def done(cls, trace: Trace, result: Mapping[str, Any], usage: Mapping[str, int] | None = None) -> "Outcome":
        """A call that must not repeat has happened, with this result."""
        return cls(DONE, trace, result, usage)


class End(StrEnum):
    """The ways in which a delivery can end (design: how a message ends)."""

    DONE = "done"
    RETRY = "retry"
    DEFERRED = "deferred"
    PARKED = "parked"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one delivery ended, for the log line and the batch's verdict. ``outcome`` is content-free."""

    end: End
    outcome: str | None = None
    detail: str | None = None
    trace: Trace | None = None
    usage: Mapping[str, int] | None = None


class Unsettled(Exception):
    """Some messages could not be settled: the whole batch returns, and what was settled is then a no-op."""
