"""Holes of the first draft of retention that one function alone does not show (tests/README.md)."""

import pytest

from ledger.agenda import text_of
from ledger.states import DELETED, HELD
from tests.support.kit import Kit
from tests.support.messages import again
from tests.support.retention import Retention
from tests.support.seam import killed_after

HOUR, DAY = 3_600.0, 86_400.0


@pytest.fixture
def all_(kit: Kit) -> Retention:
    return Retention(kit)


@pytest.mark.draft(1)
def test_a_look_that_is_put_off_leaves_the_deletion_s_numbers_as_they_are(all_: Retention) -> None:
    all_.register("resp_1", until=all_.clock.now(), verify_after=HOUR)
    all_.clock.advance(1)
    all_.deliver("delete_response", {"response_id": "resp_1"})
    before = all_.record("resp_1")
    all_.clock.advance(HOUR)
    all_.studio.fault(match={"id": "resp_1", "method": "GET"}, status=429, times=3)

    assert all_.deliver("verify_deletion", {"response_id": "resp_1"}) == [("deferred", "throttled")]

    after = all_.record("resp_1")
    assert (after.state, after.watermark, after.marked_at) == (DELETED, before.watermark, before.marked_at)


@pytest.mark.draft(2)
@pytest.mark.draft(4)
def test_what_is_not_due_for_a_year_is_sent_once_in_that_year(all_: Retention) -> None:
    all_.register("resp_1", until=all_.clock.now() + 365 * DAY)
    all_.clock.advance(1)

    assert all_.deliver("delete_response", {"response_id": "resp_1"}) == [("done", "scheduled")]

    for _ in range(12):
        all_.clock.advance(30 * DAY)
        assert all_.sweep()["found"] == 0
    all_.clock.advance(5 * DAY)
    assert all_.sweep()["sent"] == 1
    assert all_.work() == [("done", "deleted")]


@pytest.mark.draft(8)
def test_what_is_held_for_a_person_whom_only_a_message_named_goes_after_the_release(all_: Retention) -> None:
    all_.studio.seed("resp_1")
    all_.deliver("legal_hold", {"action": "place", "case": "c", "subject": "alice"})
    all_.clock.advance(1)
    all_.deliver("delete_response", {"response_id": "resp_1", "subject": "alice", "reason": "manual"})
    assert all_.record("resp_1").state == HELD

    all_.deliver("legal_hold", {"action": "release", "case": "c", "subject": "alice"})
    all_.pass_time(HOUR)

    assert all_.studio.stored() == []


@pytest.mark.draft(9)
@pytest.mark.parametrize("of", [{"response_id": "resp_1"}, {"subject": "alice"}])
def test_a_release_that_is_killed_before_its_walk_makes_due_what_it_kept_once_it_returns(
    all_: Retention, of: dict[str, str]
) -> None:
    all_.register("resp_1", subject=all_.person("alice"))
    all_.deliver("legal_hold", {"action": "place", "case": "c"} | of)
    all_.clock.advance(1)
    all_.deliver("delete_response", {"response_id": "resp_1", "reason": "manual"})
    bench = all_.benches["legal_hold"]
    release = bench.message({"action": "release", "case": "c"} | of)
    bench.ledger.arm("TransactWriteItems", killed_after)
    bench.deliver(release)
    bench.ledger.reset()
    assert all_.record("resp_1").due_at == text_of(all_.clock.now() + 30 * DAY)

    bench.deliver(again(release))

    assert all_.record("resp_1").due_at == text_of(all_.clock.now())


@pytest.mark.draft(13)
def test_an_earlier_registration_that_was_sent_again_lately_stays_the_earlier_one(all_: Retention) -> None:
    bench = all_.benches["register_response"]
    begun, early, late = all_.clock.now(), text_of(all_.clock.now() + DAY), text_of(all_.clock.now() + 9 * DAY)
    all_.clock.advance(60)
    bench.deliver(bench.message({"response_id": "resp_1", "delete_after": late}))
    all_.clock.advance(60)

    bench.deliver(bench.retry_message({"response_id": "resp_1", "delete_after": early}, sent_at=begun, copy=1))

    assert all_.record("resp_1").due_at == late


@pytest.mark.draft(25)
def test_a_part_of_the_agenda_that_is_full_does_not_starve_the_others(all_: Retention) -> None:
    names = [f"resp_{number}" for number in range(20)]
    all_.register(*names, until=all_.clock.now())
    first = [name for name in names if all_.record(name).due_shard == "due#00"]
    all_.clock.advance(1)
    all_.settings = {"SWEEP_BACKLOG": "1"}  # each sweep sends a page and stops
    for seed in range(30):
        # In the first part there is always something due.
        all_.register(*first, sent_at=9_000_000_000_000 + seed, until=all_.clock.now() - seed)
        all_.sweep(seed=seed)
        all_.kit.sqs.purge_queue(QueueUrl=all_.deletions.own)

    now = text_of(all_.clock.now())
    assert {name for name in names if str(all_.record(name).due_at) <= now} <= {*first}


@pytest.mark.draft(27)
def test_the_date_that_stands_registered_again_under_a_lease_sends_no_second_message(all_: Retention) -> None:
    date = all_.clock.now() + HOUR
    all_.register("resp_1", until=date)
    all_.clock.advance(2 * HOUR)
    assert all_.sweep()["sent"] == 1

    all_.register("resp_1", until=date)

    assert all_.sweep()["found"] == 0


@pytest.mark.parametrize("skew", [-300.0, 300.0])
def test_a_sweep_whose_clock_is_wrong_by_five_minutes_deletes_nothing_before_its_date(
    all_: Retention, skew: float
) -> None:
    date = all_.clock.now() + 1_000
    all_.register("resp_1", until=date)
    other = all_.clock.skewed(skew)
    while all_.studio.stored():
        all_.clock.advance(200)
        all_.sweep(clock=other)
        all_.work()
        assert all_.studio.stored() or all_.clock.now() >= date

    assert all_.clock.now() <= date + 300 + HOUR + 200, "it is late by the skew and a lease at the most"


def test_a_record_of_a_message_that_outlives_its_expiry_answers_nothing_any_more(all_: Retention) -> None:
    """The table removes what has expired only days later; an erasure's own record does not expire."""
    all_.register("resp_1", subject=all_.person("alice"))
    all_.deliver("erase_subject", {"subject": "alice", "erasure_id": "e"})
    all_.pass_time(HOUR)
    all_.register("resp_2", subject=all_.person("alice"))
    all_.clock.advance(36 * DAY)

    ends = all_.deliver("erase_subject", {"subject": "alice", "erasure_id": "e"})

    assert ends == [("done", "done")]
    assert [said["found"] for said in all_.results("erase_subject")] == [1, 1], "the summary that the record keeps"
    assert "resp_2" in all_.studio.stored()
