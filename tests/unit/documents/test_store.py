"""Reads and writes on the Document API: how many requests they make, and what they make of refusals and failures."""

from decimal import Decimal
from typing import Any

import pytest

from documents import Written
from documents.writes import Write
from tests.support.kit import Kit
from tests.support.seam import Action, cancelled, half_unprocessed, refused, throttled, unseen
from tests.unit.documents.conftest import Documents, Found

pytestmark = pytest.mark.row(21)

YES, REFUSED, UNKNOWN = Written.YES, Written.REFUSED, Written.UNKNOWN


def writes(count: int) -> list[Write]:
    """One a record, each good for the first writer only."""
    return [
        Write(f"key-{n}", sets={"state": "deleted", "n": n}, condition="attribute_not_exists(#state)")
        for n in range(count)
    ]


def test_a_hundred_records_are_one_consistent_request(kit: Kit, store: Documents) -> None:
    records = store.get_many(f"key-{n}" for n in range(100))

    assert records == {f"key-{n}": Found(f"key-{n}") for n in range(100)}
    (asked,) = kit.ledger.seen
    (wanted,) = asked.document["RequestItems"].values()
    assert wanted["ConsistentRead"] is True


def test_more_records_than_a_request_takes_are_read_in_several(kit: Kit, store: Documents) -> None:
    store.write(Write("key-150", sets={"state": "deleted"}))
    kit.ledger.seen.clear()

    records = store.get_many([*(f"key-{n}" for n in range(201)), "key-0"])

    assert (len(records), records["key-150"].state) == (201, "deleted")
    assert kit.ledger.operations() == ["BatchGetItem"] * 3


def test_what_a_read_left_out_is_asked_for_again(kit: Kit, store: Documents) -> None:
    store.write_all(writes(10))
    kit.ledger.arm("BatchGetItem", half_unprocessed, half_unprocessed, half_unprocessed)

    records = store.get_many(f"key-{n}" for n in range(10))

    assert {record.state for record in records.values()} == {"deleted"}


def test_a_single_read_is_consistent(kit: Kit, store: Documents) -> None:
    store.get("key-1")

    assert kit.ledger.seen[0].document["ConsistentRead"] is True


def test_a_hundred_writes_are_four_transactions_of_what_the_service_documents(kit: Kit, store: Documents) -> None:
    assert store.write_all(writes(100)) == [YES] * 100

    assert kit.ledger.operations() == ["TransactWriteItems"] * 4
    for asked in kit.ledger.seen:
        assert set(asked.document) == {"TransactItems"}
        documented = {"TableName", "Key", "UpdateExpression", "ConditionExpression"}
        documented |= {"ExpressionAttributeNames", "ExpressionAttributeValues"}
        assert all(set(each["Update"]) <= documented for each in asked.document["TransactItems"])


def test_writes_that_have_a_record_beside_them_in_common_are_transactions_of_their_own(
    kit: Kit, store: Documents
) -> None:
    shared = Write("shared", sets={"n": 0}, condition="attribute_not_exists(#n)")

    ends = store.write_all([Write(f"key-{n}", sets={"n": n}, beside=(shared,)) for n in range(2)])

    assert ends == [YES, REFUSED]
    assert kit.ledger.operations() == ["TransactWriteItems"] * 2


def test_nothing_to_write_is_no_request(kit: Kit, store: Documents) -> None:
    assert store.write_all([]) == []
    assert kit.ledger.seen == []


@pytest.mark.parametrize("taken", [{0}, {24}, {3, 7, 11}, set(range(25))])
def test_records_that_refuse_do_not_keep_the_other_writes_of_their_transaction_back(
    store: Documents, taken: set[int]
) -> None:
    for n in taken:
        store.write(Write(f"key-{n}", sets={"state": "already_absent"}))

    ends = store.write_all(writes(25))

    assert ends == [REFUSED if n in taken else YES for n in range(25)]
    records = store.get_many(f"key-{n}" for n in range(25))
    assert [records[f"key-{n}"].state == "already_absent" for n in range(25)] == [n in taken for n in range(25)]


UNCLEAR: dict[str, tuple[Action, Written]] = {
    "conflict": (cancelled("None", "TransactionConflict", "None"), YES),
    "refusal and conflict": (cancelled("TransactionConflict", "None", "None"), YES),
    "throttled": (throttled, YES),
    "refused connection": (refused, YES),
    "applied, its answer lost": (unseen, REFUSED),
}


@pytest.mark.parametrize("what", UNCLEAR)
def test_a_transaction_whose_end_is_unclear_is_settled_record_by_record(kit: Kit, store: Documents, what: str) -> None:
    action, end = UNCLEAR[what]
    kit.ledger.arm("TransactWriteItems", action)

    assert store.write_all(writes(3)) == [end] * 3
    assert {record.state for record in store.get_many(["key-0", "key-1", "key-2"]).values()} == {"deleted"}


def test_values_come_back_as_they_were_written(store: Documents) -> None:
    usage: dict[str, Any] = {"input_tokens": 5, "details": {"cached": Decimal("1.5")}}
    values: dict[str, Any] = {"lease_until": 1_795_334_400.123, "copy": 7, "hold": {"b", "a"}, "usage": usage}
    store.write(Write("key-1", sets=values))

    assert store.get("key-1").rest == {**values, "lease_until": Decimal("1795334400.123")}


@pytest.mark.parametrize("count", [1, 2, 25, 26, 27, 51])
def test_batches_of_all_sizes_are_written_whole(store: Documents, count: int) -> None:
    assert store.write_all(writes(count)) == [YES] * count
