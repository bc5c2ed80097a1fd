"""What is to be sealed is found by its day: receipts, history, what people ordered."""

from typing import Any

import pytest

from documents import Written
from ledger import Ledger, Record, RecordKey, Standing, receipts
from ledger.agenda import text_of
from ledger.sealable import SETTLED, SHARDS, history, order, part_of
from tests.unit.ledger.conftest import KEY

NOW = 1_795_334_400.0
DAY = "2026-11-22"
ALICE, BOB = RecordKey("subject#a"), RecordKey("subject#b")


def standing(sent_at: float = NOW - 60, subjects: frozenset[RecordKey] = frozenset()) -> Standing:
    return Standing(RecordKey(KEY), 1, 0, frozenset({"m-1"}), subjects=subjects, sent_at=round(sent_at * 1000))


def of_day(store: Ledger, day: str) -> dict[str, Record]:
    parts = [page for shard in range(SHARDS) for page in store.query(SETTLED, part_of(day, shard))]
    return {record.key: record for page in parts for record in page}


def receipt(record: Record, sent_at: float = NOW - 60, **audit: Any) -> Any:
    return receipts.outcome(standing(sent_at), record, "deleted", NOW, audit).sets["receipt"]


@pytest.mark.draft(20)
def test_the_first_receipt_and_each_further_one_are_found_on_their_days(store: Ledger) -> None:
    store.write(receipts.outcome(standing(), Record(KEY), "already_absent", NOW, {}))
    later = NOW + 86_400
    store.write(receipts.outcome(standing(later), store.get(RecordKey(KEY)), "deleted", later, {}))

    assert {key: record.receipt["outcome"] for key, record in of_day(store, DAY).items()} == {KEY: "already_absent"}
    next_day = of_day(store, "2026-11-23")
    assert {key: record.receipt["outcome"] for key, record in next_day.items()} == {f"{KEY}#2": "deleted"}


def test_a_piece_of_history_is_written_once_and_an_order_may_be_repeated(store: Ledger) -> None:
    said = {"kind": "hold", "case": "case-1"}
    assert store.write(history(RecordKey("hold#1"), said, NOW)) is Written.YES
    assert store.write(history(RecordKey("hold#1"), said, NOW + 9)) is Written.REFUSED
    repeated = order(RecordKey(KEY), {"order": "redrive", "by": "me", "at": NOW}, NOW)
    assert [store.write(repeated) for _ in range(2)] == [Written.YES] * 2
    assert len(of_day(store, DAY)) == 2


@pytest.mark.parametrize(
    ("record", "since"),
    {
        "its date": (Record(KEY, delete_after=text_of(NOW - 500)), NOW - 500),
        "when it was asked to go, before its date": (
            Record(KEY, delete_after=text_of(NOW + 500), asked_at=text_of(NOW - 300)),
            NOW - 300,
        ),
        "its date, though it was asked to go after it": (
            Record(KEY, delete_after=text_of(NOW - 500), asked_at=text_of(NOW - 300)),
            NOW - 500,
        ),
        "its message, before its date": (Record(KEY, delete_after=text_of(NOW + 500)), NOW - 60),
        "its message, without a registration": (Record(KEY), NOW - 60),
    }.values(),
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_receipt_says_since_when_the_deletion_was_due(record: Record, since: float) -> None:
    assert receipt(record)["due_at"] == text_of(since)


def test_nothing_was_due_after_it_was_done_whatever_the_clock_of_the_sender_says() -> None:
    assert receipt(Record(KEY), sent_at=NOW + 300)["due_at"] == text_of(NOW)


def test_a_receipt_names_whom_it_concerns_where_its_message_does_not() -> None:
    known = Record(KEY, subject=ALICE, subjects=frozenset({ALICE, BOB}))

    assert (receipt(known)["subject"], receipt(known)["subjects"]) == (ALICE, [BOB])
    told = receipts.outcome(standing(), known, "deleted", NOW, {"subject": BOB}).sets["receipt"]
    assert (told["subject"], told["subjects"]) == (BOB, [ALICE])
    assert not {"subject", "subjects"} & receipt(Record(KEY)).keys()
