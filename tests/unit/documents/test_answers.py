"""Answers of the Document API that are not about what was asked: never taken for "no such record", nor for "done"."""

from collections.abc import Callable
from typing import Any

import pytest

from documents import TableUnavailable, Written
from documents.writes import Write
from tests.support.kit import Kit
from tests.support.seam import Action, cancelled, says, says_bytes
from tests.unit.documents.conftest import Documents, Found
from tests.unit.documents.test_store import writes

ASKED, OTHER = {"key": {"S": "key-1"}}, {"key": {"S": "key-2"}}
PAGES: dict[str, bytes] = {
    "nothing": b"",
    "a page": b"<html>It works!</html>",
    "half an answer": b'{"Responses": {',
    "a list": b"[]",
    "a text": b'"ok"',
    "no UTF-8": b"\xff",
    "null": b"null",
}

ODD: list[dict[str, Any]] = [
    *({"N": number} for number in ("NaN", "sNaN", "-Infinity", "1e999999", "-1E+126", "", "1,5", 5, True, [0, [1], 0])),
    *({"S": text} for text in (5, True, None)),
    *({"SS": texts} for texts in ([], [1], [["a"]], ["a", None])),
    *({"NS": numbers} for numbers in ([], ["NaN"], [5])),
    *({"BOOL": truth} for truth in ("true", 1)),
    {"L": [{"N": "NaN"}]},
    {"M": {"inner": {"S": 5}}},
]
"""Values of another type than they say, or of none: to read a hold from an empty set would mean that nothing holds."""

BATCHES: dict[str, Callable[[str], Any]] = {
    "another table": lambda table: {"Responses": {table + "x": []}},
    "the table without its prefix": lambda table: {"Responses": {table.rpartition(".")[2]: [ASKED]}},
    "another table beside it": lambda table: {"Responses": {table: [], "other": []}},
    "no table": lambda _: {"Responses": {}},
    "no Responses": lambda _: {},
    "Responses renamed": lambda table: {"responses": {table: []}},
    "Responses null": lambda _: {"Responses": None},
    "another record": lambda table: {"Responses": {table: [OTHER]}},
    "a record twice": lambda table: {"Responses": {table: [ASKED, ASKED]}},
    "a record without its key": lambda table: {"Responses": {table: [{"state": {"S": "open"}}]}},
    "a record without anything": lambda table: {"Responses": {table: [{}]}},
    "a key that is a number": lambda table: {"Responses": {table: [{"key": {"N": "1"}}]}},
    "a value of no type": lambda table: {"Responses": {table: [{**ASKED, "state": {}}]}},
    "a value of an unknown type": lambda table: {"Responses": {table: [{**ASKED, "state": {"X": "open"}}]}},
    "left over, of another table": lambda table: {
        "Responses": {table: []},
        "UnprocessedKeys": {"other": {"Keys": [ASKED]}},
    },
    "left over, another key": lambda table: {"Responses": {table: []}, "UnprocessedKeys": {table: {"Keys": [OTHER]}}},
    "left over, no text for a key": lambda table: {
        "Responses": {table: []},
        "UnprocessedKeys": {table: {"Keys": [{"key": {"S": ["asked"]}}]}},
    },
    "left over, without keys": lambda table: {"Responses": {table: []}, "UnprocessedKeys": {table: {"Keys": []}}},
    "left over twice": lambda table: {
        "Responses": {table: []},
        "UnprocessedKeys": {table: {"Keys": [ASKED, ASKED]}},
    },
    "found and left over": lambda table: {
        "Responses": {table: [ASKED]},
        "UnprocessedKeys": {table: {"Keys": [ASKED]}},
    },
}


@pytest.mark.parametrize("what", BATCHES)
def test_a_batch_that_is_not_about_what_was_asked_is_no_answer(
    kit: Kit, store: Documents, table: str, what: str
) -> None:
    kit.ledger.arm("BatchGetItem", says(BATCHES[what](table)))

    with pytest.raises(TableUnavailable):
        store.get_many(["key-1"])


