"""Those who act beside the functions: who places holds, and who redrives dead letters. Their programs crash too."""

from functools import partial
from typing import TYPE_CHECKING

from documents import TableUnavailable
from ledger import Holds, HoldStatus, RecordKey
from tests.simulation.plan import SETTLING
from tests.simulation.process import Process
from tests.simulation.queues import OWN, Post
from worker.receive.trigger_event import deliveries
from worker.send.retry_message import redriven

if TYPE_CHECKING:
    from tests.simulation.world import World


def place_hold(world: "World", name: str, record_key: RecordKey) -> None:
    """Place a hold, and see later whether it works."""
    _start(world, name, partial(_place, world, record_key, name), "holder")


def _place(world: "World", record_key: RecordKey, case: str) -> None:
    holds = Holds(world.ports.store, SETTLING)
    try:
        effective_at = holds.place(record_key, case, world.t)
        if not world.plan.reports:
            return
        world.current.process.ends = float("inf")
        world.sleep(effective_at - world.t)
        report = holds.report(record_key, world.t)
    except TableUnavailable:
        return
    if report.status is HoldStatus.EFFECTIVE and case in world.checker.holds.placed:
        world.checker.holds.effective.add(record_key)
    world.perform("step", "reports the hold as " + report.status, lambda _: None)


def release_hold(world: "World", name: str, case: str) -> None:
    """Take a hold away."""
    record_key = RecordKey(world.checker.holds.placed.pop(case))
    _start(world, name, partial(_release, world, record_key, case), "holder")


def _release(world: "World", record_key: RecordKey, case: str) -> None:
    world.checker.holds.effective.discard(record_key)
    try:
        Holds(world.ports.store, SETTLING).release(record_key, case)
    except TableUnavailable:
        return


def redrive(world: "World", name: str, dead_letter: Post, *, force: bool) -> None:
    """Copy a dead letter to the function's queue, confirm, then delete it."""
    _start(world, name, partial(_redrive, world, dead_letter, force), "operator")


def move_back(world: "World", dead_letter: Post, *, body_only: bool) -> None:
    """Do as the scripts do that know nothing of redrives: send what is there once more, and delete it."""
    world.queues.remove(dead_letter)
    world.queues.put(dead_letter.body, {} if body_only else dead_letter.attributes, foreign=True)


def forceable_at(world: "World", dead_letter: Post) -> float:
    """When the operator's tool first offers to redrive by force: once the last caller's lease is over."""
    record_key = world.table.items.get(dead_letter.record_key, {})
    return float(record_key["lease_until"]["N"]) + 1 if "lease_until" in record_key else world.t


def _redrive(world: "World", dead_letter: Post, force: bool) -> None:
    if force:
        try:
            record_key = world.ports.store.get(RecordKey(dead_letter.record_key))
        except TableUnavailable:
            return
        if world.t <= record_key.lease_until:
            return  # whoever calls may still be at it
        world.checker.calls.forced.add((dead_letter.record_key, dead_letter.numbers.redrive + 1))
    home = dead_letter.home if dead_letter.home in world.plan.beside else OWN
    carrier = world.ports_of(home).carrier
    (delivery,) = deliveries({"messages": [dead_letter.entry()]}, world.t, carrier.signer)
    message = redriven(delivery, force=force, now=world.t, carrier=carrier)
    entry = {
        "Id": "0",
        "MessageBody": message.body,
        "DelaySeconds": 0,
        "MessageAttributes": {
            name: {"DataType": kind, "StringValue": text} for name, (kind, text) in message.attributes.items()
        },
    }
    answer = world.queues.send_message_batch(QueueUrl=home, Entries=[entry])
    if answer["Successful"]:
        world.perform("step", f"removes dead letter {dead_letter.name}", lambda _: world.queues.remove(dead_letter))


def _start(world: "World", name: str, body: partial[None], kind: str) -> None:
    def guarded() -> None:
        try:
            body()
        except world.client_errors:
            return

    # A hold's time is read before its write, which the client's own timeouts end long before this.
    process = Process(world, name, 0.0, world.t + 10 if kind == "holder" else float("inf"))
    process.person = kind
    world.processes.append(process)
    process.start(guarded)
