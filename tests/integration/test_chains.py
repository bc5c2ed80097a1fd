"""Chains: what continues a deleted response goes with it, a link at a time, each with its own hold check."""

from typing import Any

import pytest

from ledger.agenda import text_of
from ledger.states import DELETED, HELD
from tests.support.kit import Kit
from tests.support.messages import again
from tests.support.retention import Retention
from tests.support.seam import after, fails, killed_after, killed_before, refused, unseen

pytestmark = pytest.mark.row(30)

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


@pytest.fixture
def all_(kit: Kit) -> Retention:
    return Retention(kit)


def chain(all_: Retention, number: int, **said: Any) -> list[str]:
    """Register responses each of which continues the one before."""
    names = [f"resp_{each}" for each in range(number)]
    for each, previous in zip(names, [None, *names], strict=False):
        all_.register(each, previous=previous, **said)
    all_.clock.advance(1)
    return names


def delete(all_: Retention, name: str = "resp_0", **more: Any) -> list[tuple[str, str | None]]:
    return all_.deliver("delete_response", {"response_id": name, "reason": "manual"} | more)


def asked(all_: Retention, name: str) -> frozenset[str]:
    return all_.record(name).asked


def test_what_continues_a_response_is_asked_to_go_and_due_and_what_continues_that_is_not_yet(all_: Retention) -> None:
    chain(all_, 3)

    assert delete(all_, cascade=True) == [("done", "deleted")]

    assert asked(all_, "resp_1") == {"manual"}
    assert not asked(all_, "resp_2")
    assert all_.record("resp_1").due_at == text_of(all_.clock.now())
    assert all_.record("resp_0").receipt["cascaded"] == 1
    assert all_.results("delete_response")[0]["cascaded"] == 1
    all_.pass_time(2 * MINUTE, step=MINUTE)
    assert all_.studio.stored() == []
    assert {all_.record(f"resp_{each}").reason for each in range(3)} == {"manual"}


def test_without_it_the_receipt_says_how_many_continue_it(all_: Retention) -> None:
    all_.register("resp_0")
    all_.register("resp_1", "resp_2", previous="resp_0")
    all_.clock.advance(1)

    delete(all_)

    assert (all_.record("resp_0").receipt["successors"], asked(all_, "resp_1")) == (2, frozenset())
    assert all_.results("delete_response")[0]["successors"] == 2
    all_.pass_time(HOUR)
    assert all_.studio.stored() == ["resp_1", "resp_2"]


def test_a_response_that_nothing_continues_has_a_receipt_that_says_nothing_of_it(all_: Retention) -> None:
    chain(all_, 1)
    delete(all_, cascade=True)

    assert not {"successors", "cascaded"} & all_.record("resp_0").receipt.keys()


def test_a_deletion_without_a_registry_asks_no_index(all_: Retention) -> None:
    all_.studio.seed("resp_0")

    delete(all_)

    assert "Query" not in all_.deletions.ledger.operations()


def test_a_policy_that_says_so_takes_them_along_when_the_date_has_come(all_: Retention) -> None:
    all_.register("resp_0", until=all_.clock.now() + HOUR, cascade=True)
    all_.register("resp_1", previous="resp_0", until=all_.clock.now() + 9 * DAY)
    all_.pass_time(2 * HOUR)

    assert all_.studio.stored() == []
    assert (all_.record("resp_0").reason, all_.record("resp_1").reason) == ("retention", "cascade")


def test_a_chain_of_fifty_with_a_hold_in_the_middle_goes_up_to_it_and_on_after_its_release(kit: Kit) -> None:
    all_ = Retention(kit, ["delete_response", "legal_hold"])
    names = chain(all_, 50)
    all_.deliver("legal_hold", {"action": "place", "case": "c", "response_id": "resp_25"})
    all_.benches["legal_hold"].take_retry_messages()
    delete(all_, cascade=True)
    all_.pass_time(26 * MINUTE, step=MINUTE)

    assert sorted(all_.studio.stored()) == sorted(names[25:])
    assert (all_.record("resp_25").state, asked(all_, "resp_26")) == (HELD, frozenset())
    all_.deliver("legal_hold", {"action": "release", "case": "c", "response_id": "resp_25"})
    all_.benches["legal_hold"].take_retry_messages()
    all_.pass_time(25 * MINUTE, step=MINUTE)
    assert all_.studio.stored() == []


