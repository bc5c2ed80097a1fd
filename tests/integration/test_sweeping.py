"""Sweeping: what is due is sent once, whoever else sweeps, and wherever a sweep is killed."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

import retention_sweep
from documents import Written
from infra.local.cloud.servers import Waiting
from ledger import Ledger, Record, RecordKey, Write
from ledger.agenda import text_of
from ledger.registration import Registration
from ledger.states import DELETED
from retention.registering import registered
from tests.support.bench import Bench
from tests.support.messages import arrived
from tests.support.seam import Crash, killed_after, killed_before, refused
from tests.support.ticking import ticked

HOUR, DAY = 3_600.0, 86_400.0


@dataclass
class Sweeper:
    """The sweep on the table, the clock and the queue of a bench for deletions."""

    bench: Bench
    backlog: int = 10_000
    shard: int = 0

    def tick(self, *, seconds: float = 60.0, seed: int = 7) -> dict[str, int]:
        urls = {"delete_response": self.bench.own, "verify_deletion": self.bench.others}
        settings = {"SWEEP_BACKLOG": self.backlog}
        return ticked(self.bench, retention_sweep.handler, urls=urls, seconds=seconds, seed=seed, settings=settings)

    def sent(self) -> list[dict[str, Any]]:
        return [message["data"] for message in map(loaded, self.bench.retry_messages())]

    def deliver(self) -> list[tuple[str, str | None]]:
        entries = [arrived(waiting, self.bench.clock.now()) for waiting in self.bench.retry_messages()]
        self.bench.kit.sqs.purge_queue(QueueUrl=self.bench.own)
        return self.bench.deliver(*entries).ends if entries else []


def loaded(waiting: Waiting) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(waiting.body)
    return message


@pytest.fixture
def sweeper(deletions: Bench) -> Sweeper:
    return Sweeper(deletions)


def register(bench: Bench, *names: str, until: float) -> None:
    store = Ledger(bench.kit.spectator, bench.table)
    now = bench.clock.now()
    for name in names:
        said = Registration(name, round(now * 1000), "h", delete_after=until)
        registered(said, store, bench.keys, now)


def record(bench: Bench, name: str) -> Record:
    return bench.record_at(bench.keys.key("response", name))


def test_what_is_due_is_sent_and_what_is_not_is_left(sweeper: Sweeper) -> None:
    now = sweeper.bench.clock.now()
    register(sweeper.bench, "resp_1", "resp_2", until=now + HOUR)
    register(sweeper.bench, "resp_3", until=now + DAY)
    sweeper.bench.clock.advance(2 * HOUR)

    said = sweeper.tick()

    assert (said["found"], said["sent"], said["oldest"]) == (2, 2, HOUR)
    told = {(each["response_id"], each["reason"]) for each in sweeper.sent()}
    assert told == {("resp_1", "retention"), ("resp_2", "retention")}


def test_what_was_sent_is_deleted_and_is_never_due_again(sweeper: Sweeper) -> None:
    sweeper.bench.studio.seed("resp_1")
    register(sweeper.bench, "resp_1", until=sweeper.bench.clock.now() + HOUR)
    sweeper.bench.clock.advance(2 * HOUR)
    sweeper.tick()

    assert sweeper.deliver() == [("done", "deleted")]
    sweeper.bench.clock.advance(DAY)
    assert sweeper.tick()["found"] == 0
    assert (record(sweeper.bench, "resp_1").state, record(sweeper.bench, "resp_1").response_id) == (DELETED, None)


def test_two_sweeps_at_once_send_each_record_once(sweeper: Sweeper) -> None:
    names = [f"resp_{number}" for number in range(30)]
    register(sweeper.bench, *names, until=sweeper.bench.clock.now() + HOUR)
    sweeper.bench.clock.advance(2 * HOUR)
    other: list[dict[str, int]] = []
    # The other sweep runs whole, after this one has read and before it claims.

    def meanwhile(request: Any, send: Any) -> Any:
        other.append(sweeper.tick())
        return send(request)

    sweeper.bench.ledger.arm("TransactWriteItems", meanwhile)

    mine = sweeper.tick()

    assert mine["sent"] + other[0]["sent"] == 30
    assert sorted(each["response_id"] for each in sweeper.sent()) == sorted(names)


@pytest.mark.parametrize("killed", [killed_before, killed_after])
@pytest.mark.parametrize("operation", ["TransactWriteItems", "SendMessageBatch", "Query"])
def test_a_sweep_that_is_killed_at_any_step_is_late_by_a_lease_and_loses_nothing(
    sweeper: Sweeper, operation: str, killed: Any
) -> None:
    names = [f"resp_{number}" for number in range(12)]
    register(sweeper.bench, *names, until=sweeper.bench.clock.now() + HOUR)
    sweeper.bench.clock.advance(2 * HOUR)
    seam = sweeper.bench.queues if operation == "SendMessageBatch" else sweeper.bench.ledger
    seam.arm(operation, killed)

    with pytest.raises(Crash):
        sweeper.tick()
    seam.reset()
    sweeper.tick()
    sweeper.bench.clock.advance(HOUR + 1)
    sweeper.tick()

    assert {each["response_id"] for each in sweeper.sent()} == set(names)


def test_a_record_is_sent_at_most_once_a_lease(sweeper: Sweeper) -> None:
    register(sweeper.bench, "resp_1", until=sweeper.bench.clock.now() + HOUR)
    sweeper.bench.clock.advance(2 * HOUR)

    assert [sweeper.tick()["sent"] for _ in range(3)] == [1, 0, 0]
    sweeper.bench.clock.advance(HOUR)
    assert sweeper.tick()["sent"] == 1


def test_a_sweep_stops_while_the_queue_holds_enough_and_goes_on_later(sweeper: Sweeper) -> None:
    register(sweeper.bench, *[f"resp_{number}" for number in range(24)], until=sweeper.bench.clock.now() + HOUR)
    sweeper.bench.clock.advance(2 * HOUR)
    sweeper.backlog = 4

    first, second = sweeper.tick(), sweeper.tick()

    assert first["left"] == 1
    assert 4 <= first["sent"] < 24
    assert (second["sent"], second["left"], second["oldest"]) == (0, 1, HOUR)
    sweeper.bench.kit.sqs.purge_queue(QueueUrl=sweeper.bench.own)
    sweeper.backlog = 100
    assert first["sent"] + sweeper.tick()["sent"] == 24


def test_what_is_put_off_in_the_queue_counts_for_what_it_holds(sweeper: Sweeper) -> None:
    register(sweeper.bench, "resp_1", until=sweeper.bench.clock.now())
    sweeper.bench.clock.advance(1)
    sweeper.backlog = 3
    for number in range(3):
        delayed = {"MessageBody": f"throttled {number}", "DelaySeconds": 900}
        sweeper.bench.kit.sqs.send_message(QueueUrl=sweeper.bench.own, **delayed)

    assert (said := sweeper.tick())["sent"] == 0
    assert said["left"] == 1


def test_a_sweep_sends_nothing_where_a_queue_does_not_say_how_full_it_is(sweeper: Sweeper) -> None:
    register(sweeper.bench, "resp_1", until=sweeper.bench.clock.now())
    sweeper.bench.clock.advance(1)
    sweeper.bench.queues.arm("GetQueueAttributes", refused)

    first, second = sweeper.tick(), sweeper.tick()

    assert [(said["sent"], said["left"]) for said in (first, second)] == [(0, 1), (1, 0)]


def test_a_sweep_without_time_sends_nothing_and_says_that_it_left_something(sweeper: Sweeper) -> None:
    register(sweeper.bench, "resp_1", until=sweeper.bench.clock.now() + HOUR)
    sweeper.bench.clock.advance(2 * HOUR)

    said = sweeper.tick(seconds=7)

    assert (said["sent"], said["left"]) == (0, 1)


def test_who_was_asked_to_go_is_sent_with_that_reason(sweeper: Sweeper) -> None:
    register(sweeper.bench, "resp_1", until=sweeper.bench.clock.now() + DAY)
    store = Ledger(sweeper.bench.kit.spectator, sweeper.bench.table)
    key = sweeper.bench.keys.key("response", "resp_1")
    due = {"due_at": text_of(sweeper.bench.clock.now())}
    assert store.write(Write(key, sets=due, adds={"asked": {"manual", "erasure"}})) is Written.YES

    sweeper.tick()

    assert [each["reason"] for each in sweeper.sent()] == ["erasure"]


def test_a_hundred_and_more_are_found_page_by_page(sweeper: Sweeper) -> None:
    due = {"due_shard": "due#03", "due_at": text_of(sweeper.bench.clock.now()), "due_for": "delete"}
    store = Ledger(sweeper.bench.kit.spectator, sweeper.bench.table)
    store.write_all(
        [Write(RecordKey(f"response#{number}"), sets={"response_id": f"resp_{number}"} | due) for number in range(120)]
    )

    assert sweeper.tick()["sent"] == 120


def test_the_sweep_s_one_line_holds_no_id(sweeper: Sweeper) -> None:
    register(sweeper.bench, "resp_1", until=sweeper.bench.clock.now() + HOUR)
    sweeper.bench.clock.advance(2 * HOUR)

    assert all(isinstance(value, int) for value in sweeper.tick().values())
