"""Deletions with dates: up to 15 minutes ahead they wait in the queue, beyond that on the record's agenda."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from ledger.agenda import text_of
from ledger.states import DELETED, WAITING
from tests.integration.steps import DELETE, Ends, throttle
from tests.support.kit import Kit
from tests.support.messages import Entry, again
from tests.support.observations import reasons
from tests.support.retention import Retention
from tests.support.seam import Action, Crash, killed_after, killed_before, passes, refused

HOUR, DAY = 3_600.0, 86_400.0


@pytest.fixture
def all_(kit: Kit) -> Retention:
    found = Retention(kit, ["delete_response", "register_response"])
    found.studio.seed("resp_1")
    return found


def dated(all_: Retention, ahead: float = 3 * DAY, **more: object) -> Entry:
    date = datetime.fromtimestamp(all_.clock.now() + ahead, UTC).isoformat()
    return all_.deletions.message({"response_id": "resp_1", "not_before": date, **more})


def now(all_: Retention) -> Entry:
    return all_.deletions.message({"response_id": "resp_1"})


def deliver(all_: Retention, *messages: Entry) -> Ends:
    return all_.deletions.deliver(*messages).ends


def test_a_deletion_with_a_date_is_registered_and_nothing_waits_in_the_queue(all_: Retention) -> None:
    until = text_of(all_.clock.now() + 3 * DAY)

    assert deliver(all_, dated(all_)) == [("done", "scheduled")]

    record = all_.record("resp_1")
    assert (record.state, record.delete_after, record.due_at, record.due_for) == (WAITING, until, until, "delete")
    assert (record.response_id, record.asked) == ("resp_1", frozenset())
    assert (all_.deletions.retry_messages(), all_.deletions.calls()) == ([], 0)
    assert all_.results("delete_response") == [{"outcome": "scheduled", "delete_after": until, "reason": "retention"}]


@pytest.mark.parametrize("days", [1, 8, 90, 365 * 180])
def test_however_far_ahead_the_date_is_the_sweep_sends_the_deletion_when_it_has_come(
    all_: Retention, days: int
) -> None:
    deliver(all_, dated(all_, days * DAY))
    all_.clock.advance(days * DAY - 1)
    all_.sweep()
    assert all_.work() == []

    all_.clock.advance(1)
    all_.sweep()

    assert all_.work() == [("done", "deleted")]
    assert all_.studio.stored() == []


def test_the_reason_of_a_deletion_with_a_date_counts_from_then_and_is_on_its_receipt(all_: Retention) -> None:
    deliver(all_, dated(all_, reason="manual", subject="alice"))
    all_.pass_time(3 * DAY, step=DAY)

    record = all_.record("resp_1")
    assert (record.state, record.receipt["reason"], record.receipt["subject"]) == (
        DELETED,
        "manual",
        all_.person("alice"),
    )
    assert all_.results("delete_response")[-1]["reason"] == "manual"


def test_what_continues_the_response_goes_after_it_where_the_message_with_the_date_says_so(all_: Retention) -> None:
    all_.register("resp_2", until=all_.clock.now() + 30 * DAY, previous="resp_1")
    deliver(all_, dated(all_, cascade=True))
    assert all_.record("resp_2").asked == frozenset()

    all_.pass_time(3 * DAY + HOUR, step=DAY)
    all_.pass_time(HOUR)

    assert all_.studio.stored() == []


def test_a_message_with_a_date_that_returns_after_it_asks_for_nothing_but_that_date(all_: Retention) -> None:
    first = dated(all_, HOUR, reason="manual")
    assert deliver(all_, first) == [("done", "scheduled")]
    all_.clock.advance(2 * HOUR)
    until = all_.clock.now() + 30 * DAY
    all_.register("resp_1", until=until)

    assert deliver(all_, again(first)) == [("done", "scheduled")]

    assert (all_.record("resp_1").asked, all_.record("resp_1").due_at) == (frozenset(), text_of(until))
    all_.clock.advance(1)
    all_.register("resp_1", until=until + DAY)
    assert all_.record("resp_1").due_at == text_of(until + DAY)


@pytest.mark.parametrize("later_first", [False, True])
@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "across batches"])
def test_of_two_dates_the_one_that_was_sent_later_stands(all_: Retention, *, later_first: bool, together: bool) -> None:
    early = dated(all_, DAY)
    all_.clock.advance(1)
    later = dated(all_, 5 * DAY)
    until = text_of(all_.clock.now() + 5 * DAY)
    order = [later, early] if later_first else [early, later]

    ends = [end for batch in ([order] if together else [[each] for each in order]) for end in deliver(all_, *batch)]

    assert ends == [("done", "scheduled")] * 2
    assert (all_.record("resp_1").delete_after, all_.record("resp_1").due_at) == (until, until)
    assert all_.deletions.retry_messages() == []


def test_of_a_hundred_and_one_dates_of_a_key_in_a_batch_one_stands_and_no_queue_waits(all_: Retention) -> None:
    messages = [dated(all_, HOUR + n) for n in range(101)]

    assert deliver(all_, *messages) == [("done", "scheduled")] * 101
    assert all_.deletions.retry_messages() == []
    all_.pass_time(2 * HOUR)
    assert all_.studio.stored() == []


@pytest.mark.parametrize("dated_first", [True, False])
def test_a_retention_message_of_the_batch_waits_for_the_date_as_well(all_: Retention, *, dated_first: bool) -> None:
    messages = [dated(all_), now(all_)] if dated_first else [now(all_), dated(all_)]

    assert deliver(all_, *messages) == [("done", "scheduled")] * 2
    assert all_.deletions.calls() == 0


def test_an_erasure_of_the_batch_waits_for_no_date(all_: Retention) -> None:
    erasure = all_.deletions.message({"response_id": "resp_1", "reason": "erasure"})

    assert deliver(all_, erasure, dated(all_)) == [("done", "deleted")] * 2
    assert all_.record("resp_1").due_shard is None


def test_a_date_given_after_an_erasure_was_asked_for_puts_nothing_off(all_: Retention) -> None:
    throttle(all_.deletions)
    assert all_.deliver("delete_response", {"response_id": "resp_1", "reason": "erasure"}) == [
        ("deferred", "throttled")
    ]
    all_.clock.advance(1)
    deliver(all_, dated(all_))

    assert all_.record("resp_1").due_at == text_of(all_.clock.now())
    assert all_.work() == [("done", "deleted")]


def test_a_date_that_arrives_behind_a_retry_message_counts_for_that_as_well(all_: Retention) -> None:
    throttle(all_.deletions)
    assert deliver(all_, now(all_)) == [("deferred", "throttled")]
    all_.clock.advance(1)

    assert deliver(all_, dated(all_)) == [("done", "scheduled")]
    all_.clock.advance(900)

    assert all_.work() == [("done", "scheduled")]
    all_.pass_time(3 * DAY, step=DAY)
    assert all_.studio.stored() == []


def test_a_date_survives_a_dead_letter_and_a_hold_of_another_message(all_: Retention) -> None:
    all_.studio.fault(match=DELETE, status=400)
    assert deliver(all_, now(all_)) == [("dead_lettered", "rejected")]
    key = all_.keys.key("response", "resp_1")
    all_.deletions.holds.place(key, "case-1", all_.clock.now())
    assert deliver(all_, now(all_)) == [("done", "held")]

    assert deliver(all_, dated(all_)) == [("done", "scheduled")]
    all_.deletions.holds.release(key, "case-1")
    all_.pass_time(3 * DAY, step=DAY)

    assert all_.studio.stored() == []


def test_whom_a_message_with_a_date_names_is_held_for(all_: Retention) -> None:
    deliver(all_, dated(all_, subject="alice"))
    all_.deletions.holds.place(all_.person("alice"), "case-1", all_.clock.now())
    all_.clock.advance(3 * DAY)
    all_.sweep()

    assert all_.work() == [("done", "held")]


def test_a_message_with_a_date_that_comes_back_ends_as_it_did_and_tells_it_once(all_: Retention) -> None:
    message = dated(all_)
    assert deliver(all_, message) == deliver(all_, again(message)) == [("done", "scheduled")]
    assert len({result["id"] for result in all_.deletions.results()}) == 1

    all_.pass_time(3 * DAY, step=DAY)

    assert deliver(all_, again(message)) == [("done", "deleted")]


@pytest.mark.parametrize("write", range(2))
@pytest.mark.parametrize("killed", [killed_before, killed_after, refused])
def test_wherever_the_ledger_or_the_process_fails_the_message_comes_back_and_its_date_stands(
    all_: Retention, write: int, killed: Action
) -> None:
    message = dated(all_)
    all_.deletions.ledger.arm("UpdateItem", *[passes] * write, killed)
    with suppress(Crash):
        all_.deletions.deliver(message)

    assert deliver(all_, again(message)) == [("done", "scheduled")]
    assert all_.deletions.retry_messages() == []
    assert all_.record("resp_1").due_at == all_.record("resp_1").delete_after


def test_a_message_with_a_date_is_not_multiplied_by_a_neighbour_that_can_t_be_settled(all_: Retention) -> None:
    batch = [dated(all_), dated(all_, 4 * DAY), all_.deletions.message("x" * 262_000)]
    for _ in range(5):
        assert not all_.deletions.deliver(*batch).acknowledged
        batch = [again(message) for message in batch]

    assert all_.deletions.retry_messages() == []


def test_a_person_for_whom_the_record_has_no_room_is_told_and_stops_no_deletion(all_: Retention) -> None:
    for n in range(100):
        all_.register("resp_1", subject=all_.person(f"person {n}"))

    assert deliver(all_, dated(all_, subject="another")) == [("dead_lettered", "too_many_subjects")]
    said = {"response_id": "resp_1", "subject": "another", "delete_after": "2027-01-01T00:00:00Z"}
    assert all_.deliver("register_response", said) == [("dead_lettered", "too_many_subjects")]
    for bench in all_.benches.values():
        assert reasons(bench.dead_letters()) == ["too_many_subjects"]
    all_.pass_time(10 * DAY, step=DAY)
    assert all_.studio.stored() == []


def test_a_date_within_fifteen_minutes_waits_in_the_queue(all_: Retention) -> None:
    assert deliver(all_, dated(all_, 900)) == [("deferred", None)]
    assert (all_.deletions.delays(), all_.record("resp_1").due_shard) == ([900], None)

    all_.clock.advance(900)

    assert all_.work() == [("done", "deleted")]


def test_of_two_dates_within_fifteen_minutes_one_retry_message_waits_for_the_first(all_: Retention) -> None:
    assert deliver(all_, dated(all_, 600), dated(all_, 300)) == [("deferred", None)] * 2
    assert all_.deletions.delays() == [300]

    all_.clock.advance(300)

    assert all_.work() == [("done", "deleted")]
