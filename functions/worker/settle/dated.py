"""Dates more than 15 minutes ahead: they are put on the agenda before anything is settled. No queue waits for them."""

from collections.abc import Sequence
from functools import partial

from documents import TableUnavailable
from ledger.registration import Registration
from ledger.states import Crowded
from worker.settle.context import Invocation, Item, under_message_id
from worker.settle.effects import Ended, defect, unsettled
from worker.settle.hold_check import TOO_MANY


def register_dated(items: Sequence[Item], inv: Invocation) -> tuple[list[Item], list[Ended]]:
    """Register what has such a date, whatever else its record says; what goes on, and what is unsettled.

    Messages without a date are settled by the records as they are then: the registration that stands counts for them.
    """
    dated = [item for item in items if item.dated]
    going = [item for item in items if not item.dated]
    ended: list[Ended] = []
    for item, came in zip(dated, inv.run([partial(_register, item, inv) for item in dated]), strict=True):
        if isinstance(came, TableUnavailable):
            ended.append(unsettled(item, "ledger"))
        elif isinstance(came, Crowded):
            going.append(under_message_id(item, TOO_MANY, inv))
        elif isinstance(came, BaseException):
            ended.append(defect(item, came))
        else:
            going.append(item)
    return going, ended


def _register(item: Item, inv: Invocation) -> None:
    message = item.valid_message
    said = Registration(
        item.key,
        item.delivery.sent_at,
        inv.keys.digest(message.canonical()),
        subject=next(iter(item.subjects), None),
        delete_after=message.due,
        cascade=bool(message.cascades),
        reason=next(iter(message.asked), None),
    )
    if inv.function.registry is not None:
        inv.function.registry.schedule(said, inv.store, inv.keys, inv.clock.now())
