"""Queries of an index: what they find, page by page, and that a page which is not about what was asked is none."""

from collections.abc import Callable
from typing import Any

import pytest

from documents import Index, TableUnavailable
from documents.writes import Write
from tests.support.kit import Kit
from tests.support.seam import refused, says, unseen
from tests.unit.documents.conftest import Documents

BY_SUBJECT = Index("subject", "subject", "created_at")
ITEM: Any = {"key": {"S": "a"}, "subject": {"S": "alice"}, "created_at": {"S": "2026-01-01"}}
PLACE = {"key": {"S": "a"}, "subject": {"S": "alice"}, "created_at": {"S": "2026-01-01"}}


def registered(store: Documents, key: str, subject: str, created_at: str) -> None:
    store.write(Write(key, sets={"subject": subject, "created_at": created_at}))


def keys(pages: Any) -> list[str]:
    return [record.key for page in pages for record in page]


def test_an_index_gives_the_records_under_a_value_in_order_up_to_a_bound(store: Documents) -> None:
    for key, subject, day in (("c", "alice", "3"), ("a", "alice", "1"), ("b", "alice", "2"), ("d", "bob", "1")):
        registered(store, key, subject, f"2026-01-0{day}")
    store.write(Write("e", sets={"subject": "alice"}))  # not in the index: it has no range

    assert keys(store.query(BY_SUBJECT, "alice")) == ["a", "b", "c"]
    assert keys(store.query(BY_SUBJECT, "alice", until="2026-01-02")) == ["a", "b"]
    assert keys(store.query(BY_SUBJECT, "carol")) == []


def test_more_records_than_a_page_takes_are_read_page_by_page(kit: Kit, store: Documents) -> None:
    writes = [Write(f"{n:03}", sets={"subject": "alice", "created_at": f"{n:03}"}) for n in range(250)]
    store.write_all(writes)
    kit.ledger.seen.clear()
    pages = store.query(BY_SUBJECT, "alice")

    assert len(next(pages)) == 100
    assert len(kit.ledger.seen) == 1, "a page is asked for when it is taken"
    assert [len(page) for page in pages] in ([100, 50], [100, 50, 0])


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"Count": 0},
        {"Items": None},
        {"Items": [], "Count": 1},
        {"Items": [{**ITEM, "subject": {"S": "bob"}}]},
        {"Items": [{**ITEM, "created_at": {"S": "2026-02-01"}}]},
        {"Items": [{**ITEM, "created_at": {"S": "2026-01-02"}}, ITEM]},
        {"Items": [{name: value for name, value in ITEM.items() if name != "created_at"}]},
        {"Items": [{name: value for name, value in ITEM.items() if name != "key"}]},
        {"Items": [ITEM], "LastEvaluatedKey": {"key": {"S": "a"}}},
        {"Items": [ITEM], "LastEvaluatedKey": {**PLACE, "subject": {"S": "bob"}}},
    ],
)
def test_a_page_that_is_not_about_what_was_asked_is_no_answer(kit: Kit, store: Documents, document: Any) -> None:
    kit.ledger.arm("Query", says(document))

    with pytest.raises(TableUnavailable):
        keys(store.query(BY_SUBJECT, "alice", until="2026-01-31"))


def test_a_page_that_may_hide_where_the_next_one_begins_is_no_answer(kit: Kit, store: Documents) -> None:
    page = says({"Items": [ITEM], "Count": 1, "lastEvaluatedKey": PLACE})
    kit.ledger.arm("Query", page, page)

    with pytest.raises(TableUnavailable):
        keys(store.query(BY_SUBJECT, "alice"))


def test_what_is_null_in_a_page_is_left_out(kit: Kit, store: Documents) -> None:
    kit.ledger.arm("Query", says({"Items": [ITEM], "Count": None, "LastEvaluatedKey": None}))

    assert keys(store.query(BY_SUBJECT, "alice")) == ["a"]


def test_pages_that_lead_nowhere_end(kit: Kit, store: Documents) -> None:
    page = says({"Items": [ITEM], "LastEvaluatedKey": PLACE})
    kit.ledger.arm("Query", page, page)
    pages = store.query(BY_SUBJECT, "alice")

    assert len(next(pages)) == 1
    with pytest.raises(TableUnavailable):
        next(pages)


@pytest.mark.parametrize("action", [refused, unseen])
def test_one_silence_keeps_no_page_back_and_two_do(kit: Kit, store: Documents, action: Callable[..., Any]) -> None:
    registered(store, "a", "alice", "2026-01-01")
    kit.ledger.arm("Query", action)
    assert keys(store.query(BY_SUBJECT, "alice")) == ["a"]

    kit.ledger.arm("Query", action, action)
    with pytest.raises(TableUnavailable):
        keys(store.query(BY_SUBJECT, "alice"))
