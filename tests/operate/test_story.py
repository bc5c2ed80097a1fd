"""What a record says, in words."""

import pytest

from infra.operate.ops.story import headline, timeline
from ledger import Record, RecordKey
from ledger.states import DELETED, STATES
from retention.verification import VERIFIED_ABSENT


@pytest.mark.parametrize("state", [None, *sorted(STATES), VERIFIED_ABSENT])
def test_each_state_that_a_record_can_have_has_words(state: str | None) -> None:
    assert "does not know" not in headline(Record(RecordKey("response#1"), state=state))


def test_a_look_after_the_deletion_is_told_and_is_no_receipt_of_the_deletion() -> None:
    record = Record(RecordKey("response#1"), state=DELETED, receipts=2, rest={"executed_at": 1.0, "verified_at": 2.0})

    told = [line.partition("  ")[2] for line in timeline(record, 3.0)]

    assert told == ["it was deleted (receipt 1)", "it was looked for: it stays away"]
