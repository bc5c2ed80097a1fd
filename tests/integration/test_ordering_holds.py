"""Holds that are ordered through the queue: by case, in whatever order orders arrive, and what a release makes due."""

from typing import Any

import pytest

from ledger import HoldStatus, Ledger
from ledger.agenda import text_of
from ledger.registration import Registration
from ledger.states import DELETED, HELD
from retention.registering import registered
from tests.support.bench import Bench
from tests.support.functions import bench_of
from tests.support.kit import Kit
from tests.support.messages import Entry, again
from tests.support.seam import killed_after, killed_before, unseen

DAY = 86_400.0
EFFECTIVE = 10 + 60 + 600
"""Seconds: the window, the longest invocation, the clocks' skew."""


@pytest.fixture
def bench(kit: Kit) -> Bench:
    return bench_of("legal_hold", kit)


@pytest.fixture
def deleter(bench: Bench, deletions: Bench) -> Bench:
    """The function that deletes, on the table and the clock of the holds'."""
    deletions.table, deletions.keys, deletions.clock = bench.table, bench.keys, bench.clock
    deletions._watched = bench._watched
    deletions.studio.seed("resp_1")
    return deletions


def order(bench: Bench, action: str, case: str = "case-1", **target: str) -> Entry:
    return bench.message({"action": action, "case": case} | (target or {"response_id": "resp_1"}))


def told(bench: Bench) -> list[str]:
    return [result["data"]["outcome"] for result in bench.results()]


def hold(bench: Bench) -> frozenset[str]:
    return bench.record_at(bench.keys.key("response", "resp_1")).hold


def delete(deleter: Bench, **more: str) -> list[tuple[str, str | None]]:
    deleter.clock.advance(1)
    return deleter.deliver(deleter.message({"response_id": "resp_1"} | more)).ends


def test_a_hold_is_told_as_placed_and_again_once_it_is_effective(bench: Bench) -> None:
    assert bench.deliver(order(bench, "place")).ends == [("deferred", "hold")]
    assert told(bench) == ["placed"]
    bench.clock.advance(EFFECTIVE)

    assert bench.deliver(*bench.take_retry_messages()).ends == [("done", "done")]
    assert told(bench) == ["placed", "effective"]
    assert len({result["id"] for result in bench.results()}) == 2


def test_a_hold_that_a_deletion_overtook_is_told_as_too_late(bench: Bench, deleter: Bench) -> None:
    delete(deleter)
    bench.deliver(order(bench, "place"))
    bench.clock.advance(EFFECTIVE)
    bench.deliver(*bench.take_retry_messages())

    assert told(bench)[-1] == "too_late"


def test_a_hold_on_what_is_registered_again_after_it_was_absent_is_told_as_effective(
    bench: Bench, deleter: Bench
) -> None:
    deleter.studio.reset()
    assert delete(deleter) == [("done", "already_absent")]
    deleter.clock.advance(1)
    store, now = Ledger(bench.kit.spectator, bench.table), bench.clock.now()
    deleter.studio.seed("resp_1")
    registered(Registration("resp_1", round(now * 1000), "h", delete_after=now), store, bench.keys, now)
    bench.deliver(order(bench, "place"))
    bench.clock.advance(EFFECTIVE)
    bench.deliver(*bench.take_retry_messages())

    key = bench.keys.key("response", "resp_1")
    assert told(bench)[-1] == "effective"
    assert bench.holds.report(key, bench.clock.now()).status is HoldStatus.EFFECTIVE
    assert delete(deleter) == [("done", "held")]


def test_a_held_response_is_not_deleted_and_is_due_as_soon_as_it_is_released(bench: Bench, deleter: Bench) -> None:
    bench.deliver(order(bench, "place"))
    assert delete(deleter, reason="erasure") == [("done", "held")]
    bench.clock.advance(60)

    bench.deliver(order(bench, "release"))

    record = deleter.record("resp_1")
    assert (record.state, record.hold, record.due_at) == (HELD, frozenset(), text_of(bench.clock.now()))
    assert delete(deleter, reason="erasure") == [("done", "deleted")]
    assert deleter.record("resp_1").state == DELETED


def test_several_cases_hold_independently(bench: Bench, deleter: Bench) -> None:
    bench.deliver(order(bench, "place"), order(bench, "place", case="case-2"))
    delete(deleter)
    due = deleter.record("resp_1").due_at
    bench.clock.advance(60)

    bench.deliver(order(bench, "release"))

    assert hold(bench) == {"case-2"}
    assert deleter.record("resp_1").due_at == due
    assert delete(deleter) == [("done", "held")]


@pytest.mark.draft(6)
@pytest.mark.parametrize("first", ["place", "release"])
def test_a_late_duplicate_of_an_order_does_not_undo_the_newer_one(bench: Bench, first: str) -> None:
    second = "release" if first == "place" else "place"
    old = order(bench, first)
    bench.clock.advance(60)
    bench.deliver(order(bench, second))

    assert bench.deliver(old).ends == [("done", "done")]
    assert told(bench)[-1] == "superseded"
    assert hold(bench) == (frozenset() if second == "release" else {"case-1"})


