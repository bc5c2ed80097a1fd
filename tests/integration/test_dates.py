"""Deletions of registered responses: they wait for the date that stands, and holds and dead letters come back."""

import pytest

from documents import Written
from ledger import Ledger, Record, Write
from ledger.agenda import text_of
from ledger.registration import Registration
from ledger.states import DEAD_LETTERED, DELETED, HELD, WAITING
from retention.registering import registered
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.seam import unseen

HOUR, DAY = 3_600.0, 86_400.0


@pytest.fixture
def bench(deletions: Bench) -> Bench:
    deletions.studio.seed("resp_1")
    return deletions


def register(bench: Bench, until: float, sent: int = 0) -> None:
    now = bench.clock.now()
    said = Registration("resp_1", round(now * 1000) + sent, f"h{sent}", delete_after=until)
    registered(said, Ledger(bench.kit.spectator, bench.table), bench.keys, now)


def record(bench: Bench) -> Record:
    return bench.record("resp_1")


def deliver(bench: Bench, reason: str = "retention") -> list[tuple[str, str | None]]:
    return bench.deliver(bench.message({"response_id": "resp_1", "reason": reason})).ends


def test_a_retention_message_before_the_date_ends_as_scheduled_and_calls_nothing(bench: Bench) -> None:
    until = bench.clock.now() + DAY
    register(bench, until)

    assert deliver(bench) == [("done", "scheduled")]
    assert bench.calls("resp_1") == 0
    assert (record(bench).state, record(bench).due_at) == (WAITING, text_of(until))
    (result,) = bench.results()
    assert (result["data"]["outcome"], result["data"]["delete_after"]) == ("scheduled", text_of(until))


def test_when_the_date_has_come_it_is_deleted(bench: Bench) -> None:
    register(bench, bench.clock.now() + DAY)
    deliver(bench)
    bench.clock.advance(DAY)

    assert deliver(bench) == [("done", "deleted")]
    assert (record(bench).state, record(bench).due_shard) == (DELETED, None)


def test_a_policy_that_was_lengthened_after_the_message_was_sent_counts(bench: Bench) -> None:
    register(bench, bench.clock.now() + HOUR)
    bench.clock.advance(2 * HOUR)
    sent = bench.message({"response_id": "resp_1"})
    register(bench, bench.clock.now() + DAY, sent=1)

    assert bench.deliver(sent).ends == [("done", "scheduled")]
    assert bench.calls("resp_1") == 0


def test_a_policy_that_was_shortened_after_the_message_was_sent_counts(bench: Bench) -> None:
    register(bench, bench.clock.now() + DAY)
    sent = bench.message({"response_id": "resp_1"})
    register(bench, bench.clock.now() - HOUR, sent=1)

    assert bench.deliver(sent).ends == [("done", "deleted")]


def test_any_other_reason_goes_without_regard_to_the_date(bench: Bench) -> None:
    register(bench, bench.clock.now() + DAY)

    assert deliver(bench, reason="erasure") == [("done", "deleted")]


def test_who_asked_before_has_a_later_retention_message_go_at_once(bench: Bench) -> None:
    register(bench, bench.clock.now() + DAY)
    store = Ledger(bench.kit.spectator, bench.table)
    assert store.write(Write(record(bench).key, sets={}, adds={"asked": {"manual"}})) is Written.YES

    assert deliver(bench) == [("done", "deleted")]


def test_a_registration_that_comes_between_the_read_and_the_end_is_obeyed(bench: Bench) -> None:
    register(bench, bench.clock.now() + DAY)

    def meanwhile(request: object, send: object) -> None:
        register(bench, bench.clock.now() - HOUR, sent=1)

    bench.ledger.arm("UpdateItem", meanwhile)

    assert deliver(bench) == [("deferred", None)]
    assert bench.deliver(*bench.take_retry_messages()).ends == [("done", "deleted")]


def test_who_asks_between_the_read_and_the_end_is_not_put_off(bench: Bench) -> None:
    register(bench, bench.clock.now() + DAY)
    first = bench.message({"response_id": "resp_1"})

    def meanwhile(request: object, send: object) -> None:
        store = Ledger(bench.kit.spectator, bench.table)
        assert store.write(Write(record(bench).key, sets={}, adds={"asked": {"manual"}})) is Written.YES

    bench.ledger.arm("UpdateItem", meanwhile)

    assert bench.deliver(first).ends == [("deferred", None)]
    assert bench.deliver(*bench.take_retry_messages()).ends == [("done", "deleted")]


