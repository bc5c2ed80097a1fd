"""Legal holds: when they can be relied on, and when they came too late."""

import pytest

from documents import TableUnavailable
from ledger import Holds, HoldStatus, Ledger, Record, RecordKey, Standing, message_chains, receipts
from tests.support.kit import Kit
from tests.support.seam import refused, unseen
from tests.unit.ledger.conftest import KEY

pytestmark = pytest.mark.row(29)

NOW = 1_795_334_400.0
SETTLING = 670.0


def standing(copy: int = 0) -> Standing:
    return Standing(RecordKey(KEY), 0, copy, frozenset({"m-1"}))


@pytest.fixture
def holds(store: Ledger) -> Holds:
    return Holds(store, SETTLING)


def test_a_hold_is_effective_only_after_it_has_settled(holds: Holds) -> None:
    assert holds.report(KEY, NOW).status is HoldStatus.NONE

    effective_at = holds.place(KEY, "case-1", NOW)

    assert effective_at == NOW + SETTLING
    assert holds.report(KEY, effective_at - 1).status is HoldStatus.PLACED
    assert holds.report(KEY, effective_at).status is HoldStatus.EFFECTIVE


def test_a_hold_on_something_deleted_came_too_late_and_says_when(holds: Holds, store: Ledger) -> None:
    holds.place(KEY, "case-1", NOW)
    store.write(receipts.outcome(standing(), Record(KEY), "deleted", NOW + 5, {}))

    report = holds.report(KEY, NOW + SETTLING)

    assert report.status is HoldStatus.TOO_LATE
    assert (report.record.state, report.record.rest["executed_at"]) == ("deleted", NOW + 5)


def test_a_released_case_leaves_the_others_holds(holds: Holds) -> None:
    holds.place(KEY, "case-1", NOW)
    holds.place(KEY, "case-2", NOW)

    holds.release(KEY, "case-1")
    assert holds.report(KEY, NOW + SETTLING).record.hold == {"case-2"}
    assert holds.report(KEY, NOW + SETTLING).status is HoldStatus.EFFECTIVE

    holds.release(KEY, "case-2")
    assert holds.report(KEY, NOW + SETTLING).status is HoldStatus.NONE


def test_placing_and_releasing_twice_is_the_same_as_once(holds: Holds) -> None:
    for _ in range(2):
        holds.place(KEY, "case-1", NOW)
    for _ in range(2):
        holds.release(KEY, "case-1")
        assert holds.report(KEY, NOW).status is HoldStatus.NONE


def test_a_second_case_counts_from_when_it_was_placed(holds: Holds) -> None:
    holds.place(KEY, "case-1", NOW)
    holds.place(KEY, "case-2", NOW + 600)

    assert holds.report(KEY, NOW + SETTLING).status is HoldStatus.PLACED
    assert holds.report(KEY, NOW + 600 + SETTLING).status is HoldStatus.EFFECTIVE


def test_a_hold_does_not_stand_in_the_way_of_what_the_record_says_otherwise(holds: Holds, store: Ledger) -> None:
    store.write(message_chains.watermark(standing(3), NOW, {}))
    holds.place(KEY, "case-1", NOW)

    assert (store.get(KEY).state, store.get(KEY).watermark) == ("open", (0, 3))


@pytest.mark.parametrize("action", [refused, unseen])
def test_a_hold_that_is_not_confirmed_is_not_reported_as_placed(kit: Kit, holds: Holds, action: object) -> None:
    kit.ledger.arm("UpdateItem", action, action)  # type: ignore[arg-type]  # one of two actions

    with pytest.raises(TableUnavailable):
        holds.place(KEY, "case-1", NOW)
    with pytest.raises(TableUnavailable):
        holds.release(KEY, "case-1")
