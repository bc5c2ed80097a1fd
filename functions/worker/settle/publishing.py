"""Results: those with content go before the outcome is written, those made of the record after it, again if need be."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger import Record
from ledger.states import DELETED, HELD, SCHEDULED
from worker.outcome import End, Outcome, Settlement
from worker.send.results import Result
from worker.settle.context import Invocation, Item

Told = tuple[Item, Mapping[str, Any], Settlement]
"""An item, what its record tells of the outcome, and the end that the item has once its result is confirmed."""


_MOMENTS = {HELD: "held_at", SCHEDULED: "waiting_at"}
"""When the ends came that are none of the key's."""


def told_by(record: Record, *, final: bool) -> Mapping[str, Any]:
    """Return what a record tells of an outcome: of an absence that answers earlier ones, the receipt that stands."""
    told = record.told and (not final or (record.state == DELETED and record.told["outcome"] != HELD))
    said = record.told if told else record.receipt
    return said or {"outcome": record.state}


def publish(told: Sequence[Told], inv: Invocation) -> list[tuple[Item, Settlement]]:
    """Send the results that records tell of, where the function's results are made of records."""
    said = inv.function.told
    if not said:
        return [(item, end) for item, _, end in told]
    results = []
    for item, known, _ in told:
        state = known["outcome"]
        moment = _MOMENTS.get(state, "executed_at")
        at = float(known[moment])
        # A key may be held or scheduled more than once, and each time is news.
        result_id = f"{item.record_key}#{state}" + (f"#{round(at * 1000)}" if state in _MOMENTS else "")
        result_id += f"#{known['number']}" if "number" in known else ""
        results.append(_result(item, result_id, at, {name: known[name] for name in said if known.get(name)}))
    return [
        (item, end if sent else Settlement(End.UNSETTLED, "results queue", trace=end.trace))
        for (item, _, end), sent in zip(told, inv.results.send(results), strict=True)
    ]


def with_content(item: Item, outcome: Outcome, inv: Invocation) -> Result:
    """Return the result of a call whose content no record keeps."""
    result_id = f"{item.record_key}#{item.delivery.redrive}"
    if outcome.later is not None:
        result_id += f"#{item.delivery.copy}"  # what is told on the way is not the end
    return _result(item, result_id, inv.clock.now(), outcome.result or {}, outcome.bulky)


def _result(item: Item, result_id: str, at: float, data: Mapping[str, Any], bulky: tuple[str, ...] = ()) -> Result:
    record_key, key = item.told_as
    return Result(
        id=result_id,
        record_key=record_key,
        key=key,
        at=at,
        data=data,
        bulky=bulky,
        traceparent=item.traceparent,
        causation_id=item.identity,
    )