def test_a_hold_that_is_released_before_its_end_is_written_down_brings_no_batch_back(bench: Bench) -> None:
    held, neighbour = (bench.message({"response_id": name}) for name in ("resp_1", "resp_2"))
    bench.studio.seed("resp_2")
    key = bench.keys.key("response", "resp_1")
    bench.holds.place(key, "case-1", bench.clock.now())

    def meanwhile(request: object, send: object) -> None:
        bench.holds.release(key, "case-1")

    bench.ledger.arm("TransactWriteItems", meanwhile)

    delivered = bench.deliver(held, neighbour)

    assert (sorted(map(str, delivered.ends)), delivered.acknowledged) == (
        ["('deferred', None)", "('done', 'deleted')"],
        True,
    )
    assert bench.deliver(*bench.take_retry_messages()).ends == [("done", "deleted")]


def test_a_message_that_was_told_scheduled_is_told_so_again_and_a_later_one_asks_anew(bench: Bench) -> None:
    register(bench, bench.clock.now() + DAY)
    first = bench.message({"response_id": "resp_1"})

    assert bench.deliver(first).ends == bench.deliver(again(first)).ends == [("done", "scheduled")]
    assert len({result["id"] for result in bench.results()}) == 1
    bench.clock.advance(DAY)
    assert deliver(bench) == [("done", "deleted")]


def test_a_scheduled_end_whose_answer_is_lost_is_written_once_the_message_returns(bench: Bench) -> None:
    register(bench, bench.clock.now() + DAY)
    first = bench.message({"response_id": "resp_1"})
    bench.ledger.arm("UpdateItem", unseen)

    assert bench.deliver(first).ends == [("unsettled", "ledger")]
    assert bench.deliver(again(first)).ends == [("done", "scheduled")]


@pytest.mark.parametrize("registered_before", [True, False])
def test_a_held_response_is_on_the_agenda_with_its_id_and_with_whose_hold_it_is(
    bench: Bench, registered_before: bool
) -> None:
    if registered_before:
        register(bench, bench.clock.now())
    key = bench.keys.key("response", "resp_1")
    bench.holds.place(key, "case-1", bench.clock.now())

    assert deliver(bench) == [("done", "held")]
    held = record(bench)
    assert (held.state, held.held_by, held.response_id) == (HELD, key, "resp_1")
    assert held.due_at == text_of(bench.clock.now() + 30 * DAY)


def test_a_response_that_a_persons_hold_keeps_says_so(bench: Bench) -> None:
    person = bench.keys.key("subject", "user-1")
    bench.holds.place(person, "case-1", bench.clock.now())

    bench.deliver(bench.message({"response_id": "resp_1", "subject": "user-1"}))

    assert record(bench).held_by == person


def test_a_hold_that_is_released_before_the_end_is_written_keeps_nothing(bench: Bench) -> None:
    key = bench.keys.key("response", "resp_1")
    bench.holds.place(key, "case-1", bench.clock.now())

    def released(request: object, send: object) -> None:
        bench.holds.release(key, "case-1")

    bench.ledger.arm("UpdateItem", released)
    bench.deliver(bench.message({"response_id": "resp_1"}))
    bench.deliver(*bench.take_retry_messages())

    assert record(bench).state == DELETED


def test_after_a_deletion_nothing_says_any_more_that_it_was_held(bench: Bench) -> None:
    key = bench.keys.key("response", "resp_1")
    bench.holds.place(key, "case-1", bench.clock.now())
    deliver(bench)
    bench.holds.release(key, "case-1")
    bench.clock.advance(60)

    assert deliver(bench) == [("done", "deleted")]
    assert (record(bench).held_by, record(bench).due_at, record(bench).response_id) == (None, None, None)


@pytest.mark.parametrize("is_registered", [True, False])
def test_what_is_dead_lettered_comes_due_again_in_a_week_if_it_is_registered(bench: Bench, is_registered: bool) -> None:
    if is_registered:
        register(bench, bench.clock.now())
    bench.studio.fault(match={"id": "resp_1"}, status=422)

    assert deliver(bench) == [("dead_lettered", "rejected")]
    assert record(bench).state == DEAD_LETTERED
    assert record(bench).due_at == (text_of(bench.clock.now() + 7 * DAY) if is_registered else None)


def test_a_scheduled_response_can_be_dead_lettered_by_a_message_that_does_not_wait(bench: Bench) -> None:
    register(bench, bench.clock.now() + DAY)
    asked = bench.message({"response_id": "resp_1", "reason": "manual"})
    bench.studio.fault(match={"id": "resp_1"}, status=422)

    def meanwhile(request: object, send: object) -> None:
        bench.ledger.reset()
        deliver(bench)

    bench.ledger.arm("UpdateItem", meanwhile)

    assert bench.deliver(asked).ends == [("dead_lettered", "rejected")]
    assert record(bench).state == DEAD_LETTERED
