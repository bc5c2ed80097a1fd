"""A record once a write of it is applied."""

import pytest

from ledger import Record, RecordKey, Write
from ledger.states import UNREADABLE

ITEM = {
    "key": "k",
    "state": "open",
    "copy": 3,
    "messages": {"m1"},
    "asked": {"manual"},
    "receipt": {"outcome": "deleted"},
    "due_at": "2026-01-01",
    "noted": "by people",
    "detail": "why",
}
KEY = RecordKey("k")
WRITES = {
    "sets": Write(KEY, {"state": "deleted", "copy": 0, "executed_at": 1.5, "messages": {"m2"}}),
    "removes": Write(KEY, {"state": "done"}, removes=("messages", "due_at", "detail", "asked", "never there")),
    "nested": Write(KEY, {"receipt": {"outcome": "already_absent", "at": 1}, "receipts": 1, "noted": ["a"]}),
    "both": Write(KEY, {"detail": "new", "due_at": "2026-02-01"}, removes=("copy", "receipt")),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_it_is_what_the_table_would_give(write: Write) -> None:
    item = {name: value for name, value in ITEM.items() if name not in write.removes} | dict(write.sets)
    assert Record.read(ITEM).after(write) == Record.read(item)


def test_it_is_unreadable_where_the_write_is() -> None:
    assert Record(KEY).after(Write(KEY, {"copy": "three"})).state == UNREADABLE
