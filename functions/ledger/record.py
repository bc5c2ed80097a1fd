"""One row of the ledger: what is known of one key.

The words: a **key** is a business id, hashed. **attempt** counts its calls, **seq** its copies of any kind and
**redrive** how often an operator sent a dead letter back; the **mark** is the highest (redrive, seq) whose copy a queue
confirmed, and what is below it is superseded. A **claim** says that its **owner**, one delivery, may be calling until
``lease_until``. A **fact** is what is known for good; ``held`` and ``parked`` end a message, not its key.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from documents.budget import Budget
from documents.store import Store

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

OPEN, CLAIMED, HELD, DEAD_LETTERED = "open", "claimed", "held", "dead_lettered"
DONE, DELETED, ALREADY_ABSENT = "done", "deleted", "already_absent"
FINAL_STATES = frozenset({DONE, DELETED, ALREADY_ABSENT})
"""States that are written once and never change."""

PENDING, SENT = "pending", "sent"

OUTCOME_UNKNOWN = "outcome_unknown"
"""The reason of a parking whose call may have happened: it needs force."""

QUEUE_RETENTION = 14 * 86_400
"""Seconds: the longest that a queue keeps a message, so the longest that an open row's mark can stand for a copy."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row as read, with the values of an absent one as defaults. Times are epoch seconds, ``sent_at`` milliseconds.

    ``redrive`` and ``seq`` are the mark: the highest confirmed copy. ``reason`` says why a row is parked or what it
    last met; on a receipt, why the deletion was asked for. ``subjects`` are the people that its
    messages so far were about. ``rest`` holds what only people read: request ids, times.
    """

    key: str
    state: str | None = None
    redrive: int = 0
    seq: int = 0
    attempt: int = 0
    owner: str | None = None
    lease_until: float = 0
    reason: str | None = None
    dlq: str | None = None
    sent_at: int = 0
    body_hash: str | None = None
    next_at: float = 0
    due: float = 0
    expires_at: float | None = None
    hold: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        """Build a row from a deserialised item; attributes that it does not know go to ``rest``."""
        plain = {name: _plain(value) for name, value in item.items()}
        known = {name: plain.pop(name) for name in cls.__slots__ if name != "rest" and name in plain}
        for name in known.keys() & {"hold", "subjects"}:
            known[name] = frozenset(known[name])
        return cls(**known, rest=plain)

    @property
    def watermark(self) -> tuple[int, int]:
        """The highest (redrive, seq) whose copy is confirmed."""
        return (self.redrive, self.seq)

    def lapsed(self, now: float) -> bool:
        """Whether the row has passed its expiry, which the table's own deletion follows only days later."""
        return self.expires_at is not None and self.expires_at < now


class Ledger(Store[Record]):
    """The ledger's table, read as records; see ``documents.Store``."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        sleep: Callable[[float], None] = time.sleep,
        budget: Budget | None = None,
    ) -> None:
        super().__init__(client, table, Record.read, sleep, budget)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
