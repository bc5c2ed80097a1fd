"""A million responses that are due at once: how fast the sweep sends them, with how many requests, and what is full first.

`make bench-retention`, ARGS="--responses 100000". The sweep is the function's own. Its table is in memory, and its queue
only counts: each request takes as long as `make bench` lets services take, and costs request units by the price list. Where
the ledger has no units left, it waits until there are some. The deletions are not carried out here: they take from the queue
what the units allow that the sweep leaves.
"""

import argparse
import json
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import retention_sweep
from ledger import Keys, Ledger, RecordKey, Write
from ledger.agenda import shard_of
from ledger.receipts import AGENDA
from ledger.registration import Registration
from ledger.states import DELETED
from retention.registering import registered
from tests.support.clock import FakeClock
from tests.support.memory_table import MemoryTable
from tests.support.request_units import cost, size_of
from worker.clock import Deadline
from worker.send.elsewhere import Elsewhere
from worker.send.queue import Queue
from worker.settings import Settings
from worker.timer_handler import Tick, Tools

REQUEST = 0.01
"""Seconds that a request to table or queue takes, as in the benchmarks of calls."""

TIMEOUT = 60
"""Seconds for which a tick may run (infra/functions.yaml)."""

DELETION = 10
"""Request units of a deletion in a full batch (tests/integration/test_request_units.py)."""

_OPERATIONS = {
    "get_item": "GetItem",
    "batch_get_item": "BatchGetItem",
    "query": "Query",
    "update_item": "UpdateItem",
    "transact_write_items": "TransactWriteItems",
}


class Metered:
    """The table, whose requests take time, are counted, and cost units."""

    def __init__(self, table: MemoryTable, clock: FakeClock, limit: int) -> None:
        self.table, self._clock, self._limit = table, clock, limit
        self.requests: Counter[str] = Counter()
        self.units = 0.0

    def __getattr__(self, name: str) -> Any:
        return partial(self._ask, name)

    def _ask(self, name: str, **document: Any) -> Any:
        operation = _OPERATIONS[name]
        answer = getattr(self.table, name)(**document)
        units = cost(operation, document, self._size)
        if operation == "Query":
            units += sum(map(size_of, answer["Items"])) / 4096
        self.requests[operation] += 1
        self.units += units
        self._clock.advance(max(REQUEST, units / self._limit))
        return answer

    def _size(self, key: str) -> int:
        return size_of(self.table.items.get(key, {}))


