"""Erasing a person: what is registered for the person goes, whatever comes in between, and one summary says how."""

from typing import Any

import pytest

from ledger.agenda import text_of
from ledger.states import DELETED, HELD
from tests.support.kit import Kit
from tests.support.messages import again
from tests.support.observations import reasons
from tests.support.retention import Retention
from tests.support.seam import after, killed_before, passes, says, unseen

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
ENDS = ("deleted", "already_absent", "held", "dead_lettered", "pending")


@pytest.fixture
def all_(kit: Kit) -> Retention:
    return Retention(kit)


def erase(all_: Retention, person: str = "alice", **more: str) -> list[tuple[str, str | None]]:
    return all_.deliver("erase_subject", {"subject": person} | more)


def summaries(all_: Retention) -> list[dict[str, Any]]:
    return all_.results("erase_subject")


def records(all_: Retention) -> list[dict[str, Any]]:
    return [item for item in all_.deletions.records() if "begun_at" in item]


def look_again(all_: Retention) -> list[tuple[str, str | None]]:
    bench = all_.benches["erase_subject"]
    return bench.deliver(*bench.take_retry_messages()).ends


def test_what_is_registered_for_the_person_is_due_at_once_and_what_is_another_s_is_not(all_: Retention) -> None:
    all_.register("resp_1", "resp_2", subject=all_.person("alice"))
    all_.register("resp_3", subject=all_.person("bob"))
    all_.register("resp_4")
    all_.clock.advance(HOUR)

    assert erase(all_) == [("deferred", "pending")]

    now = text_of(all_.clock.now())
    assert [all_.record(name).due_at for name in ("resp_1", "resp_2")] == [now, now]
    assert all(str(all_.record(name).due_at) > now for name in ("resp_3", "resp_4"))
    assert not summaries(all_)


def test_one_summary_says_how_each_response_ended_and_adds_up(all_: Retention) -> None:
    alice, talk = all_.person("alice"), all_.keys.key("conversation", "conv_1")
    all_.register("resp_1", "resp_2", subject=alice)
    all_.register("resp_gone", subject=alice, conversation=talk)
    all_.register("resp_held", "resp_too", subject=alice, conversation=talk)
    all_.register("resp_bad", subject=alice)
    all_.deletions.client.delete("resp_gone", 30)
    all_.deliver("legal_hold", {"action": "place", "case": "case-7", "response_id": "resp_held"})
    all_.studio.fault(match={"id": "resp_bad", "method": "DELETE"}, status=422)

    erase(all_)
    all_.pass_time(HOUR)

    (said,) = summaries(all_)
    assert (said["found"], said["deleted"], said["already_absent"]) == (6, 3, 1)
    assert (said["held"], said["cases"], said["dead_lettered"], said["pending"]) == (1, ["case-7"], 1, 0)
    assert (said["conversations"], said["outcome"]) == (1, "complete")
    assert said["found"] == sum(said[end] for end in ENDS)
    assert all_.studio.stored() == ["resp_bad", "resp_held"]
    (record,) = records(all_)
    told = {name: next(iter(value.values())) for name, value in record["history"]["M"].items()}
    assert (told["kind"], told["of"], told["found"], told["ended_at"]) == ("erasure", alice, "6", said["ended_at"])
    assert "expires_at" not in record
    assert "alice" not in str(record)
    assert "resp_" not in str(record)


def test_it_looks_after_one_two_and_four_minutes_and_for_half_an_hour_at_the_least(all_: Retention) -> None:
    began = all_.clock.now()
    erase(all_)
    bench = all_.benches["erase_subject"]
    while not summaries(all_):
        all_.clock.advance(bench.delays()[-1])
        look_again(all_)

    assert bench.delays() == [60, 120, 240, 480, 900]
    assert summaries(all_)[0]["found"] == 0
    assert all_.clock.now() - began == 30 * MINUTE


@pytest.mark.draft(14)
def test_a_registration_that_arrives_late_is_caught_before_and_after_the_summary(all_: Retention) -> None:
    created = all_.clock.now()
    all_.clock.advance(MINUTE)
    erase(all_)
    all_.clock.advance(MINUTE)
    all_.register("resp_late", subject=all_.person("alice"), created_at=created)
    all_.register("resp_new", subject=all_.person("alice"))
    all_.pass_time(HOUR)
    all_.register("resp_later", subject=all_.person("alice"), created_at=created)
    all_.pass_time(MINUTE)

    assert all_.studio.stored() == ["resp_new"]
    due_at = all_.record("resp_later").receipt["due_at"]
    assert text_of(all_.clock.now() - 2 * MINUTE) <= due_at, "it is due since it was asked to go"
    (said,) = summaries(all_)
    assert (said["found"], said["deleted"]) == (1, 1)