def test_a_circle_ends(all_: Retention) -> None:
    all_.register("resp_0", previous="resp_1")
    all_.register("resp_1", previous="resp_0")
    all_.register("resp_2", previous="resp_2")
    all_.clock.advance(1)

    delete(all_, cascade=True)
    delete(all_, "resp_2", cascade=True)
    all_.pass_time(HOUR)

    assert all_.studio.stored() == []
    assert [all_.record(f"resp_{each}").receipts for each in range(3)] == [1, 1, 1]
    assert all_.sweep()["found"] == 0


@pytest.mark.draft(24)
@pytest.mark.parametrize("order", [1, -1])
def test_it_is_not_lost_where_another_message_stands_for_the_one_that_says_so(all_: Retention, order: int) -> None:
    chain(all_, 2)
    said: list[dict[str, Any]] = [{"reason": "erasure"}, {"reason": "manual", "cascade": True}]

    all_.deletions.deliver(*(all_.deletions.message({"response_id": "resp_0"} | each) for each in said[::order]))

    assert asked(all_, "resp_1") == {"manual"}


def test_it_is_not_lost_with_a_message_that_is_put_off_held_or_scheduled(all_: Retention) -> None:
    all_.register("resp_0", until=all_.clock.now() + HOUR)
    all_.register("resp_1", previous="resp_0")
    all_.clock.advance(1)
    all_.deliver("delete_response", {"response_id": "resp_0", "cascade": True})
    assert all_.record("resp_0").cascades == {"cascade"}
    all_.pass_time(2 * HOUR)

    assert all_.studio.stored() == []


def test_a_message_that_a_receipt_answers_takes_them_along_as_well(all_: Retention) -> None:
    chain(all_, 2)
    delete(all_)
    assert asked(all_, "resp_1") == frozenset()

    assert delete(all_, cascade=True) == [("done", "deleted")]
    assert asked(all_, "resp_1") == {"manual"}


def test_who_asks_between_the_deletion_and_its_receipt_is_obeyed(all_: Retention) -> None:
    chain(all_, 2)
    other = all_.deletions.message({"response_id": "resp_0", "reason": "erasure", "cascade": True})
    plain = all_.deletions.message({"response_id": "resp_0", "reason": "manual"})

    def meanwhile() -> None:
        all_.studio.fault(match={"id": "resp_0", "method": "DELETE"}, status=429)
        assert all_.deletions.deliver(other).ends == [("deferred", "throttled")]

    all_.deletions.ledger.arm("UpdateItem", after(meanwhile))

    assert all_.deletions.deliver(plain).ends == [("done", "deleted")]
    assert asked(all_, "resp_1") == {"erasure"}


@pytest.mark.parametrize("fault", [killed_before, killed_after, unseen, refused, fails("InternalServerError", 500)])
@pytest.mark.parametrize(("operation", "nth"), [("Query", 0), ("UpdateItem", 0), ("UpdateItem", 1)])
def test_a_deletion_that_is_cut_off_anywhere_has_taken_them_along_once_it_ends(
    all_: Retention, operation: str, nth: int, fault: Any
) -> None:
    chain(all_, 2)
    first = all_.deletions.message({"response_id": "resp_0", "reason": "manual", "cascade": True})
    all_.deletions.ledger.arm(operation, *[lambda *_: None] * nth, *[fault] * 3)
    all_.deletions.deliver(first)
    all_.deletions.ledger.reset()

    all_.deletions.deliver(again(first))
    assert all_.record("resp_0").receipts == 1
    all_.pass_time(10 * MINUTE, step=5 * MINUTE)

    assert all_.studio.stored() == []
    assert all_.record("resp_1").state == DELETED


def test_a_successor_that_others_write_meanwhile_is_asked_all_the_same(all_: Retention) -> None:
    chain(all_, 2)
    all_.deletions.ledger.arm("UpdateItem", after(lambda: all_.register("resp_1", sent_at=9_999_999_999_999)))

    delete(all_, cascade=True)

    assert asked(all_, "resp_1") == {"manual"}


def test_a_successor_is_made_due_once_however_often_it_is_asked(all_: Retention) -> None:
    chain(all_, 2)
    delete(all_, cascade=True)
    due_at = all_.record("resp_1").due_at
    all_.clock.advance(MINUTE)

    delete(all_, cascade=True)

    assert all_.record("resp_1").due_at == due_at
