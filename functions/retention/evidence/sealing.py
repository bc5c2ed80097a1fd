"""Sealing: each day that is over, once, chained to the day before. Killed anywhere, it goes on where it stopped.

The objects come first, then the ledger's `seal#<day>`, which names the winner where two seal at once. What is written
of a day after it was sealed goes into the next day's seal, marked late.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

import rfc8785

from documents import TableUnavailable, Written
from ledger import Ledger, Record, RecordKey, Write
from ledger.sealable import SETTLED, SHARDS, part_of
from retention.evidence.merkle import leaf_hash, root_of
from retention.evidence.seal_records import FIRST, Sealed, first_day, key_of_day, last_sealed
from retention.evidence.seals import Line, Seal, lines_of, name_of

OVER_AFTER = 3_600
"""Seconds after its end from which a day counts as over: by then the index shows its last records."""

KEPT = 30 * 86_400
"""Seconds for which it is remembered how far the sealing of a day has come."""


class Vault(Protocol):
    """The bucket of the evidence. What was put there stays as it is."""

    def put(self, name: str, content: bytes) -> None:
        """Put an object there. Raises an error of its own where that is not confirmed."""

    def get(self, name: str) -> bytes:
        """Read an object. Raises an error of its own where that can't be done."""
        ...


@dataclass(frozen=True, slots=True)
class Tally:
    """What was done: days sealed, their lines, the late ones of them. `left` is 1 where a day that is over is left."""

    sealed: int = 0
    lines: int = 0
    late: int = 0
    published: int = 0
    left: int = 0


def seal_days(
    store: Ledger,
    vault: Vault,
    at: float,
    publish: Callable[[Sequence[Sealed]], Sequence[bool]],
    may_go_on: Callable[[], bool],
) -> Tally:
    """Seal every day that is over at `at` (epoch seconds) and not sealed yet, empty ones too, the earliest first.

    `publish` says of each seal whether it was published; one that was not is published next time.

    Raises TableUnavailable: the ledger could not be read or written.
    Raises ValueError: a seal, or an object of the day before, is not what it says. The bucket's errors go on as they
    are.
    """
    at = round(at, 3)  # as the ledger keeps it: a result that is sent again says the same
    end = datetime.fromtimestamp(at - OVER_AFTER, UTC).date() - timedelta(days=1)
    before, unpublished = last_sealed(store, end)
    day = before.date + timedelta(days=1) if before else first_day(store, end)
    lines = late = 0
    fresh: list[Sealed] = []
    while day <= end and may_go_on():
        made = _sealed(day, before, store, vault, at, may_go_on)
        if made is None:
            break
        before, day, late = made[0], day + timedelta(days=1), late + made[1]
        lines += sum(before.seal.counts)
        fresh.append(before)
    told = [*unpublished, *fresh]
    sent = publish(told) if told else ()
    for sealed, confirmed in zip(told, sent, strict=True):
        if confirmed:
            store.write(Write(key_of_day(sealed.seal.day), sets={"published": True}))
    return Tally(len(fresh), lines, late, sum(sent), int(day <= end))


def _sealed(
    day: date, before: Sealed | None, store: Ledger, vault: Vault, at: float, may_go_on: Callable[[], bool]
) -> tuple[Sealed, int] | None:
    """Seal one day, or find that it is sealed already, and say how many of its lines are late. None: out of time."""
    name, key = day.isoformat(), RecordKey(f"sealing#{day}")
    known = store.get(key).rest
    counts, roots, late = list[int](), list[str](), 0
    for shard in range(SHARDS):
        part = known.get(f"part_{shard:02d}")
        if part is None:
            lines = _lines(name, before, shard, store, vault, may_go_on)
            if lines is None:
                return None
            part = _kept(name, shard, lines, vault)
            store.write(Write(key, sets={f"part_{shard:02d}": part, "expires_at": int(at + KEPT)}))
        counts.append(int(part["count"]))
        roots.append(str(part["root"]))
        late += int(part["late"])
    seal = Seal(name, before.seal.head if before else "", tuple(counts), tuple(roots))
    vault.put(f"{name}/seal-{seal.head}.json", rfc8785.dumps(seal.document))
    sealed = Sealed(seal, at)
    if store.write(_seal(sealed, before)) is Written.YES:
        return sealed, late
    winner = Sealed.read(store.get(key_of_day(name)))
    if winner is None:
        raise TableUnavailable("a seal was not confirmed")
    return winner, late


def _kept(day: str, shard: int, lines: Sequence[Line], vault: Vault) -> dict[str, Any]:
    """Put the lines of a shard into the bucket, and say what they come to."""
    contents = [line.content for line in sorted(lines, key=lambda each: (each.key, each.content))]
    root = root_of([leaf_hash(each) for each in contents]).hex()
    if contents:
        vault.put(name_of(day, shard, root), b"".join(each + b"\n" for each in contents))
    return {"count": len(contents), "root": root, "late": sum(line.late for line in lines)}


def _lines(
    day: str, before: Sealed | None, shard: int, store: Ledger, vault: Vault, may_go_on: Callable[[], bool]
) -> list[Line] | None:
    """Return a shard's lines of the day, and those of the day before that its seal lacks; None where time is out."""
    lines: list[Line] = []
    for page in store.query(SETTLED, part_of(day, shard)):
        if not may_go_on():
            return None
        lines += [line_of(record, shard) for record in page]
    if before is None:
        return lines
    sealed = {json.loads(line)["key"] for line in lines_of(before.seal, shard, vault.get)}
    for page in store.query(SETTLED, part_of(before.seal.day, shard)):
        if not may_go_on():
            return None
        lines += [line_of(record, shard, late=before.seal.day) for record in page if record.key not in sealed]
    return lines


def line_of(record: Record, shard: int, late: str = "") -> Line:
    """Make the line of a record. One that can't be read is sealed as that: it stops neither its day nor the next."""
    said: dict[str, Any] = {"settled_at": record.rest.get("settled_at")} | ({"late": late} if late else {})
    told = {"receipt": record.receipt, "history": record.rest.get("history")}
    try:
        content = {name: _json(value) for name, value in told.items() if value} or {"unreadable": True}
        return Line.of(record.key, shard, said | content, late=bool(late))
    except (TypeError, rfc8785.CanonicalizationError):
        return Line.of(record.key, shard, said | {"unreadable": True}, late=bool(late))


def _json(value: Any) -> Any:
    """Return a value of the ledger as JSON: sets in order."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, dict):
        return {name: _json(inner) for name, inner in value.items()}
    return [_json(inner) for inner in value] if isinstance(value, list) else value


def _seal(sealed: Sealed, before: Sealed | None) -> Write:
    """Write the seal if the day has none and its predecessor is the one that was used; the first, if there is none."""
    day = sealed.seal.day
    if before is None:
        beside = Write(FIRST, {"day": day}, condition="attribute_not_exists(#day)")
    else:
        of = key_of_day(before.seal.day)
        given = {"head": before.seal.head}
        beside = Write(of, {"next": day}, condition="#head = :head AND attribute_not_exists(#next)", given=given)
    return Write(key_of_day(day), sealed.attributes, condition="attribute_not_exists(#head)", beside=(beside,))