@pytest.mark.parametrize("what", PAGES)
@pytest.mark.parametrize("operation", ["GetItem", "BatchGetItem"])
def test_a_success_that_is_no_answer_is_not_taken_for_an_absent_record(
    kit: Kit, store: Documents, operation: str, what: str
) -> None:
    kit.ledger.arm(operation, *[says_bytes(PAGES[what])] * 2)

    with pytest.raises(TableUnavailable):
        store.get("key-1") if operation == "GetItem" else store.get_many(["key-1"])


@pytest.mark.parametrize(
    "document",
    [
        {"item": ASKED},
        {"Items": [ASKED]},
        {"Item": {}},
        {"Item": OTHER},
        {"Item": {"state": {"S": "open"}}},
        {"Item": {**ASKED, "state": {"X": "open"}}},
    ],
)
def test_a_read_that_is_not_about_what_was_asked_is_no_answer(kit: Kit, store: Documents, document: Any) -> None:
    kit.ledger.arm("GetItem", *[says(document)] * 2)

    with pytest.raises(TableUnavailable):
        store.get("key-1")
    kit.ledger.reset()


def test_a_value_of_another_type_than_it_says_is_no_answer(kit: Kit, store: Documents) -> None:
    for value in ODD:
        kit.ledger.arm("GetItem", says({"Item": {**ASKED, "odd": value}}))
        with pytest.raises(TableUnavailable):
            store.get("key-1")
        kit.ledger.reset()


@pytest.mark.parametrize("document", [{}, {"ConsumedCapacity": {"TableName": "t"}}])
def test_an_answer_without_an_item_says_that_there_is_none(kit: Kit, store: Documents, document: Any) -> None:
    kit.ledger.arm("GetItem", says(document))

    assert store.get("key-1") == Found("key-1")


def test_what_is_left_over_whole_is_asked_for_again(kit: Kit, store: Documents, table: str) -> None:
    store.write(Write("key-1", sets={"state": "deleted"}))
    left = {"Responses": {}, "UnprocessedKeys": {table: {"Keys": [ASKED], "ConsistentRead": True}}}
    kit.ledger.arm("BatchGetItem", says(left))

    assert store.get_many(["key-1"])["key-1"].state == "deleted"


@pytest.mark.parametrize("what", PAGES)
def test_a_success_that_is_no_answer_confirms_no_write(kit: Kit, store: Documents, what: str) -> None:
    kit.ledger.arm("UpdateItem", says_bytes(PAGES[what]))

    assert store.write(writes(1)[0]) is Written.UNKNOWN
    assert store.get("key-0") == Found("key-0")

    kit.ledger.arm("TransactWriteItems", *[says_bytes(PAGES[what])] * 2)
    assert store.write_all(writes(2)) == [Written.UNKNOWN] * 2


REASONS: dict[str, Action] = {
    "too few": cancelled("ConditionalCheckFailed"),
    "too many": cancelled("ConditionalCheckFailed", "None", "None"),
    "none": cancelled(),
    "of another kind": cancelled("ConditionalCheckFailed", "Sabotage"),
    "nameless": cancelled("ConditionalCheckFailed", ""),
    "nothing was wrong": cancelled("None", "None"),
}


@pytest.mark.parametrize("what", REASONS)
def test_reasons_that_do_not_fit_the_transaction_say_of_no_write_that_it_was_refused(
    kit: Kit, store: Documents, what: str
) -> None:
    kit.ledger.arm("TransactWriteItems", REASONS[what])

    assert store.write_all(writes(2)) == [Written.YES] * 2
    assert kit.ledger.operations() == ["TransactWriteItems", "UpdateItem", "UpdateItem"]


def test_the_local_server_names_the_table_where_it_finds_nothing(kit: Kit, table: str) -> None:
    """What the reading above rests on; whether YDB does so too is a question for its first probe."""
    keys: Any = [ASKED]

    answer = kit.spectator.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})

    assert answer["Responses"] == {table: []}
