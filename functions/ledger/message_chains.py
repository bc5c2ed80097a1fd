"""Where a key's chain of messages stands: its watermark, its dead letters. Calls of both kinds write these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger import conditions as when
from ledger.agenda import DEAD_LETTERED_FOR, text_of
from ledger.keys import Key, RecordKey
from ledger.record import Record, Write
from ledger.states import DEAD_LETTERED, OPEN, PENDING, SENT


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a delivery stands among those of its key.

    `redrive` and `copy` order it. `messages` are the ids that its end answers. Where it is the standing of a confirmed
    retry message, `retried` are the ids of the messages that it stands for. `sent_at` is when the last of its messages
    was sent first (ms), `first_seen` when its chain began (epoch seconds). `kept` is how many seconds its record lives
    (None: for ever). Of a deletion, `response_id` is the raw id, and `held_by` the record whose hold keeps the
    response.
    """

    key: RecordKey
    redrive: int
    copy: int
    messages: frozenset[str]
    subjects: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    cascades: frozenset[str] = frozenset()
    retried: frozenset[str] = frozenset()
    sent_at: int = 0
    first_seen: float = 0
    kept: float | None = None
    response_id: Key | None = None
    held_by: RecordKey | None = None

    def sets(self, now: float) -> dict[str, Any]:
        """Return the attributes that say so, as they stand at `now`."""
        said: dict[str, Any] = {
            "redrive": self.redrive,
            "copy": self.copy,
            "marked_at": now,
            "first_seen": self.first_seen,
        }
        return said | self.expiry(now)

    def expiry(self, now: float) -> dict[str, Any]:
        """When the record may go, where it may."""
        return {} if self.kept is None else {"expires_at": int(now + self.kept)}

    @property
    def adds(self) -> Mapping[str, set[str]]:
        """What its record keeps: the persons concerned, why it and what continues it are asked for, and the retried."""
        given = {"subjects": self.subjects, "asked": self.asked, "cascades": self.cascades}
        given |= {"retried": frozenset(f"{self.redrive}:{name}" for name in self.retried)}
        return {name: set(values) for name, values in given.items() if values}

    def compared(self, now: float) -> Mapping[str, Any]:
        """Return what the conditions of its writes compare with."""
        return when.given(redrive=self.redrive, copy=self.copy, sent_at=self.sent_at, now=now)


def noted(standing: Standing, record: Record, now: float) -> Write:
    """Keep the persons that a delivery concerns, before its retry message is sent.

    It has no condition: where it is not confirmed, the ledger can't be written, and nothing may be sent again.
    """
    # A record that has lapsed must not be given a new life.
    expiry = standing.expiry(now) if record.state is None else {}
    return Write(standing.key, sets={"noted_at": now, **expiry}, adds=standing.adds)


def concerning(standing: Standing) -> Write:
    """Keep the persons that a delivery concerns, and why it is asked for: both count for later messages of its key.

    A delivery may end without a call since a newer retry message lives. That needs no condition here: its record kept
    what that message asks for before it was sent (`noted`).
    """
    return Write(standing.key, sets={}, adds=standing.adds)


def retried(standing: Standing) -> Write:
    """Keep what a confirmed retry message stands for, where another retry message is as high (best effort)."""
    return Write(standing.key, sets={}, adds=standing.adds, condition=when.GOES_ON, given=when.given())


def watermark(standing: Standing, now: float, audit: Mapping[str, Any]) -> Write:
    """Raise the watermark to a confirmed retry message, whose number `standing` has (best effort)."""
    return Write(
        standing.key,
        sets={**audit, "state": OPEN, **standing.sets(now)},
        adds=standing.adds,
        removes=("dlq", "owner", "detail", "messages"),
        condition=when.any_of(when.FREE, when.LAPSED, when.OPEN_BELOW, when.ENDED_BEFORE, when.ABSENT_BEFORE),
        given=standing.compared(now),
    )


def dead_lettered(
    standing: Standing, record: Record, owner: str, reason: str, now: float, audit: Mapping[str, Any]
) -> Write:
    """Write an end whose dead letter is still to be sent; never over a final outcome, nor over a newer message's end.

    What is on the agenda comes due again in a week.
    """
    again = {} if record.due_shard is None else {"due_at": text_of(now + DEAD_LETTERED_FOR)}
    free = when.any_of(open_to(standing), when.WAITS)
    return Write(
        standing.key,
        sets={
            **audit,
            "state": DEAD_LETTERED,
            **standing.sets(now),
            "owner": owner,
            "messages": set(standing.messages),
            "reason": reason,
            "dlq": PENDING,
            "dead_lettered_at": now,
            **again,
        },
        removes=("retried",),
        adds=standing.adds,
        condition=when.all_of(free, when.ON_AGENDA) if again else free,
        given=standing.compared(now),
    )


def dead_letter_sent(key: RecordKey, owner: str | None, messages: frozenset[str]) -> Write:
    """Note that the dead letter of this owner's end is confirmed, and for which messages (best effort)."""
    return Write(
        key,
        sets={"dlq": SENT},
        adds={"messages": set(messages)},
        condition=when.DEAD_LETTERED_BY,
        given=when.given(owner=owner),
    )


def open_to(standing: Standing) -> str:
    """Return the condition that a delivery may end its key for now: no newer delivery has, and none is under way."""
    return when.any_of(
        when.FREE,
        *((when.LAPSED,) if standing.kept is not None else ()),
        when.OPEN_TO_ME,
        when.ENDED_BEFORE,
        when.ABSENT_BEFORE,
    )
