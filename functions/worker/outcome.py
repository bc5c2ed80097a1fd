"""How a call ends, and how a delivery does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from aistudio import Absent, APIError, Response, Trace
from ledger import RecordKey, Write


@dataclass(frozen=True, slots=True)
class Send:
    """A message to another function's queue.

    `id` is the same however often it is sent, so a repeat is harmless. In an outcome it is a word such as "poll":
    settling puts the record's key before it, and the delivery's numbers behind; where it is to be done `once`, its
    redrive alone, whichever delivery sends it.
    """

    function: str
    id: str
    data: Mapping[str, Any]
    once: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """When a message comes back whose call was made and whose work is not finished.

    It waits `seconds`, twice as long each time, and at most `longest`. `counted`: each time counts against the
    budget of attempts; else it comes back until `last` (epoch seconds), or until its greatest age where `last` is
    None. `reason` and `detail` are those of its dead letter then; neither holds content.
    """

    seconds: float
    reason: str
    longest: float = 900
    counted: bool = False
    last: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known at the end of a call: the state that the ledger keeps, and what goes to the results queue.

    `result` is JSON that may hold bytes, which are sent as base64. `bulky` names the fields of it that may be left out,
    in this order, where it is too large to be sent. `status` is what the API calls the end of a response, `model` the
    model that answered. `sends` go out before the outcome is written; `writes` are written in its transaction.

    `registers` makes writes of its transaction out of records as they are then, after a call that must not repeat.
    Where they are refused they are made again; at last the outcome is written without them. It raises TableUnavailable.
    `noted` is what its receipt says beside that, `held_by` the record whose hold keeps a response. `ended_by` is what
    ended a call early that has a result all the same: the batch heeds it as it heeds a call that failed.

    With `later` it is no end: `sends` and `result` go out, `writes` are written, and the message comes back.
    """

    state: str
    trace: Trace
    result: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] | None = None
    bulky: tuple[str, ...] = ()
    status: str | None = None
    sends: tuple[Send, ...] = ()
    writes: tuple[Write, ...] = ()
    registers: Callable[[], tuple[Write, ...]] = tuple
    model: str | None = None
    later: Later | None = None
    held_by: RecordKey | None = None
    noted: Mapping[str, int] = field(default_factory=dict)
    ended_by: APIError | None = None

    @classmethod
    def of(cls, response: Response | Absent) -> Self:
        """Make the outcome of a call that gave a response, whatever its status, or the word that there is none."""
        if isinstance(response, Absent):
            return cls("done", response.trace, {"status": "absent"}, status="absent")
        bulky = ("response", "text")
        trace, usage, status = response.trace, response.usage, response.status
        return cls("done", trace, response.told, usage, bulky, status, model=response.model)


class End(StrEnum):
    """The ways in which a delivery can end (README.md, "How a message ends")."""

    DONE = "done"
    RETRY = "retry"
    DEFERRED = "deferred"
    DEAD_LETTERED = "dead_lettered"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a delivery ended, for its log line and for the batch.

    `outcome` says what was found or done, for which reason it was sent again or dead-lettered, or what failed;
    `status` and `model` are the response's. Nothing here holds content.
    """

    end: End
    outcome: str | None = None
    detail: str | None = None
    trace: Trace | None = None
    usage: Mapping[str, Any] | None = None
    status: str | None = None
    model: str | None = None


class Unsettled(Exception):
    """Some messages could not be settled: the whole batch returns, and what was settled is then a no-op."""