class Counted:
    """The queue of deletions: what waits in it, the first first."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.waiting = deque[str]()
        self.requests = 0

    def get_queue_attributes(self, **_: Any) -> Mapping[str, Any]:
        """How many messages wait, none of them delayed."""
        said = {"ApproximateNumberOfMessages": str(len(self.waiting)), "ApproximateNumberOfMessagesDelayed": "0"}
        return {"Attributes": said}

    def send_message_batch(self, *, Entries: Any, **_: Any) -> Mapping[str, Any]:  # noqa: N803 - boto3's
        """Take up to ten."""
        self._clock.advance(REQUEST)
        self.requests += 1
        self.waiting += [entry["MessageBody"] for entry in Entries]
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries], "Failed": []}


@dataclass(frozen=True, slots=True)
class Measured:
    """What it came to. `busy` are the seconds in which the sweep ran, `whole` those until all were deleted."""

    responses: int
    ticks: int
    busy: float
    whole: float
    units: float
    ledger_requests: int
    queue_requests: int
    cpu: float
    held_up_by: str


def measure(responses: int, backlog: int, limit: int, every: int) -> Measured:
    """Sweep so many that are due at once.

    `backlog` is SWEEP_BACKLOG, `limit` the ledger's request units a second, `every` the seconds between two ticks.
    """
    clock, keys, table = FakeClock(), Keys("a secret"), MemoryTable()
    ledger, queue = Metered(table, clock, limit), Counted(clock)
    store: Ledger = Ledger(table, "ledger")  # type: ignore[arg-type]  # as far as it is asked
    _register(responses, table, clock, keys)
    deleted = ticks = 0
    busy = cpu = 0.0
    held_up: Counter[str] = Counter()
    begun = clock.now()
    while deleted < responses:
        at, units, worked = clock.now(), ledger.units, time.process_time()
        swept = _tick(ledger, queue, keys, clock, backlog)
        cpu += time.process_time() - worked
        busy, ticks = busy + clock.now() - at, ticks + 1
        if swept["left"]:
            held_up["SWEEP_BACKLOG" if len(queue.waiting) >= backlog else "the sweep's time"] += 1
        clock.advance(max(0.0, every - (clock.now() - at)))
        room = round((every * limit - (ledger.units - units)) / DELETION)
        if len(queue.waiting) > room:
            held_up["request units"] += 1
        for _ in range(min(len(queue.waiting), room)):
            key = json.loads(queue.waiting.popleft())["id"].rpartition("#")[0]
            store.write(Write(RecordKey(key), {"state": DELETED}, removes=AGENDA))
            deleted += 1
    requests, ((first, _),) = sum(ledger.requests.values()), held_up.most_common(1) or [("nothing", 0)]
    return Measured(responses, ticks, busy, clock.now() - begun, ledger.units, requests, queue.requests, cpu, first)


def _register(count: int, table: MemoryTable, clock: FakeClock, keys: Keys) -> None:
    """Put so many on the table, each as a registration leaves it, due just now."""
    store: Ledger = Ledger(table, "ledger")  # type: ignore[arg-type]  # as far as it is asked
    now, name = clock.now(), "resp_0123456789abcdef"
    said = Registration(
        name, round(now * 1000), "h", policy="default", delete_after=now, subject=keys.key("subject", "ann")
    )
    registered(said, store, keys, now)
    item = table.items.pop(keys.key("response", name))
    made = [keys.key("response", f"resp_{number}") for number in range(count)]
    table.items |= {key: {**item, "key": {"S": key}, "due_shard": {"S": shard_of(key)}} for key in made}


def _tick(ledger: Metered, queue: Counted, keys: Keys, clock: FakeClock, backlog: int) -> Mapping[str, int]:
    deadline = Deadline.after(TIMEOUT, clock)
    sender: Any = queue
    to = Queue(sender, clock, deadline.budget())
    tools: Any = Tools(
        store=Ledger(ledger, "ledger", clock.sleep, deadline.budget()),  # type: ignore[arg-type]  # as far as it is asked
        keys=keys,
        clock=clock,
        deadline=deadline,
        random=Random(7),
        elsewhere=Elsewhere(to, {"delete_response": "deletions", "verify_deletion": ""}, "retention_sweep"),
        results=None,  # type: ignore[arg-type]  # the sweep sends none
        evidence=None,  # type: ignore[arg-type]  # and seals nothing
        settings=Settings.model_validate({"SWEEP_BACKLOG": backlog}),
    )
    return retention_sweep.handler.timer.call(Tick(clock.now()), tools)


def main() -> None:
    """Measure, and say it in a few lines."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--responses", type=int, default=1_000_000)
    asked.add_argument("--backlog", type=int, default=10_000, help="SWEEP_BACKLOG (%(default)s)")
    asked.add_argument("--units", type=int, default=1_000, help="of the ledger, a second (%(default)s)")
    asked.add_argument("--every", type=int, default=300, help="seconds between two ticks (%(default)s)")
    given = asked.parse_args()
    came = measure(given.responses, given.backlog, given.units, given.every)
    of_each = came.responses
    print(f"{came.responses:,} responses due at once, SWEEP_BACKLOG {given.backlog:,}, {given.units:,} units a second:")
    print(
        f"deleted in {came.whole / 3600:.1f} hours, {came.responses / came.whole:.0f} a second, by {came.ticks} ticks"
    )
    print(f"held up by {came.held_up_by}")
    print(f"a tick sweeps {came.responses / came.busy:.0f} a second, where a request takes {REQUEST * 1000:.0f} ms")
    print(f"swept: {came.units / of_each:.2f} units, {1000 * came.cpu / of_each:.2f} ms of CPU each")
    print(f"of a thousand: {1000 * came.ledger_requests / of_each:.0f} requests to the ledger,", end=" ")
    print(f"{1000 * came.queue_requests / of_each:.0f} to the queue")


if __name__ == "__main__":
    main()
