"""Sealing: every receipt and every piece of history is in exactly one seal, and the seals are one chain."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError
from jsonschema import Draft202012Validator

import seal_receipts
from documents import Written
from infra.local.furnishing import locked_bucket
from infra.operate.contract.files import SCHEMAS
from ledger import Ledger, Record, RecordKey, Standing, Write, receipts
from ledger.agenda import text_of
from ledger.sealable import order, settled
from retention.evidence import seal_records
from retention.evidence.export import exported
from retention.evidence.seal_records import Sealed, chain, key_of_day
from retention.evidence.seals import SealedDay
from retention.evidence.verify import verify
from tests.support.bench import Bench
from tests.support.seam import Crash, killed_after, killed_before, refused
from tests.support.ticking import ticked
from worker.send.bucket import Bucket, StorageUnavailable

HOUR, DAY = 3_600.0, 86_400.0
START = 1_795_392_000.0
"""2026-11-23T00:00:00Z: the first day of these tests."""
DAYS = ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"]


class Vault:
    """A bucket in memory; `fails` may end a request before it, or after it was carried out."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.fails: Callable[[str, bool], None] = lambda _name, _after: None

    def put(self, name: str, content: bytes) -> None:
        self.fails(name, False)
        assert self.objects.get(name, content) == content, "an object was changed"
        self.objects[name] = content
        self.fails(name, True)

    def get(self, name: str) -> bytes:
        return self.objects[name]


