"""Ticks of the timer functions: the sweep, and the sealing of days, as invocations of their own."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import retention_sweep
import seal_receipts
from documents import TableUnavailable
from ledger import Ledger
from retention.evidence.sealing import OVER_AFTER
from tests.simulation.invocations import SETTINGS
from tests.simulation.plan import BEGUN, DAY, KEYS
from tests.simulation.process import Process, ProcessClock
from tests.simulation.queues import RESULTS
from tests.simulation.table import NAME, Unstored
from worker.clock import Deadline
from worker.send.bucket import Bucket
from worker.send.elsewhere import Elsewhere
from worker.send.queue import Queue
from worker.send.results import Results
from worker.timer_handler import Tick, TimerHandler, Tools

if TYPE_CHECKING:
    from tests.simulation.world import World

SWEEP, SEAL = "retention_sweep", "seal_receipts"
HANDLERS: dict[str, TimerHandler] = {SWEEP: retention_sweep.handler, SEAL: seal_receipts.handler}
EVERY = 300.0
"""Seconds between two ticks of the sweep."""
LONGEST_SKEW = 300.0
HOURS = range(1, 6)
"""When a day that is over is sealed: what one run does not finish, the next does (infra/functions.yaml)."""


def due(world: "World") -> float | None:
    """When the sweep next has something to do: epoch seconds, None where it has not in the time of this world."""
    times = [moment(item["due_at"]["S"]) for item in world.table.items.values() if "due_shard" in item]
    first = min(times, default=float("inf"))
    return max(first, world.ticked_at + EVERY) if first <= BEGUN + world.plan.lasts else None


def moment(text: str) -> float:
    """The epoch seconds of a time on a record."""
    return datetime.fromisoformat(text).timestamp()


def tick(world: "World", name: str, timer: str, skew: float) -> None:
    """Start an invocation of a timer function: it runs up to its first effect."""
    process = Process(world, name, skew, world.t + world.plan.timeout)
    process.timer = timer
    world.processes.append(process)
    process.start(partial(_body, world, process, HANDLERS[timer]))


def _body(world: "World", process: Process, handler: TimerHandler) -> None:
    clock, timer = ProcessClock(process), handler.timer
    deadline = Deadline.after(process.ends - world.t, clock)
    queue = Queue(cast("Any", world.queues), clock, deadline.budget())
    tools = Tools(
        store=Ledger(cast("Any", world.table), NAME, world.sleep, deadline.budget()),
        keys=KEYS,
        clock=clock,
        deadline=deadline,
        random=world.random,
        elsewhere=Elsewhere(queue, {each: each for each in timer.sends_to}, timer.name),
        results=Results(queue, RESULTS, timer.name, timer.result_type, "hash", None),
        evidence=cast("Bucket", world.vault),
        settings=SETTINGS,
    )
    try:
        timer.call(Tick(clock.now()), tools)
    except (TableUnavailable, Unstored):
        return  # the timer ticks again


def over(world: "World") -> float | None:
    """When days are sealed next, as far as the clocks agree: at five hours of a day; None after this world's time."""
    if not world.plan.seals:
        return None
    after, midnight = max(world.sealed_at, BEGUN), BEGUN // DAY * DAY
    times = (
        midnight + day * DAY + hour * OVER_AFTER for day in range(2 + int(world.plan.lasts // DAY)) for hour in HOURS
    )
    ticks = (at + LONGEST_SKEW for at in times)
    return next((at for at in ticks if after < at <= BEGUN + world.plan.lasts), None)
