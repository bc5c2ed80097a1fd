"""A hold keeps a response, whoever named its subject and when, and ends only the messages that it kept."""

from documents.reads import READ_AT_ONCE
from ledger import RecordKey
from tests.integration.steps import DELETE, delete, deletion, throttle
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.seam import after

DAY = 86_400


def hold(bench: Bench, name: str = "") -> RecordKey:
    record_key = bench.keys.key("subject", name) if name else bench.keys.key("response", "resp_1")
    bench.holds.place(record_key, "case-1", bench.clock.now())
    return record_key


def test_a_hold_on_a_person_whom_only_the_last_message_of_a_large_batch_names_keeps_the_response(stored: Bench) -> None:
    hold(stored, "alice")
    others = [stored.message({"response_id": f"other_{number}"}) for number in range(READ_AT_ONCE)]
    of_alice = stored.message({"response_id": "resp_1", "subject": "alice"})

    ends = stored.deliver(deletion(stored), *others, of_alice).ends

    assert ends.count(("done", "held")) == 2
    assert stored.studio.stored() == ["resp_1"]


def test_whoever_is_named_is_kept_where_a_dead_letter_was_refused(stored: Bench) -> None:
    of_alice = stored.message({"response_id": "resp_2", "subject": "alice"})
    later = deletion(stored, "resp_2")

    def another_finds_it_absent() -> None:
        assert stored.deliver(later).ends == [("done", "already_absent")]

    stored.studio.fault(match=DELETE, status=400)
    stored.ledger.arm("UpdateItem", after(another_finds_it_absent))
    assert stored.deliver(of_alice).ends == [("done", "already_absent")]
    hold(stored, "alice")
    stored.studio.seed("resp_2")
    stored.clock.advance(100)

    assert delete(stored, "resp_2") == [("done", "held")]
    assert stored.studio.stored() == ["resp_1", "resp_2"]


def test_the_window_of_a_hold_counts_from_before_its_read(stored: Bench) -> None:
    def read_slowly(*_: object) -> None:
        stored.clock.advance(8)

    def placed_during_the_first_call() -> None:
        hold(stored)
        stored.clock.advance(3)

    stored.studio.seed("resp_2")
    stored.ledger.arm("BatchGetItem", read_slowly)
    stored.hooks.before.append(placed_during_the_first_call)

    delivered = stored.deliver(deletion(stored, "resp_2"), deletion(stored))

    assert sorted(delivered.ends) == [("done", "deleted"), ("done", "held")]
    assert stored.studio.stored() == ["resp_1"]


def test_each_time_that_a_key_is_held_is_a_result_of_its_own(stored: Bench) -> None:
    hold(stored)
    first = deletion(stored)
    stored.deliver(first)
    stored.deliver(again(first))
    stored.clock.advance(60)
    delete(stored)

    assert len(stored.results()) == 3
    assert len({each["id"] for each in stored.results()}) == 2


def test_a_result_says_nothing_of_earlier_messages_of_its_key(stored: Bench) -> None:
    hold(stored, "alice")
    asked = {"response_id": "resp_1", "subject": "alice", "requested_at": "2026-11-01T00:00:00Z"}
    stored.deliver(stored.message(asked))
    stored.holds.release(stored.keys.key("subject", "alice"), "case-1")
    stored.clock.advance(60)
    plain = deletion(stored)
    stored.deliver(plain)
    stored.deliver(again(plain))

    held, *deleted = (each["data"] for each in stored.results())
    assert set(held) == {"outcome", "reason", "requested_at", "subject"}
    assert deleted == [{"outcome": "deleted", "reason": "retention"}] * 2


def test_a_record_names_a_hundred_people_and_one_more_is_dead_lettered(stored: Bench) -> None:
    throttle(stored, times=50)
    batch = [stored.message({"response_id": "resp_1", "subject": f"person-{n}"}) for n in range(101)]

    delivered = stored.deliver(*batch)

    assert delivered.ends.count(("deferred", "throttled")) == 100
    assert delivered.ends.count(("dead_lettered", "too_many_subjects")) == 1
    assert len(stored.record("resp_1").subjects) == 100
    late = stored.message({"response_id": "resp_1", "subject": "person-102"})
    assert stored.deliver(late).ends == [("dead_lettered", "too_many_subjects")]
    assert stored.record_of_message(late["details"]["message"]["message_id"]).reason == "too_many_subjects"
    stored.studio.clear_faults()
    hold(stored, "person-7")
    stored.clock.advance(900)
    assert stored.deliver(*stored.take_retry_messages()).ends == [("done", "held")]


def test_the_strongest_reason_of_a_batch_is_on_the_receipt(stored: Bench) -> None:
    erasure = stored.message({"response_id": "resp_1", "reason": "erasure"})
    stored.clock.advance(1)

    stored.deliver(erasure, deletion(stored))

    assert stored.record("resp_1").reason == "erasure"
