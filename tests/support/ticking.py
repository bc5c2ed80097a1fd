"""Ticks of a timer function on a bench: its table, its clock, its queues, and a bucket."""

from collections.abc import Mapping
from random import Random
from typing import Any

from ledger import Ledger
from tests.support.bench import Bench
from worker.clock import Clock, Deadline
from worker.send.bucket import Bucket
from worker.send.elsewhere import Elsewhere
from worker.send.queue import Queue
from worker.send.results import Results
from worker.settings import Settings
from worker.timer_handler import Tick, TimerHandler, Tools


def ticked(
    bench: Bench,
    handler: TimerHandler,
    *,
    at: float | None = None,
    seconds: float = 60.0,
    seed: int = 7,
    own_clock: Clock | None = None,
    bucket: Any = None,
    urls: Mapping[str, str] | None = None,
    settings: Mapping[str, object] | None = None,
) -> dict[str, int]:
    """One tick, which fired `at` (epoch seconds; now by default); what it counted. `own_clock` is its machine's.

    What it sends to functions goes to the queues of `urls`, its results to the bench's answers.
    """
    clock, timer = own_clock or bench.clock, handler.timer
    deadline = Deadline.after(seconds, clock)
    queue = Queue(bench.kit.sqs, clock, deadline.budget())
    tools = Tools(
        store=Ledger(bench.kit.dynamodb, bench.table, clock.sleep, deadline.budget()),
        keys=bench.keys,
        clock=clock,
        deadline=deadline,
        random=Random(seed),
        elsewhere=Elsewhere(queue, urls or {}, timer.name),
        results=Results(queue, bench.answers, timer.name, timer.result_type, "hash", None),
        evidence=bucket or Bucket(lambda: bench.kit.servers.s3, "unused"),
        settings=Settings.model_validate(settings or {}),
    )
    return dict(timer.call(Tick(clock.now() if at is None else at), tools))
