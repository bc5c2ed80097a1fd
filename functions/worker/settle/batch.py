"""One batch: from the trigger's event to settled messages, or an error that makes the whole batch return."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger

from ledger import Key, RecordKey
from ledger.states import LONGEST_DELAY
from worker.outcome import End, Unsettled
from worker.receive.envelope import Invalid
from worker.receive.message import parse
from worker.receive.trigger_event import Delivery, deliveries
from worker.settle import claim_first, read_first
from worker.settle.collapse import by_content
from worker.settle.context import Invocation, Item, under_message_id
from worker.settle.log_line import log_end

REUSED = ("key_reused", "the key stands for a message with other content; use a new one")


def settle_batch(event: Mapping[str, Any], inv: Invocation, logger: Logger) -> dict[str, int]:
    """Settle every message of a trigger event and log a line for each; return how many ended in which way.

    Raises Unsettled: some could not be settled, after all that could be were.
    Raises ValueError: the event is not a queue trigger's.
    """
    now = inv.clock.now()
    items = [_item(delivery, inv, now) for delivery in deliveries(event, now, inv.carrier.signer)]
    if inv.function.idempotent:
        ended = read_first.settle(items, inv)
    else:
        ended, reused = claim_first.settle([item for item in items if item.flaw is None], inv)
        flawed = [item for item in items if item.flaw is not None]
        flawed += [under_message_id(item, REUSED, inv) for item in reused]
        ended += read_first.settle(by_content(flawed), inv)
    inv.window.learn(len(inv.took), throttled=inv.batch.throttled)
    tally = dict.fromkeys((end.value for end in End), 0)
    for item, settlement in ended:
        took = inv.took.get(item.record_key)
        for delivery in item.deliveries:
            tally[settlement.end] += 1
            log_end(delivery, item, settlement, took, logger, idempotent=inv.function.idempotent)
    if tally[End.UNSETTLED]:
        raise Unsettled(f"{tally[End.UNSETTLED]} messages of {sum(tally.values())} could not be settled; all return")
    return tally


def _item(delivery: Delivery, inv: Invocation, now: float) -> Item:
    if delivery.dead:
        # A dead letter that was moved back begins anew, like a redriven one, but without force.
        delivery = replace(delivery, redrive=delivery.redrive + 1, copy=0, attempt=0, first_seen=now, not_before=0)
    try:
        parsed = parse(inv.function.model, delivery, inv.settings)
    except Invalid as error:
        bare = Item(RecordKey(""), Key(""), inv.new_id(), delivery)
        return under_message_id(bare, ("invalid_message", str(error)), inv)
    about, due = parsed.message.about, parsed.message.due
    # By when it was sent: a message that comes back, even after its date, is what it was before.
    dated = due > delivery.sent_at / 1000 + LONGEST_DELAY
    if not dated and due > delivery.not_before:
        delivery = replace(delivery, not_before=due)
    return Item(
        record_key=inv.keys.key(inv.function.namespace, parsed.key),
        key=Key(parsed.key),
        owner=inv.new_id(),
        delivery=delivery,
        message=parsed.message,
        body_hash="" if inv.function.idempotent else inv.keys.digest(parsed.message.canonical()),
        subjects=frozenset([inv.keys.key("subject", about)] if about is not None else []),
        asked=frozenset() if dated else parsed.message.asked,
        cascades=frozenset() if dated else parsed.message.cascades,
        dated=dated,
        begins=delivery.copy == 0,
        kept=inv.function.kept,
        identity=parsed.identity,
        cause=parsed.cause,
        traceparent=delivery.traceparent or parsed.traceparent,
    )
