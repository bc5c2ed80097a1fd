"""One batch: from the trigger's event to settled messages, or an error that makes the whole batch return."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger

from worker.outcome import End, Settlement, Unsettled
from worker.receive.event import Delivery, deliveries
from worker.receive.message import Invalid, parse
from worker.settle import claimed, repeatable
from worker.settle.audit import subject_row, token_counts
from worker.settle.collapse import by_key
from worker.settle.context import Invocation, Item

INVALID, REUSED = "invalid_message", "key_reused"


def settle_batch(event: Mapping[str, Any], inv: Invocation, logger: Logger) -> dict[str, int]:
    """Settle every message of a trigger event and log a line for each; how many ended in which way.

    Raises:
        Unsettled: some could not be settled, after all that could be were.
        ValueError: the event is not a queue trigger's.
    """
    now = inv.clock.now()
    items = by_key([_item(delivery, inv) for delivery in deliveries(event, now, inv.carrier.signer)], now)
    usable = [item for item in items if item.flaw is None]
    flawed = [item for item in items if item.flaw is not None]
    if inv.function.idempotent:
        settled = repeatable.settle([*flawed, *usable], inv)
    else:
        settled, reused = claimed.settle(usable, inv)
        settled += repeatable.settle([*flawed, *(_reusing(item, inv) for item in reused)], inv)
    tally = dict.fromkeys((end.value for end in End), 0)
    for item, settlement in settled:
        for delivery in item.deliveries:
            tally[settlement.end] += 1
            _log(delivery, item, settlement, inv.took.get(item.row), logger)
    if tally[End.UNSETTLED]:
        raise Unsettled(f"{tally[End.UNSETTLED]} messages of {sum(tally.values())} could not be settled; all return")
    return tally


def _item(delivery: Delivery, inv: Invocation) -> Item:
    try:
        parsed = parse(inv.function.model, delivery)
    except Invalid as error:
        # Never under a business key that it claims: two bad messages with the same key would be one dead letter.
        name = delivery.origin
        return Item(_message_row(name, inv), name, inv.new_id(), delivery, flaw=(INVALID, str(error)))
    about = parsed.message.about
    return Item(
        row=inv.keys.key(inv.function.name, parsed.key),
        key=parsed.key,
        owner=inv.new_id(),
        delivery=delivery,
        message=parsed.message,
        body_hash="" if inv.function.idempotent else inv.keys.digest(parsed.message.canonical()),
        subjects=frozenset([subject_row(about, inv)] if about is not None else []),
        event_id=parsed.event_id,
        traceparent=delivery.traceparent or parsed.traceparent,
    )


def _reusing(item: Item, inv: Invocation) -> Item:
    """The item whose key stands for other content, to be parked like one that has none."""
    name = item.delivery.message_id
    flaw = (REUSED, "the key stands for a message with other content; use a new one")
    return replace(item, key=name, row=_message_row(name, inv), flaw=flaw)


def _message_row(name: str, inv: Invocation) -> str:
    """The row of a message that has no key of its own: never one that a valid message could have."""
    return inv.keys.key(f"{inv.function.name}:message", name)


def _log(delivery: Delivery, item: Item, settlement: Settlement, seconds: float | None, logger: Logger) -> None:
    trace = settlement.trace
    notes = {
        "key": item.row,
        "end": settlement.end.value,
        "outcome": settlement.outcome,
        "detail": settlement.detail or None,
        "redrive": delivery.redrive,
        "copy": delivery.copy,
        "attempt": delivery.attempt,
        "received": delivery.received,
        "duration_ms": None if seconds is None else round(seconds * 1000),
        "status": trace.status if trace else None,
        "client_request_id": trace.client_request_id if trace else None,
        "request_id": trace.request_id if trace else None,
        "server_trace_id": trace.server_trace_id if trace else None,
        "usage": token_counts(settlement.usage) if settlement.usage else None,
    }
    told = {name: value for name, value in notes.items() if value is not None}
    _level(settlement, logger)("message " + ("unsettled" if settlement.end is End.UNSETTLED else "settled"), extra=told)


def _level(settlement: Settlement, logger: Logger) -> Callable[..., None]:
    if settlement.end is End.UNSETTLED or settlement.outcome in ("unauthorized", "forbidden"):
        return logger.error
    return logger.warning if settlement.end is End.DEAD_LETTERED else logger.info
