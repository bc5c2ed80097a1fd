"""What one invocation works with, and the items of its batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Self

from documents.time_budget import LONGEST_REQUEST, AtOnce
from ledger import Key, Keys, Ledger, Record, RecordKey, Standing
from ledger.claims import KEPT
from worker.clock import Clock, Deadline
from worker.outcome import Send
from worker.receive.envelope import Cause
from worker.receive.message import Message
from worker.receive.trigger_event import Delivery
from worker.send.elsewhere import Elsewhere
from worker.send.queue import Queue
from worker.send.queue_message import Carrier
from worker.send.results import Results
from worker.settings import Settings
from worker.settle.breakers import BatchBreaker, DeploymentBreaker
from worker.settle.concurrency import Window
from worker.settle.function import Function
from worker.settle.retry_policy import Limits


@dataclass(frozen=True, slots=True)
class Invocation:
    """Everything that settling one batch needs; made by the composition root, or by a test.

    `breaker` and `window` live as long as the instance, `batch` as long as the batch. `took` collects how many seconds
    each record's last call took.
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
    run: AtOnce
    random: Random
    new_id: Callable[[], str]
    settings: Settings
    breaker: DeploymentBreaker = field(default_factory=DeploymentBreaker)
    elsewhere: Elsewhere | None = None
    window: Window = field(default_factory=lambda: Window(1))
    batch: BatchBreaker = field(default_factory=BatchBreaker)
    took: dict[str, float] = field(default_factory=dict)

    def sent_elsewhere(self, item: "Item", sends: Sequence[Send]) -> bool:
        """Send these messages to other functions; whether all are confirmed.

        Their ids are the same for the same delivery, and others for a later retry message or redrive of it.
        """
        redrive, copy = item.delivery.redrive, item.delivery.copy
        named = [
            replace(send, id=f"{item.record_key}#{send.id}#{redrive}" + ("" if send.once else f"#{copy}"))
            for send in sends
        ]
        return not named or (self.elsewhere is not None and all(self.elsewhere.send(named, item.as_cause)))

    @property
    def limits(self) -> Limits:
        """Where trying again ends."""
        return Limits(self.settings.max_attempts, self.settings.max_age)

    @property
    def noting(self) -> int:
        """Requests that a message which is sent leaves time for: the one that notes it on its record.

        An invocation that is too short for both takes its chance.
        """
        return 1 if self.deadline.ends - self.deadline.calls_end >= 2 * LONGEST_REQUEST else 0


@dataclass(frozen=True, slots=True)
class Item:
    """One delivery, or several of one key that share their end: then `delivery` is the one that stands for them.

    `flaw` is set where the message can't be used: it is then dead-lettered under its message id. `owner` is new for
    each item, so that no two deliveries ever hold the same claim; `body_hash` is empty where content does not count;
    `kept` is a Standing's. `dated`: its message has a date so far ahead that the agenda keeps it. `begins`: it goes on
    as the first of a chain of retry messages. `retried_fit`: its record has room to keep what is retried with it.
    """

    record_key: RecordKey
    key: Key
    owner: str
    delivery: Delivery
    message: Message | None = None
    flaw: tuple[str, str] | None = None
    body_hash: str = ""
    subjects: frozenset[RecordKey] = frozenset()
    asked: frozenset[str] = frozenset()
    cascades: frozenset[str] = frozenset()
    kept: float | None = None
    dated: bool = False
    begins: bool = True
    retried_fit: bool = True
    parts: "tuple[Item, ...]" = ()
    identity: str | None = None
    cause: Cause | None = None
    traceparent: str | None = None

    @property
    def told_as(self) -> tuple[RecordKey, Key]:
        """The keys that its results name: those of the message that it followed from, where it has none of its own."""
        if self.cause is None or self.cause.record_key is None:
            return self.record_key, self.key
        return self.cause.record_key, self.cause.key

    @property
    def as_cause(self) -> Cause | None:
        """What messages to other functions say that they follow from."""
        record_key, key = self.told_as
        return Cause(self.identity, key, record_key) if self.identity else None

    @property
    def valid_message(self) -> Message:
        """The message to call with. Raises ValueError for what was found unusable: that is never called with."""
        if self.message is None:
            raise ValueError("an unusable message has no call")
        return self.message

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """All that share its end."""
        return tuple(part.delivery for part in self.parts) or (self.delivery,)

    def standing(self, retried: int = 0) -> Standing:
        """Where it stands on its record; with `retried=1`, where its retry message does.

        That one stands for the messages that began the chains: where these come back, they end without a call.
        """
        every = self.deliveries
        chains = (self.parts or (self,)) if retried and self.retried_fit else ()
        return Standing(
            key=self.record_key,
            redrive=self.delivery.redrive,
            copy=self.delivery.copy + retried,
            messages=frozenset(name for each in every for name in (each.message_id, each.origin)),
            subjects=frozenset(self.subjects),
            asked=self.asked,
            cascades=self.cascades,
            retried=frozenset(each.delivery.message_id if each.begins else each.delivery.origin for each in chains),
            sent_at=max(each.sent_at for each in every),
            first_seen=self.delivery.first_seen,
            kept=self.kept,
        )

    def renumbered(self, number: tuple[int, int]) -> Self:
        """Return the item under this number (redrive, copy) of its key, whatever its own: there it begins a chain."""
        redrive, copy = number
        return replace(self, delivery=replace(self.delivery, redrive=redrive, copy=copy), begins=True)

    def taking_over(self, record: Record) -> Self:
        """Return the item in place of the newest retry message, with its attempts and age: else it would never end."""
        attempt, seen = max(self.delivery.attempt, record.attempt), self.delivery.first_seen
        delivery = replace(self.delivery, attempt=attempt, first_seen=min(seen, record.first_seen or seen))
        return replace(self, delivery=delivery).renumbered(record.watermark)


def under_message_id(item: Item, flaw: tuple[str, str], inv: Invocation) -> Item:
    """Return the item as a message that can't be used: it is dead-lettered under its message id, not its key."""
    name = item.delivery.origin
    record_key = inv.keys.key(f"{inv.function.name}:message", name)
    return replace(
        item,
        key=Key(name),
        record_key=record_key,
        flaw=flaw,
        body_hash="",
        subjects=frozenset(),
        asked=frozenset(),
        cascades=frozenset(),
        dated=False,
        kept=KEPT,
    )
