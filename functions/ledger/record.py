"""One record of the ledger: what is known of one key (words: functions/README.md, "Glossary").

`attempt` counts a key's calls, `copy` the retry messages of its chain, `redrive` the chains: each begins with a
redrive, or with a message that comes after an end. The **watermark** is the highest (redrive, copy) whose retry message
a queue confirmed. A **claim** says that its `owner`, one delivery, may be calling until `lease_until`. `held` and
`dead_lettered` end messages, not the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Self

from documents import Store, writes
from ledger.agenda import DELETE
from ledger.keys import RecordKey
from ledger.states import FINAL_STATES, UNREADABLE


@dataclass(frozen=True, slots=True)
class Write(writes.Write):
    """A write of the ledger's table: its key is a record's, so that a raw id is no key of it to mypy."""

    key: RecordKey
    beside: "tuple[Write, ...]" = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A record as read; the defaults are the values of an absent record. Times are epoch seconds, `…sent_at` ms.

    `redrive` and `copy` are the watermark, written at `marked_at`, of a chain that began at `first_seen`. `retried` are
    the messages that have a confirmed retry message, each as `<redrive>:<id>`; an end drops them. `messages` are the
    ids that the record's end answers. `absent_sent_at` is when the last message was sent that found nothing there.
    `receipt` is the first receipt, of `receipts`; `told` is what the last end's result says where it is not that.
    `reason` says why it is dead-lettered or what it last met; on a receipt, why the deletion was asked for. `subjects`
    are the people that its messages concerned; `asked` and `cascades` say why messages asked for its deletion without
    regard to its date, and for that of what continues it. `rest` is what people read.

    `response_id` is a raw id: of a claimed create, the response that it has begun; of a response's own record, there
    while something may have to be called. What follows it is the agenda, and the registration that stands
    (retention/registration_rules.py); `asked_at` is when it was first asked to go before its date; `erased_at` is a
    person's. Those times are texts as RFC 3339 has them.
    """

    key: RecordKey
    state: str | None = None
    redrive: int = 0
    copy: int = 0
    marked_at: float = 0
    first_seen: float = 0
    attempt: int = 0
    owner: str | None = None
    lease_until: float = 0
    reason: str | None = None
    dlq: str | None = None
    body_hash: str | None = None
    absent_sent_at: int = -1
    receipts: int = 0
    receipt: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    expires_at: float | None = None
    messages: frozenset[str] = frozenset()
    retried: frozenset[str] = frozenset()
    hold: frozenset[str] = frozenset()
    subjects: frozenset[RecordKey] = frozenset()
    response_id: str | None = None
    registered_sent_at: int = -1
    registered_hash: str | None = None
    registered_reason: str | None = None
    created_at: str | None = None
    subject: RecordKey | None = None
    delete_after: str | None = None
    asked: frozenset[str] = frozenset()
    cascades: frozenset[str] = frozenset()
    asked_at: str | None = None
    cascade: bool = False
    verify_after: float | None = None
    conversation: RecordKey | None = None
    held_by: RecordKey | None = None
    due_shard: str | None = None
    due_at: str | None = None
    due_for: str | None = None
    erased_at: str | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        """Build a record from a deserialised item; attributes that it does not know go to `rest`.

        Of an item that can't be understood it is a record in the state `unreadable`, under a hold: it opens nothing.
        """
        known, rest = _parted(item)
        return cls(RecordKey(str(item["key"])), **_UNREADABLE, rest=rest) if known is None else cls(**known, rest=rest)

    @property
    def watermark(self) -> tuple[int, int]:
        """The highest (redrive, copy) whose retry message is confirmed."""
        return (self.redrive, self.copy)

    def retried_in(self, redrive: int) -> frozenset[str]:
        """Return the ids of the messages that have a confirmed retry message of this redrive."""
        return frozenset(
            name for number, _, name in (each.partition(":") for each in self.retried) if number == f"{redrive}"
        )

    @property
    def over(self) -> bool:
        """Whether the outcome is final, and nothing that was registered since is to be deleted yet."""
        return self.state in FINAL_STATES and self.due_for != DELETE

    def lapsed(self, now: float) -> bool:
        """Return whether the record has passed its expiry, which the table's own deletion follows only days later."""
        return self.expires_at is not None and self.expires_at < now

    def after(self, write: Write) -> Self:
        """Return the record once this write of it is applied, but for what the write adds to sets or takes away."""
        known, written = _parted(write.sets)
        if known is None:
            return type(self)(self.key, **_UNREADABLE, rest=written)
        rest = {name: value for name, value in self.rest.items() if name not in write.removes}
        absent = {name: getattr(_ABSENT, name) for name in write.removes if name in _KINDS}
        return replace(self, **absent | known, rest={**rest, **written})


_ABSENT = Record(RecordKey(""))
_UNREADABLE: Mapping[str, Any] = {"state": UNREADABLE, "hold": frozenset({UNREADABLE})}


def _parted(item: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return the attributes that a record knows, None where they can't be understood, and the rest."""
    known: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in item.items():
        (known if name in _KINDS else rest)[name] = _plain(value)
    if not all(_fits(name, value) for name, value in known.items()):
        return None, rest
    return known | {name: frozenset(known[name]) for name in _SETS & known.keys()}, rest


def _fits(name: str, value: Any) -> bool:
    """Return whether an attribute is of its type; to Python, but not to the ledger, a boolean is a number as well."""
    return isinstance(value, _KINDS[name]) and isinstance(value, bool) == (_KINDS[name] is bool)


_SETS = frozenset(("messages", "retried", "hold", "subjects", "asked", "cascades"))

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("key", "state", "owner", "reason", "dlq", "body_hash"), str),
    **dict.fromkeys(("redrive", "copy", "marked_at", "first_seen", "attempt", "lease_until"), (int, float)),
    **dict.fromkeys(("absent_sent_at", "receipts", "expires_at", "registered_sent_at"), (int, float)),
    **dict.fromkeys(("receipt", "told"), Mapping),
    **dict.fromkeys(_SETS, (set, frozenset)),
    **dict.fromkeys(
        ("response_id", "registered_hash", "registered_reason", "created_at", "subject", "delete_after"), str
    ),
    **dict.fromkeys(("due_shard", "due_at", "due_for", "asked_at", "erased_at", "conversation", "held_by"), str),
    "cascade": bool,
    "verify_after": (int, float),
}
"""Of which type each attribute is."""


class Ledger(Store[RecordKey, Record]):
    """The ledger's table, read as records; see `documents.Store`."""

    _make = staticmethod(Record.read)


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int)):  # most are
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
