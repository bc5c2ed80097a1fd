"""Holes that simpler designs have (and this code once had), each put back into the code by replacing a function."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from aistudio import Throttled
from ledger.states import LONGEST_DELAY
from tests.simulation.mutants_creates import OF_CREATES
from tests.simulation.mutants_deletions import OF_DELETIONS
from tests.simulation.mutants_retention import OF_RETENTION
from tests.simulation.mutation import Mutant
from worker.settle.retry_policy import Again, DeadLetter, backoff


def _counting_throttles(original: Any) -> Any:
    def after_failure(error: Any, history: Any, *, limits: Any, rng: Any, **more: Any) -> Any:
        if not isinstance(error, Throttled):
            return original(error, history, limits=limits, rng=rng, **more)
        if history.attempt + 1 >= limits.attempts:
            return DeadLetter(error.reason, error.detail, counted=True)
        return Again(backoff(history.attempt, rng), counted=True, reason=error.reason)

    return after_failure


def _counting_all(original: Any) -> Any:
    def retry_message(each: Any, *args: Any) -> Any:
        return original(replace(each, again=replace(each.again, counted=True)), *args)

    return retry_message


def _attempts_of_the_highest(original: Any) -> Any:
    def stand_for(group: Any) -> Any:
        item = original(group)
        highest = max(group, key=lambda each: (each.delivery.number, each.delivery.sent_at))
        return replace(item, delivery=replace(item.delivery, attempt=highest.delivery.attempt))

    return stand_for


def _by_number(_original: Any) -> Any:
    def superseded(item: Any, record: Any, now: float, retention: float) -> Any:
        counts = now < record.marked_at + LONGEST_DELAY + retention
        return item.delivery.number < record.watermark and counts

    return superseded


def _naming_none(original: Any) -> Any:
    def raise_watermarks(retries: Any, inv: Any) -> None:
        write_all = inv.store.write_all
        named = [False]

        def once(writes: Any) -> Any:
            written = [] if named[0] else write_all(writes)
            named[0] = True
            return written

        original(retries, replace(inv, store=SimpleNamespace(write_all=once)))

    return raise_watermarks


def _alive_again(original: Any) -> Any:
    def item(delivery: Any, *args: Any) -> Any:
        return original(replace(delivery, dead=False), *args)

    return item


def _naming_nothing(original: Any) -> Any:
    return lambda self, retried=0: replace(original(self, retried), retried=frozenset())


OF_BOTH = (
    Mutant(
        "H17",
        "sent is written without naming which dead letter",
        "a deletion refused, redriven, refused again, a crash",
        {"ledger.conditions:DEAD_LETTERED_BY": lambda _: "#state = :dead_lettered"},
    ),
    Mutant(
        "H20",
        "messages that have retry messages are not kept on the record",
        "throttled",
        {"worker.settle.context:Item.standing": _naming_nothing},
    ),
    Mutant(
        "H20",
        "messages whose retry message raises no watermark are not kept",
        "two retry messages have one number, and the batch of one comes back",
        {"worker.settle.retries:_raise_watermarks": _naming_none},
    ),
    Mutant(
        "H21",
        "every retry message counts as an attempt",
        "neighbours",
        {"worker.settle.retries:_retry_message": _counting_all},
    ),
    Mutant(
        "H22", "a 429 counts as an attempt", "storm", {"worker.settle.retry_policy:after_failure": _counting_throttles}
    ),
    Mutant(
        "unconfirmed",
        "a message that the queue did not confirm counts as sent",
        "create",
        {"worker.settle.effects:send_all": lambda original: lambda *args: [True for _ in original(*args)]},
    ),
    Mutant(
        "attempts",
        "attempts of the highest message only",
        "two retry messages of one number come together, called unequally often",
        {"worker.settle.collapse:stand_for": _attempts_of_the_highest},
    ),
    Mutant(
        "attributes",
        "a producer's numbers count, unsigned",
        "attributes",
        {"worker.message_attributes:Signer._mac": lambda _: lambda *_args: "planted"},
    ),
    Mutant(
        "moved",
        "a dead letter that is moved back keeps its numbers",
        "moved",
        {"worker.settle.batch:_item": _alive_again},
    ),
    Mutant(
        "moved",
        "what is below the watermark is superseded, whether a retry message stands for it or not",
        "the body of a retry message that the queue gave up is sent alone",
        {"worker.settle.decide:_superseded": _by_number},
    ),
    Mutant(
        "denied",
        "one key that is not let in closes the batch",
        "denied",
        {
            "worker.settle.breakers:BatchBreaker.report": lambda _: (
                lambda self, error, _key: (
                    setattr(self, "stopped_by", error)
                    if error.reason in ("throttled", "forbidden", "unauthorized")
                    else None
                )
            )
        },
    ),
    Mutant(
        "denied",
        "a batch is never closed by keys that are not let in",
        "denied",
        {
            "worker.settle.breakers:BatchBreaker.report": lambda _: (
                lambda self, error, _key: setattr(self, "stopped_by", error) if error.reason == "throttled" else None
            )
        },
    ),
    Mutant(
        "retired",
        "equal rejections are all their messages' own",
        "retired",
        {"worker.settle.breakers:EQUAL_REJECTIONS": lambda _: 10_000},
    ),
    Mutant(
        "retired",
        "a success does not close the breaker",
        "retired",
        {"worker.settle.breakers:DeploymentBreaker.succeeded": lambda _: lambda _self: None},
    ),
    Mutant(
        "sizes",
        "a message is sent again whatever its queue takes",
        "oversized",
        {
            "worker.send.queue_message:Carrier.carry": lambda original: (
                lambda self, *args, **more: original(replace(self, max_bytes=1_000_000), *args, **more)
            )
        },
    ),
    Mutant(
        "outage",
        "age ends what was never called",
        "outage",
        {
            "worker.settle.retry_policy:defer": lambda original: (
                lambda error, history, *, called, limits, rng: original(
                    error, history, called=True, limits=limits, rng=rng
                )
            )
        },
    ),
    Mutant(
        "time",
        "settling does not look at the time",
        "silence",
        {"documents.time_budget:Budget.allows": lambda _: lambda _self, _requests=1, *, insist=False: True},
    ),
)

MUTANTS = (*OF_CREATES, *OF_DELETIONS, *OF_BOTH, *OF_RETENTION)
