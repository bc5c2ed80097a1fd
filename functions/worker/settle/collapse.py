"""Collapse a key's deliveries in a batch, if their record means one step for all: one delivery stands for all."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from worker.settle.context import Item


def by_content(items: Iterable[Item]) -> list[Item]:
    """One item a key and content: that a key is reused is found out by its claim."""
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        groups.setdefault((item.record_key, item.body_hash), []).append(item)
    return [stand_for(group) for group in groups.values()]


def stand_for(group: Sequence[Item]) -> Item:
    """Return the item that shares its end with all of these, under their highest numbers and the most attempts.

    It is the one whose reason is the strongest, or else that can be called first, or else the newest. Before that, one
    whose date the agenda keeps stands only for its like. A hold on the subject of any holds them all.
    """
    if len(group) == 1:
        return group[0]
    chosen = max(group, key=lambda item: (not item.dated, len(item.asked), -item.delivery.not_before, *_newest(item)))
    highest = max(group, key=_newest)
    same = [item.delivery for item in group if item.delivery.redrive == highest.delivery.redrive]
    return replace(
        chosen,
        delivery=replace(
            chosen.delivery,
            redrive=highest.delivery.redrive,
            copy=highest.delivery.copy,
            attempt=max(each.attempt for each in same),
            force=any(each.force for each in same),
            not_before=min(item.delivery.not_before for item in group),
        ),
        subjects=frozenset().union(*(item.subjects for item in group)),
        asked=frozenset().union(*(item.asked for item in group)),
        cascades=frozenset().union(*(item.cascades for item in group)),
        parts=tuple(part for item in group for part in (item.parts or (item,))),
    )


def _newest(item: Item) -> tuple[int, int, int]:
    return (*item.delivery.number, item.delivery.sent_at)