@pytest.mark.draft(18)
@pytest.mark.parametrize(("asked", "gone"), [(-HOUR, ["resp_old"]), (DAY, ["resp_mid", "resp_old"])])
def test_what_was_created_after_the_request_or_after_its_message_stays(
    all_: Retention, asked: float, gone: list[str]
) -> None:
    all_.register("resp_old", subject=all_.person("alice"))
    all_.clock.advance(2 * HOUR)
    all_.register("resp_mid", subject=all_.person("alice"))
    all_.clock.advance(MINUTE)
    erase(all_, requested_at=text_of(all_.clock.now() + asked))
    all_.clock.advance(1)
    all_.register("resp_new", subject=all_.person("alice"))
    all_.pass_time(HOUR)

    assert sorted({"resp_old", "resp_mid", "resp_new"} - {*all_.studio.stored()}) == gone
    assert summaries(all_)[0]["found"] == len(gone)


@pytest.mark.draft(16)
def test_a_response_that_was_held_before_is_tried_again_before_it_counts_as_held(all_: Retention) -> None:
    hold = {"case": "c", "response_id": "resp_1"}
    all_.register("resp_1", subject=all_.person("alice"))
    all_.deliver("legal_hold", {"action": "place"} | hold)
    all_.clock.advance(1)
    all_.deliver("delete_response", {"response_id": "resp_1", "reason": "manual"})
    assert all_.record("resp_1").state == HELD
    all_.deletions.holds.release(all_.keys.key("response", "resp_1"), "c")

    erase(all_)
    all_.pass_time(HOUR)

    assert all_.record("resp_1").state == DELETED
    assert (summaries(all_)[0]["held"], summaries(all_)[0]["deleted"]) == (0, 1)


def test_what_is_held_is_deleted_by_itself_once_it_is_released(all_: Retention) -> None:
    all_.register("resp_1", subject=all_.person("alice"))
    all_.deliver("legal_hold", {"action": "place", "case": "c", "subject": "alice"})
    erase(all_)
    all_.pass_time(HOUR)
    assert (summaries(all_)[0]["held"], summaries(all_)[0]["cases"]) == (1, ["c"])

    all_.deliver("legal_hold", {"action": "release", "case": "c", "subject": "alice"})
    all_.pass_time(HOUR)

    assert all_.record("resp_1").state == DELETED
    assert all_.record("resp_1").reason == "erasure"


@pytest.mark.draft(17)
def test_two_deliveries_at_once_and_a_repeat_after_the_end_tell_of_one_summary(all_: Retention) -> None:
    all_.register("resp_1", subject=all_.person("alice"))
    bench = all_.benches["erase_subject"]
    first = bench.message({"subject": "alice", "erasure_id": "e-1"})
    bench.deliver(first)
    all_.pass_time(15 * MINUTE)
    waiting = bench.take_retry_messages()
    all_.clock.advance(HOUR)
    # The other one ends while this one has read the record, and has not written it.
    bench.ledger.arm("Query", after(lambda: bench.deliver(again(first))))

    bench.deliver(*waiting)
    bench.deliver(again(first))
    all_.pass_time(HOUR)

    assert len({str(said) for said in summaries(all_)}) == 1
    assert len(records(all_)) == 1


STEPS = [("UpdateItem", nth) for nth in range(4)] + [("TransactWriteItems", 0), ("Query", 0), ("GetItem", 1)]


@pytest.mark.parametrize("fault", [killed_before, unseen])
@pytest.mark.parametrize(("operation", "nth"), STEPS)
def test_an_erasure_that_is_cut_off_anywhere_ends_in_one_summary_once_it_returns(
    all_: Retention, operation: str, nth: int, fault: Any
) -> None:
    all_.register("resp_1", "resp_2", subject=all_.person("alice"))
    bench = all_.benches["erase_subject"]
    first = bench.message({"subject": "alice"})
    bench.ledger.arm(operation, *[passes] * nth, fault)
    bench.deliver(first)
    bench.ledger.reset()

    bench.deliver(again(first))
    all_.pass_time(HOUR)

    assert [said["deleted"] for said in summaries(all_)] == [2]
    assert not all_.studio.stored()