def test_of_two_orders_of_the_same_moment_the_hold_stands(bench: Bench) -> None:
    for orders in (("place", "release"), ("release", "place")):
        case = "-".join(orders)
        bench.deliver(*(order(bench, action, case=case) for action in orders))
        assert case in hold(bench)


def test_what_a_person_s_hold_kept_comes_due_when_the_last_case_is_released(bench: Bench, deleter: Bench) -> None:
    for case in ("case-1", "case-2"):
        bench.deliver(order(bench, "place", case=case, subject="user-1"))
    assert delete(deleter, subject="user-1") == [("done", "held")]
    later = deleter.record("resp_1").due_at
    bench.clock.advance(60)

    bench.deliver(order(bench, "release", subject="user-1"))
    assert deleter.record("resp_1").due_at == later
    bench.deliver(order(bench, "release", case="case-2", subject="user-1"))
    assert deleter.record("resp_1").due_at == text_of(bench.clock.now())


def test_a_release_ends_however_short_the_invocations_are(bench: Bench, deleter: Bench) -> None:
    bench.deliver(order(bench, "place", subject="user-1"))
    delete(deleter, subject="user-1")
    bench.clock.advance(60)
    bench.deliver(order(bench, "release", subject="user-1"), seconds=8)
    for _ in range(3):
        bench.clock.advance(900)
        bench.deliver(*bench.take_retry_messages(), seconds=8)

    assert told(bench)[-1] == "released"
    assert bench.retry_messages() == []


@pytest.mark.draft(7)
def test_what_is_held_by_a_message_that_read_before_the_release_is_found_by_a_later_look(
    bench: Bench, deleter: Bench
) -> None:
    bench.deliver(order(bench, "place", subject="user-1"))

    def released(request: object, send: object) -> None:
        bench.deliver(order(bench, "release", subject="user-1"))

    deleter.clock.advance(1)
    deleter.hooks.reset()
    deleter.ledger.arm("UpdateItem", released)
    deleter.deliver(deleter.message({"response_id": "resp_1", "subject": "user-1"}))
    deleter.ledger.reset()
    assert deleter.record("resp_1").state == HELD
    for _ in range(3):
        bench.clock.advance(900)
        bench.deliver(*bench.take_retry_messages())

    assert str(deleter.record("resp_1").due_at) <= text_of(bench.clock.now())
    assert told(bench)[-1] == "released"


def test_a_registered_response_on_hold_goes_by_the_sweep_after_its_release(bench: Bench, deleter: Bench) -> None:
    store, now = Ledger(bench.kit.spectator, bench.table), bench.clock.now()
    registered(Registration("resp_1", round(now * 1000), "h", delete_after=now), store, bench.keys, now)
    bench.deliver(order(bench, "place"))
    delete(deleter)
    assert deleter.record("resp_1").due_at == text_of(bench.clock.now() + 30 * DAY)

    bench.deliver(order(bench, "release"))

    assert deleter.record("resp_1").due_at == text_of(bench.clock.now())


@pytest.mark.parametrize("killed", [killed_before, killed_after, unseen])
def test_an_order_that_is_cut_off_is_carried_out_once_when_it_returns(bench: Bench, killed: Any) -> None:
    first = order(bench, "place")
    bench.ledger.arm("TransactWriteItems", *[killed] * 2)

    bench.deliver(first)
    bench.ledger.reset()
    bench.deliver(again(first))

    assert hold(bench) == {"case-1"}
    assert [(said["action"]["S"], said["case"]["S"]) for said in history(bench)] == [("place", "case-1")]


def test_history_says_who_ordered_what_and_when_and_outlives_the_release(bench: Bench) -> None:
    bench.deliver(bench.message({"action": "place", "case": "c", "response_id": "resp_1", "ordered_by": "legal"}))
    bench.clock.advance(60)
    bench.deliver(order(bench, "release", case="c"))

    said = sorted(history(bench), key=lambda each: each["action"]["S"])
    assert [each["action"]["S"] for each in said] == ["place", "release"]
    assert said[0]["ordered_by"]["S"] == "legal"
    kept = [item for item in bench.records() if "history" in item]
    assert not [item for item in kept if "expires_at" in item]
    assert "resp_1" not in str(kept)


def history(bench: Bench) -> list[dict[str, Any]]:
    return [item["history"]["M"] for item in bench.records() if "history" in item]


def test_a_33rd_case_is_refused_and_the_others_hold(bench: Bench) -> None:
    for number in range(32):
        bench.deliver(order(bench, "place", case=f"case-{number}"))

    assert bench.deliver(order(bench, "place", case="one more")).ends == [("dead_lettered", "invalid_message")]
    assert len(hold(bench)) == 32


@pytest.mark.parametrize("target", [{}, {"response_id": "resp_1", "subject": "user-1"}])
def test_an_order_has_one_target(bench: Bench, target: dict[str, str]) -> None:
    ends = bench.deliver(bench.message({"action": "place", "case": "c"} | target)).ends

    assert ends == [("dead_lettered", "invalid_message")]
