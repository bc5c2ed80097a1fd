"""Deliveries of one key in one batch: one of them stands for all."""

from collections.abc import Iterable, Sequence

from ledger.record import DEAD_LETTERED, Record
from worker.settle.context import Item
from worker.settle.repeatable_row import newer


def by_key(items: Iterable[Item], now: float) -> list[Item]:
    """One item a key and content, which stands for all of its deliveries and carries the subjects of all.

    Deletions of one key are one call whatever else they say; what must not repeat is told apart by content,
    so that a reused key is found out by the claim.
    """
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        groups.setdefault((item.row, item.body_hash), []).append(item)
    return [_merged(group, now) for group in groups.values()]


def apart(item: Item, row: Record, now: float) -> list[Item]:
    """The same, where some of the deliveries ended in the row's parking and others were sent since: both by themselves.

    Else a fresh message would share the end of an old one that comes back, only because that one is due earlier.
    """
    if row.state != DEAD_LETTERED:
        return [item]
    fresh = [part for part in item.parts if newer(part.delivery, row)]
    ended = [part for part in item.parts if not newer(part.delivery, row)]
    return [_merged(group, now) for group in (fresh, ended)] if fresh and ended else [item]


def _merged(group: Sequence[Item], now: float) -> Item:
    """The newest of those that are due, or else the one due first: nobody waits for another one's date."""
    newest = max(group, key=lambda item: (-max(item.not_before, now), item.delivery.number, item.delivery.sent_at))
    return newest.standing_for(group) if len(group) > 1 else newest