def test_an_index_that_lags_by_a_minute_hides_nothing(all_: Retention) -> None:
    all_.register("resp_1", subject=all_.person("alice"))
    bench = all_.benches["erase_subject"]
    bench.ledger.arm("Query", says({"Items": [], "Count": 0}))

    erase(all_)
    assert all_.record("resp_1").asked == frozenset()
    all_.pass_time(HOUR)

    assert all_.record("resp_1").state == DELETED
    assert summaries(all_)[0]["deleted"] == 1


def test_the_last_look_goes_by_the_records_and_not_by_an_index_that_is_behind(all_: Retention) -> None:
    all_.register("resp_1", subject=all_.person("alice"))
    stale = all_.deletions.records()
    erase(all_)
    all_.pass_time(25 * MINUTE)
    all_.clock.advance(30 * MINUTE)
    bench = all_.benches["erase_subject"]
    bench.ledger.arm("Query", says({"Items": [each for each in stale if "subject" in each], "Count": 1}))

    look_again(all_)

    assert [(said["deleted"], said["pending"]) for said in summaries(all_)] == [(1, 0)]


def test_a_look_that_has_no_time_left_goes_on_where_it_stopped(all_: Retention) -> None:
    names = [f"resp_{number:03d}" for number in range(130)]
    all_.register(*names, subject=all_.person("alice"))
    bench = all_.benches["erase_subject"]
    bench.ledger.arm("Query", after(lambda: all_.clock.advance(40)))

    assert erase(all_) == [("deferred", "pending")]
    assert bench.delays() == [1]
    assert sum("erasure" in all_.record(name).asked for name in names) == 100
    all_.clock.advance(1)
    look_again(all_)

    assert all("erasure" in all_.record(name).asked for name in names)
    (record,) = records(all_)
    assert (record["looks"], "walk" in record) == ({"N": "1"}, False)


def test_an_erasure_that_is_pending_after_a_week_ends_and_says_so(all_: Retention) -> None:
    all_.register("resp_1", subject=all_.person("alice"))
    bench = all_.benches["erase_subject"]
    erase(all_)
    for _ in range(8):  # nothing sweeps
        all_.clock.advance(DAY)
        if waiting := bench.take_retry_messages():
            bench.deliver(*waiting)

    (said,) = summaries(all_)
    assert (said["outcome"], said["found"], said["pending"]) == ("incomplete", 1, 1)
    assert reasons(bench.dead_letters()) == []


@pytest.mark.parametrize("skew", [-300.0, 300.0])
def test_a_clock_that_is_wrong_by_five_minutes_loses_nothing(all_: Retention, skew: float) -> None:
    all_.register("resp_1", subject=all_.person("alice"))
    bench = all_.benches["erase_subject"]
    other = all_.clock.skewed(skew)
    bench.deliver(bench.message({"subject": "alice"}), clock=other)
    for _ in range(12):
        all_.clock.advance(10 * MINUTE)
        all_.sweep()
        if waiting := all_.deletions.take_retry_messages():
            all_.deletions.deliver(*waiting)
        if waiting := bench.take_retry_messages():
            bench.deliver(*waiting, clock=other)

    assert [said["deleted"] for said in summaries(all_)] == [1]


def test_an_id_that_stands_for_another_person_s_erasure_is_refused(all_: Retention) -> None:
    erase(all_, erasure_id="e-1")

    assert erase(all_, "bob", erasure_id="e-1") == [("dead_lettered", "invalid_message")]
    assert not all_.benches["erase_subject"].record_at(all_.person("bob")).erased_at


def test_a_later_erasure_of_an_earlier_request_leaves_the_later_bound(all_: Retention) -> None:
    erase(all_)
    bound = all_.benches["erase_subject"].record_at(all_.person("alice")).erased_at
    all_.clock.advance(HOUR)

    erase(all_, requested_at="2026-01-01T00:00:00Z")

    assert all_.benches["erase_subject"].record_at(all_.person("alice")).erased_at == bound
    assert len(records(all_)) == 2


def test_no_result_and_no_log_line_names_the_person_or_a_response(all_: Retention) -> None:
    all_.register("resp_planted", subject=all_.person("alice-planted"))
    erase(all_, "alice-planted", erasure_id="e-planted")
    all_.pass_time(HOUR)

    bench = all_.benches["erase_subject"]
    assert "planted" not in str(bench.results()) + str(bench.log) + str(records(all_))
