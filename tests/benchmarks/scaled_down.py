"""A queue of deletions that instances of the functions' own code drain, in virtual time: what the model is held to."""

import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar, cast

import httpx

import delete_response
from aistudio import API, Config, Responses
from documents.time_budget import AtOnce
from infra.deploy.table import policies
from ledger import Keys, Ledger
from tests.benchmarks.scale import BATCH, CALL, REQUEST, Cloud
from tests.support.clock import FakeClock
from tests.support.memory_table import MemoryTable
from worker.clock import Deadline
from worker.message_attributes import Signer
from worker.send.elsewhere import Elsewhere
from worker.send.queue import Queue
from worker.send.queue_message import Carrier
from worker.send.results import Results
from worker.settings import Settings
from worker.settle.batch import settle_batch
from worker.settle.breakers import DeploymentBreaker
from worker.settle.concurrency import Window
from worker.settle.context import Invocation

T = TypeVar("T")
_READ, _WRITE = 1, 4
"""Request units of a record that is read, and of a write in a transaction."""

_SLICE = 0.05


class Units:
    """The table's request units, shared out by the twentieth of a second: who asks for more waits until there are some.

    Instances are run one after another, each for a whole batch, so that a later one may ask for an earlier time.
    """

    def __init__(self, a_second: float) -> None:
        self._most = a_second * _SLICE
        self._taken: defaultdict[int, float] = defaultdict(float)

    def take(self, count: float, clock: FakeClock) -> None:
        """Take so many, in the time of a request or more."""
        begun = clock.monotonic()
        slice_ = int(begun / _SLICE)
        while (room := self._most - self._taken[slice_]) < count:
            self._taken[slice_] += room
            count, slice_ = count - room, slice_ + 1
        self._taken[slice_] += count
        clock.advance(max(REQUEST, slice_ * _SLICE - begun))


class Services:
    """What an instance asks, by its own clock: the table, the results queue, and AI Studio."""

    def __init__(self, table: MemoryTable, units: Units, clock: FakeClock) -> None:
        self._table, self._units, self._clock = table, units, clock

    def batch_get_item(self, *, RequestItems: Any) -> Any:  # noqa: N803 - boto3's
        """Read."""
        self._units.take(_READ * sum(len(each["Keys"]) for each in RequestItems.values()), self._clock)
        return self._table.batch_get_item(RequestItems=RequestItems)

    def transact_write_items(self, *, TransactItems: Any) -> Any:  # noqa: N803 - boto3's
        """Write."""
        self._units.take(_WRITE * len(TransactItems), self._clock)
        return self._table.transact_write_items(TransactItems=TransactItems)

    def send_message_batch(self, *, Entries: Any, **_: Any) -> Any:  # noqa: N803 - boto3's
        """Send."""
        self._clock.advance(REQUEST)
        return {"Successful": [{"Id": each["Id"]} for each in Entries], "Failed": []}

    def delete(self, request: httpx.Request) -> httpx.Response:
        """Delete."""
        self._clock.advance(CALL)
        return httpx.Response(200, json={"id": request.url.path.rpartition("/")[2], "deleted": True})


def at_once(clock: FakeClock, count: int) -> AtOnce:
    """Tasks that run side by side: each begins when the first of its so many begins, and the last one ends it."""

    def run(tasks: Sequence[Callable[[], T]]) -> list[T | BaseException]:
        ends: list[T | BaseException] = []
        for begin in range(0, len(tasks), count):
            begun = last = clock.monotonic()
            for task in tasks[begin : begin + count]:
                clock.advance(begun - clock.monotonic())
                ends.append(task())
                last = max(last, clock.monotonic())
            clock.advance(last - clock.monotonic())
        return ends

    return run


def drain(messages: int, cloud: Cloud) -> float:
    """Seconds until all of so many deletions are settled."""
    table, units = MemoryTable(), Units(cloud.units)
    clocks = [FakeClock() for _ in range(cloud.instances)]
    window, random = Window(cloud.at_once), Random(7)
    for begin in range(0, messages, BATCH):
        clock = min(clocks, key=lambda each: each.monotonic())  # who is free first takes the next batch
        event = {"messages": [_entry(number, clock) for number in range(begin, min(begin + BATCH, messages))]}
        tally = settle_batch(event, _invocation(Services(table, units, clock), clock, cloud, window, random), _QUIET)
        assert tally["done"] == len(event["messages"]), tally
    return max(clock.monotonic() for clock in clocks)


_QUIET: Any = logging.getLogger("nothing")
_QUIET.disabled = True


def _entry(number: int, clock: FakeClock) -> dict[str, Any]:
    attributes = {"SentTimestamp": str(round(clock.now() * 1000)), "ApproximateReceiveCount": "1"}
    message = {"message_id": f"m-{number}", "body": f'{{"response_id": "resp_{number}"}}', "attributes": attributes}
    return {"details": {"message": message | {"message_attributes": {}}}}


def _invocation(services: Services, clock: FakeClock, cloud: Cloud, window: Window, random: Random) -> Invocation:
    function = delete_response.handler.function
    deadline = Deadline.after(600, clock, at_once=at_once(clock, 10))
    queue = Queue(cast("Any", services), clock, deadline.budget())
    config = Config("https://studio.test/v1", "b1g", "key")
    api = API(config, lambda: "t1.token", transport=httpx.MockTransport(services.delete), monotonic=clock.monotonic)
    return Invocation(
        function=function,
        client=Responses(api),
        store=Ledger(cast("Any", services), "ledger", clock.sleep, deadline.budget()),
        queue=queue,
        carrier=Carrier(Signer("secret", function.name)),
        results=Results(queue, "results", function.name, function.result_type, "hash", None),
        keys=Keys("secret"),
        clock=clock,
        deadline=deadline,
        run=at_once(clock, cloud.at_once),
        random=random,
        new_id=lambda: str(uuid.UUID(int=random.getrandbits(128))),
        settings=Settings.model_validate({"RETENTION_POLICIES": policies()}),
        breaker=DeploymentBreaker(),
        window=window,
        elsewhere=Elsewhere(queue, {}, function.name),
    )
