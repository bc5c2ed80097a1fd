"""Seal each day's receipts and history as Merkle trees, chained to the day before, and publish the head."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from retention.evidence.seal_records import Sealed, key_of_day
from retention.evidence.sealing import seal_days
from worker import Key, Result, Tick, Tools, timer_function
from worker.settings import KEYS_OF_QUEUES, LEDGER

RESULT = "yandex.aistudio.seal"
LEAST = 25.0
"""Seconds that reading a page and storing a shard take at the most: with less left no further one is begun."""


def result(sealed: Sealed) -> Result:
    """Return what others are to keep: the head, by which they can tell whether anything sealed was changed since."""
    seal = sealed.seal
    said = {"day": seal.day, "head": seal.head, "previous": seal.previous, "lines": sum(seal.counts)}
    return Result(f"seal#{seal.day}", key_of_day(seal.day), Key(seal.day), sealed.at, said)


@timer_function(needs=(*LEDGER, *KEYS_OF_QUEUES, "EVIDENCE_BUCKET"), sends_to=["results"], result_type=RESULT)
def handler(tick: Tick, tools: Tools) -> Mapping[str, int]:
    """Seal each day that was over when the timer fired, until all are sealed or the time is over."""

    def publish(seals: Sequence[Sealed]) -> Sequence[bool]:
        return tools.results.send([result(sealed) for sealed in seals])

    def may_go_on() -> bool:
        return tools.deadline.left_for_calls() > LEAST

    # A day that is sealed before it is over stays sealed without its receipts: so it is over by both clocks.
    over = min(tick.at, tools.clock.now())
    return asdict(seal_days(tools.store, tools.evidence, over, publish, may_go_on))
