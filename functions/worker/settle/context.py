"""What one invocation works with, and the items of its batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Generic, Protocol, Self, TypeVar

from aistudio import API, APIError
from ledger import Keys, Ledger
from worker.clock import Clock, Deadline
from worker.outcome import Outcome
from worker.receive.event import Delivery
from worker.receive.message import M, Message
from worker.send.queue import Queue
from worker.send.queue_message import Carrier
from worker.send.results import Results
from worker.settings import Check
from worker.settle.retry_policy import Limits, stops_batch

C = TypeVar("C")
T = TypeVar("T")

Call = Callable[[M, C, float], Outcome]
"""One call of one endpoint: the message, the client, the seconds that it may take; raises APIError."""


@dataclass(frozen=True, slots=True)
class Function(Generic[M, C]):
    """One function: its message, its client, its call, and what may be done with that call."""

    name: str
    model: type[M]
    client: Callable[[API], C]
    call: Call[M, C]
    idempotent: bool
    result_type: str
    needs: float
    look: Call[M, C] | None
    check: Check | None


class Run(Protocol):
    """Carries out tasks side by side and gives back, in order, what each returned or raised."""

    def __call__(self, tasks: Sequence[Callable[[], T]], /) -> list[T | BaseException]:
        """Run all tasks to their end."""
        ...


@dataclass(slots=True)
class Gate:
    """Lets calls of a batch begin; closed for the rest of the batch by the first error that concerns them all."""

    closed_by: APIError | None = None
    opens_at: float = 0.0

    def report(self, error: APIError) -> None:
        """Close for errors after which the batch begins no further calls."""
        if stops_batch(error):
            self.closed_by = error


@dataclass(frozen=True, slots=True)
class Invocation:
    """Everything that settling one batch needs; made by the composition root, or by a test.

    ``took`` collects how many seconds each row's last call took.
    """

    function: Function[Any, Any]
    client: Any
    store: Ledger
    queue: Queue
    carrier: Carrier
    results: Results
    keys: Keys
    clock: Clock
    deadline: Deadline
    run: Run
    random: Random
    new_id: Callable[[], str]
    own_queue: str
    dead_letters: str
    limits: Limits
    lease_until: float
    hold_window: float
    gate: Gate = field(default_factory=Gate)
    took: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """One key of a batch: a delivery, which stands for all of its ``parts`` where several came of that key.

    ``row`` is its key in the ledger.

    ``flaw`` is set where the message can't be used: it is then parked under its message id. ``owner`` is new for
    each item, so that no two deliveries ever hold the same claim; ``body_hash`` is empty where content does not count.
    """

    row: str
    key: str
    owner: str
    delivery: Delivery
    message: Message | None = None
    flaw: tuple[str, str] | None = None
    body_hash: str = ""
    subjects: frozenset[str] = frozenset()
    parts: "tuple[Item, ...]" = ()
    event_id: str | None = None
    traceparent: str | None = None

    @property
    def valid_message(self) -> Message:
        """The message to call with. Raises ValueError for what was found unusable: that is never called with."""
        if self.message is None:
            raise ValueError("an unusable message has no call")
        return self.message

    @property
    def due(self) -> float:
        """The date that the message itself gives, in epoch seconds; 0 where it gives none."""
        return self.message.due if self.message else 0.0

    @property
    def not_before(self) -> float:
        """Epoch seconds before which nothing may be called: the producer's wish, or the last copy's wait."""
        return max(self.due, self.delivery.not_before)

    def age(self, now: float) -> float:
        """Seconds since the message was first seen, or since it was due if that came later."""
        return now - max(self.delivery.first_seen, self.due)

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """All that share its end."""
        return tuple(part.delivery for part in self.parts) or (self.delivery,)

    def standing_for(self, parts: "Sequence[Item]") -> Self:
        """This item, sharing its end with all of these, itself among them, under the highest numbers of all.

        A hold on any one's subject holds them all.
        """
        every = [part.delivery for part in parts]
        highest = max(every, key=lambda delivery: delivery.number)
        delivery = replace(
            self.delivery,
            redrive=highest.redrive,
            copy=highest.copy,
            attempt=max(each.attempt for each in every),
            force=highest.force,
        )
        subjects = self.subjects.union(*(part.subjects for part in parts))
        return replace(self, delivery=delivery, parts=tuple(parts), subjects=subjects)