class Sealer:
    """The function on the table, the clock and the queues of a bench."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.vault = bench, Vault()
        self.store = Ledger(bench.kit.spectator, bench.table)
        bench.clock.advance(START - bench.clock.now())

    def at(self, day: int, hour: float = 0.0) -> float:
        return START + day * DAY + hour * HOUR

    def receipt(self, name: str, at: float, outcome: str = "deleted") -> str:
        key = RecordKey(f"response#{name}")
        standing = Standing(key, 0, 0, frozenset({name}), sent_at=round(at * 1000))
        write = receipts.outcome(standing, Record(key), outcome, at, {"reason": "retention"})
        assert self.store.write(write) is Written.YES
        return key

    def tick(self, at: float, *, seconds: float = 60.0, bucket: Any = None) -> dict[str, int]:
        self.bench.clock.advance(max(0.0, at - self.bench.clock.now()))
        return ticked(
            self.bench, seal_receipts.handler, at=at, seconds=seconds, bucket=self.vault if bucket is None else bucket
        )

    def tick_ahead(self, at: float) -> dict[str, int]:
        """A tick whose event names a time that has not come."""
        return ticked(self.bench, seal_receipts.handler, at=at, bucket=self.vault)

    def sealed(self) -> list[SealedDay]:
        return [SealedDay.read(each.seal, self.vault.get) for each in chain(self.store, None, None)]

    def lines(self) -> list[tuple[str, dict[str, Any]]]:
        """Each line with the day of its seal."""
        return [(day.seal.day, json.loads(line)) for day in self.sealed() for shard in day.shards for line in shard]

    def proves(self) -> None:
        """The chain is whole, and each line is in it once."""
        verdict = verify(list(exported(self.sealed())))
        assert verdict.holds, verdict.faults
        assert not [key for key, count in Counter(line["key"] for _, line in self.lines()).items() if count > 1]

    def published(self) -> list[dict[str, Any]]:
        return [json.loads(waiting.body) for waiting in self.bench.kit.peek(self.bench.answers)]


@pytest.fixture
def sealer(deletions: Bench, monkeypatch: pytest.MonkeyPatch) -> Sealer:
    monkeypatch.setattr(seal_records, "GAP", 3)  # a month is only longer
    return Sealer(deletions)


def test_a_day_is_sealed_an_hour_after_its_end_and_not_before(sealer: Sealer) -> None:
    key = sealer.receipt("a", sealer.at(0, 9))

    assert sealer.tick(sealer.at(1, 0.99))["lines"] == 0
    said = sealer.tick(sealer.at(1, 1))

    assert (said["sealed"], said["lines"], said["late"], said["left"]) == (1, 1, 0, 0)
    ((day, line),) = sealer.lines()
    assert (day, line["key"], line["receipt"]["outcome"]) == (DAYS[0], key, "deleted")
    assert line["settled_at"] == text_of(sealer.at(0, 9))
    sealer.proves()


def test_a_deletion_that_was_carried_out_is_sealed_without_the_response_s_id(sealer: Sealer, stored: Bench) -> None:
    ends = stored.deliver(stored.message({"response_id": "resp_1", "subject": "alice"})).ends
    assert ends == [("done", "deleted")], stored.log

    sealer.tick(stored.clock.now() + DAY + HOUR)

    ((_, line),) = sealer.lines()
    assert line["receipt"]["subject"] == stored.keys.key("subject", "alice")
    assert not [content for content in sealer.vault.objects.values() if b"resp_1" in content or b"alice" in content]


def test_days_without_receipts_and_days_that_were_missed_are_sealed_too(sealer: Sealer) -> None:
    sealer.receipt("a", sealer.at(0, 9))
    sealer.receipt("b", sealer.at(3, 9))

    assert sealer.tick(sealer.at(4, 2))["sealed"] == 4

    assert [day.seal.day for day in sealer.sealed()] == DAYS
    assert [day for day, _ in sealer.lines()] == [DAYS[0], DAYS[3]]
    sealer.proves()
    assert sealer.tick(sealer.at(4, 3)) == dict.fromkeys(("sealed", "lines", "late", "published", "left"), 0)


def test_a_chain_begins_with_the_earliest_receipt_that_no_long_gap_hides(sealer: Sealer) -> None:
    for day in (0, 4, 6, 9):
        sealer.receipt(f"a-{day}", sealer.at(day, 9))

    sealer.tick(sealer.at(11, 2))

    assert [day for day, _ in sealer.lines()] == ["2026-11-27", "2026-11-29", "2026-12-02"]


def test_a_ledger_without_any_receipt_begins_its_chain_with_yesterday(sealer: Sealer) -> None:
    sealer.tick(sealer.at(3, 2))

    assert [day.seal.day for day in sealer.sealed()] == [DAYS[2]]


def test_what_is_written_after_its_day_was_sealed_is_sealed_with_the_next_day_marked_late(sealer: Sealer) -> None:
    sealer.receipt("a", sealer.at(0, 9))
    sealer.tick(sealer.at(1, 1))
    late = [sealer.receipt(name, sealer.at(0, 23.9)) for name in ("b", "c")]
    sealer.receipt("d", sealer.at(1, 9))

    said = sealer.tick(sealer.at(2, 1))

    assert (said["lines"], said["late"]) == (3, 2)
    marked = {line["key"]: (day, line["late"]) for day, line in sealer.lines() if "late" in line}
    assert marked == dict.fromkeys(late, (DAYS[1], DAYS[0]))
    sealer.tick(sealer.at(3, 1))
    sealer.proves()


def test_holds_and_orders_are_sealed_as_receipts_are(sealer: Sealer) -> None:
    at = sealer.at(0, 9)
    assert (
        sealer.store.write(order(RecordKey("response#a"), {"order": "redrive", "by": "me", "at": at}, at))
        is Written.YES
    )

    sealer.tick(sealer.at(1, 1))

    ((_, line),) = sealer.lines()
    said = {"kind": "order", "order": "redrive", "by": "me", "at": at, "of": "response#a"}
    assert (line["history"], "receipt" in line) == (said, False)


def test_the_head_of_each_day_is_published_once(sealer: Sealer) -> None:
    sealer.receipt("a", sealer.at(0, 9))
    assert sealer.tick(sealer.at(2, 1))["published"] == 2
    assert sealer.tick(sealer.at(2, 2))["published"] == 0

    events = sealer.published()
    days = sealer.sealed()
    assert [event["data"] for event in events] == [
        {"day": day.seal.day, "head": day.seal.head, "previous": day.seal.previous, "lines": sum(day.seal.counts)}
        for day in days
    ]
    assert {event["type"] for event in events} == {"yandex.aistudio.seal"}
    assert [event["id"] for event in events] == [f"seal#{day.seal.day}" for day in days]
    published = Draft202012Validator(json.loads((SCHEMAS / "results/seal_receipts.json").read_text()))
    assert [error.message for event in events for error in published.iter_errors(event)] == []


def test_a_head_that_could_not_be_published_is_published_by_the_next_tick(sealer: Sealer) -> None:
    sealer.bench.queues.arm("SendMessageBatch", *[refused] * 2)
    assert sealer.tick(sealer.at(1, 1))["published"] == 0
    assert sealer.tick(sealer.at(1, 2))["published"] == 1
    assert [event["data"]["day"] for event in sealer.published()] == [DAYS[0]]


@pytest.mark.draft(21)
def test_two_that_seal_at_once_make_one_chain(sealer: Sealer) -> None:
    for number in range(12):
        sealer.receipt(f"a-{number}", sealer.at(0, 9))
    other: list[dict[str, int]] = []

    def meanwhile(request: Any, send: Any) -> Any:
        sealer.receipt("between", sealer.at(0, 23))  # the other one sees more
        other.append(sealer.tick(sealer.at(2, 1)))
        return send(request)

    sealer.bench.ledger.arm("TransactWriteItems", meanwhile)

    sealer.tick(sealer.at(2, 1))
    sealer.tick(sealer.at(3, 1))

    assert other[0]["sealed"] == 2
    assert len(sealer.lines()) == 13
    sealer.proves()


@pytest.mark.parametrize("killed", [killed_before, killed_after])
@pytest.mark.parametrize("operation", ["Query", "UpdateItem", "TransactWriteItems", "SendMessageBatch"])
@pytest.mark.parametrize("step", [0, 1])
def test_one_that_is_killed_at_any_step_goes_on_and_seals_each_line_once(
    sealer: Sealer, operation: str, killed: Any, step: int
) -> None:
    for number in range(6):
        sealer.receipt(f"a-{number}", sealer.at(0, 9))
        sealer.receipt(f"b-{number}", sealer.at(1, 9))
    seam = sealer.bench.queues if operation == "SendMessageBatch" else sealer.bench.ledger
    seam.arm(operation, *[lambda _request, _send: None] * step, killed)

    with suppress(Crash):
        sealer.tick(sealer.at(2, 1))
    seam.reset()
    sealer.tick(sealer.at(2, 2))

    assert len(sealer.lines()) == 12
    sealer.proves()
    assert {event["data"]["day"] for event in sealer.published()} == set(DAYS[:2])


@pytest.mark.parametrize("after", [False, True])
def test_one_that_is_killed_around_an_object_goes_on(sealer: Sealer, after: bool) -> None:
    for number in range(6):
        sealer.receipt(f"a-{number}", sealer.at(0, 9))
    puts: list[str] = []

    def kill(name: str, is_after: bool) -> None:
        puts.append(name)
        if is_after is after and len(set(puts)) == 3:
            raise Crash

    sealer.vault.fails = kill
    with pytest.raises(Crash):
        sealer.tick(sealer.at(1, 1))
    sealer.vault.fails = lambda _name, _after: None
    sealer.tick(sealer.at(1, 2))

    assert len(sealer.lines()) == 6
    sealer.proves()


def test_a_bucket_that_is_away_leaves_the_day_for_the_next_tick(sealer: Sealer) -> None:
    sealer.receipt("a", sealer.at(0, 9))

    def away(_name: str, _after: bool) -> None:
        raise StorageUnavailable("SlowDown")

    sealer.vault.fails = away
    with pytest.raises(StorageUnavailable):
        sealer.tick(sealer.at(1, 1))
    assert chain(sealer.store, None, None) == []
    sealer.vault.fails = lambda _name, _after: None
    assert sealer.tick(sealer.at(1, 2))["lines"] == 1


def test_one_that_runs_out_of_time_goes_on_where_it_stopped(sealer: Sealer) -> None:
    for number in range(40):
        sealer.receipt(f"a-{number}", sealer.at(0, 9))

    def slow(name: str, after: bool) -> None:
        sealer.bench.clock.advance(6)

    sealer.vault.fails = slow
    said = [sealer.tick(sealer.at(1, 1)) for _ in range(8)]

    assert [each["sealed"] for each in said if not each["left"]][:1] == [1]
    assert said[0]["left"] == 1
    assert len(sealer.lines()) == 40
    sealer.proves()


def test_a_row_that_can_t_be_read_is_sealed_as_that_and_stops_nothing(sealer: Sealer) -> None:
    at = sealer.at(0, 9)
    sealer.receipt("a", at)
    broken: list[dict[str, Any]] = [{"receipt": "no map"}, {"history": {"big": 10**20}}, {}]
    for number, said in enumerate(broken):
        key = RecordKey(f"record#{number}")
        assert sealer.store.write(Write(key, sets=said | settled(key, at))) is Written.YES

    assert sealer.tick(sealer.at(1, 1))["lines"] == 4
    assert sorted(line["key"] for _, line in sealer.lines() if line.get("unreadable")) == [
        "record#0",
        "record#1",
        "record#2",
    ]
    sealer.proves()


def test_an_object_that_was_changed_since_stops_the_chain_and_says_where(sealer: Sealer) -> None:
    sealer.receipt("a", sealer.at(0, 9))
    sealer.tick(sealer.at(1, 1))
    (name,) = [name for name in sealer.vault.objects if name.endswith(".jsonl")]
    sealer.vault.objects[name] = sealer.vault.objects[name].replace(b"deleted", b"delayed")

    with pytest.raises(ValueError, match="2026-11-23: the lines are not those that the seal is over"):
        sealer.tick(sealer.at(2, 1))


def test_a_seal_is_never_written_over_another_nor_after_another_predecessor(sealer: Sealer) -> None:
    sealer.receipt("a", sealer.at(0, 9))
    sealer.tick(sealer.at(2, 1))
    kept = sealer.store.get(key_of_day(DAYS[1]))

    sealer.tick(sealer.at(1, 1))  # a tick that comes late
    sealer.tick(sealer.at(2, 1))

    assert sealer.store.get(key_of_day(DAYS[1])) == kept
    known = Sealed.read(kept)
    assert known is not None
    assert known.seal.previous == sealer.sealed()[0].seal.head


def test_a_clock_that_was_set_back_seals_nothing_and_begins_no_second_chain(sealer: Sealer) -> None:
    sealer.receipt("a", sealer.at(1, 9))
    sealer.tick(sealer.at(2, 1))

    assert sealer.tick(sealer.at(1, 1))["sealed"] == 0
    assert [day.seal.day for day in sealer.sealed()] == [DAYS[1]]


def test_receipts_outlive_what_expires(sealer: Sealer) -> None:
    sealer.receipt("a", sealer.at(0, 9))
    sealer.tick(sealer.at(1, 1))

    items = [item for item in sealer.bench.records() if "receipt" in item or "seal" in item]
    assert len(items) == 2
    assert not [item for item in items if "expires_at" in item]


@pytest.fixture
def locked(sealer: Sealer) -> Iterator[tuple[Bucket, Any]]:
    """A bucket that locks its objects, and a client of its server."""
    with closing(sealer.bench.kit.servers.s3) as s3:
        locked_bucket(s3, name := f"evidence-{sealer.bench.secret}")
        yield Bucket(lambda: s3, name), s3


def test_what_is_sealed_lies_in_a_bucket_where_nobody_can_delete_it(sealer: Sealer, locked: tuple[Bucket, Any]) -> None:
    bucket, s3 = locked
    sealer.receipt("a", sealer.at(0, 9))
    assert sealer.tick(sealer.at(2, 1), bucket=bucket)["lines"] == 1

    (first, second) = chain(sealer.store, None, None)
    ((line,),) = [shard for shard in SealedDay.read(first.seal, bucket.get).shards if shard]
    assert json.loads(line)["key"] == "response#a"
    names = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket.name)["Contents"]}
    assert {f"{each.seal.day}/seal-{each.seal.head}.json" for each in (first, second)} < names
    for name in names:
        (version,) = s3.list_object_versions(Bucket=bucket.name, Prefix=name)["Versions"]
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=bucket.name, Key=name, VersionId=version["VersionId"])


def test_a_bucket_that_is_not_there_is_named_by_what_the_service_says(sealer: Sealer) -> None:
    with closing(sealer.bench.kit.servers.s3) as s3:
        with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
            Bucket(lambda: s3, "nowhere").put("name", b"content")
        with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
            Bucket(lambda: s3, "nowhere").get("name")


def test_a_tick_from_the_future_seals_no_day_that_is_not_over(sealer: Sealer) -> None:
    """A day that was sealed before it is over would never have the receipts that follow in a seal."""
    sealer.receipt("a", sealer.at(0, 8))
    sealer.bench.clock.advance(2 * DAY)

    assert sealer.tick_ahead(sealer.at(40))["sealed"] == 1

    sealer.receipt("b", sealer.at(2, 8))
    sealer.tick(sealer.at(3, 2))
    assert [(day, line["key"]) for day, line in sealer.lines()] == [(DAYS[0], "response#a"), (DAYS[2], "response#b")]
    sealer.proves()
