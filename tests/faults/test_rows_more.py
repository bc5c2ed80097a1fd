"""Rows 24, 28, 29, 33 and 34 of the fault matrix: clocks, redrive, holds, older messages, and a quota that is too small."""

import json

import pytest

from tests.faults.steps import DELETE, POST, delete, deletion, question
from tests.support.bench import Bench
from tests.support.clock import START as SENT
from tests.support.messages import again, entry
from tests.support.observations import numbers, reasons

SKEWS = [-300, 300]
DAY = 86_400


@pytest.mark.parametrize("ahead", SKEWS)
def test_row24_a_wait_counted_by_a_clock_that_is_wrong_still_ends(stored: Bench, ahead: int) -> None:
    stored.studio.fault(match=DELETE, status=429, headers={"Retry-After": "2000"})
    delete(stored, clock=stored.clock.skewed(ahead))

    ends: list[tuple[str, str | None]] = []
    while not ends or ends[-1] == ("deferred", None):
        stored.clock.advance(900)
        ends += stored.deliver(*stored.take_copies()).ends

    assert ends[-1] == ("done", "deleted")
    assert len(ends) <= 3
    assert stored.calls() == 2


@pytest.mark.parametrize("second", SKEWS)
@pytest.mark.parametrize("first", SKEWS)
def test_row24_clocks_that_differ_make_no_second_receipt_and_no_second_call(
    stored: Bench, creates: Bench, first: int, second: int
) -> None:
    for bench, message in ((stored, deletion(stored)), (creates, question(creates))):
        ended = bench.deliver(message, clock=bench.clock.skewed(first))
        row = bench.rows()[0]
        assert ended.ends == bench.deliver(again(message), clock=bench.clock.skewed(second)).ends
        assert bench.rows() == [row]
    assert (stored.calls("resp_1"), creates.billed()) == (1, 1)


@pytest.mark.parametrize("mended", [True, False], ids=["mended", "not mended"])
def test_row28_a_redriven_deletion_settles_or_is_parked_again_with_its_history(stored: Bench, mended: bool) -> None:
    stored.studio.fault(match=DELETE, status=400, times=1 if mended else 2)
    delete(stored)
    (first,) = stored.letters()

    ended = stored.deliver(*stored.redrive()).ends

    assert ended == [("done", "deleted") if mended else ("parked", "rejected")]
    again_parked = stored.letters()
    assert [numbers(letter)[2] for letter in again_parked] == ([] if mended else [1])
    assert {letter.body for letter in again_parked} <= {first.body}
    assert stored.row("resp_1").redrive == (0 if mended else 1)


def test_row28_what_may_have_happened_is_refused_unless_forced(creates: Bench) -> None:
    creates.studio.fault(match=POST, drop="after")
    creates.deliver(question(creates))

    refused = creates.deliver(*creates.redrive()).ends
    forced = creates.deliver(*creates.redrive(force="true")).ends

    assert (refused, forced) == ([("parked", "outcome_unknown")], [("done", "done")])
    assert creates.billed() == 2


def test_row29_a_hold_placed_while_a_message_waits_holds_and_its_release_lets_a_later_one_delete(stored: Bench) -> None:
    message, row = deletion(stored), stored.keys.key("delete_response", "resp_1")
    stored.holds.place(row, "case-1", stored.clock.now())

    assert stored.deliver(message).ends == [("done", "held")]
    assert stored.studio.stored() == ["resp_1"]
    stored.holds.release(row, "case-1")
    stored.clock.advance(DAY)
    assert delete(stored) == [("done", "deleted")]


OF_THE_FIRST_VERSION: dict[str, str | int] = {
    "attempt": 1,
    "seq": 2,
    "redrive": 0,
    "first_seen": 1_795_334_000,
    "not_before": 1_795_334_300,
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}
"""The attributes of a copy, as the first version put them on a queue. A later one must go on reading them."""


def test_row33_copies_of_the_first_version_are_understood(stored: Bench, creates: Bench) -> None:
    deleting = entry({"response_id": "resp_1"}, sent_at=SENT, attributes={"key": "resp_1", **OF_THE_FIRST_VERSION})
    asking = entry({"text": "Hello"}, sent_at=SENT, attributes={"key": "evt_1", **OF_THE_FIRST_VERSION})

    assert stored.deliver(deleting).ends == [("done", "deleted")]
    assert creates.deliver(asking).ends == [("done", "done")]
    assert creates.row("evt_1").mark == (0, 2)


def test_row33_a_message_with_what_only_a_later_version_knows_is_kept_whole(stored: Bench) -> None:
    body = {"response_id": "resp_1", "a_field_of_tomorrow": True}
    stored.deliver(stored.message(body))

    (letter,) = stored.letters()

    assert (letter.attributes["reason"], json.loads(letter.body)) == ("invalid_message", body)


def test_row34_a_quota_far_below_the_load_parks_nothing_and_is_used_up_each_time(stored: Bench) -> None:
    ids = [f"resp_{number}" for number in range(100)]
    stored.studio.seed(*ids)
    waiting, rounds = [stored.message({"response_id": each}) for each in ids], 0
    while waiting and rounds < 50:
        stored.studio.clear_faults()
        for allowed in range(10):
            stored.studio.fault(match=DELETE, status=200, effect="before", headers={"x-request-id": f"r-{allowed}"})
        stored.studio.fault(match=DELETE, status=429, headers={"Retry-After": "60"}, times=None)
        assert stored.deliver(*waiting).acknowledged
        stored.clock.advance(900)
        waiting, rounds = stored.take_copies(), rounds + 1

    assert reasons(stored.letters()) == []
    assert {stored.row(each).state for each in ids} == {"deleted"}
    assert rounds == 10
    assert stored.calls() == 100 + 9, "ten deletions a round, and one that is told to wait"
