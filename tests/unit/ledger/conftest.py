from collections.abc import Callable
from typing import Any

import pytest

from documents import Written
from ledger import Ledger, Record, RecordKey, Write
from tests.support.clock import FakeClock
from tests.support.kit import Kit

KEY = RecordKey("function#0123456789abcdef")


@pytest.fixture
def clock() -> FakeClock:
    """The clock by which the store pauses."""
    return FakeClock()


@pytest.fixture
def table(kit: Kit) -> str:
    """An empty table of its own."""
    return kit.stock.table()


@pytest.fixture
def store(kit: Kit, clock: FakeClock, table: str) -> Ledger:
    """A store on that table."""
    return Ledger(kit.dynamodb, table, clock.sleep)


@pytest.fixture
def given(store: Ledger) -> Callable[..., Record]:
    """Puts a record into the table as it is told, whatever was there."""

    def put(key: RecordKey = KEY, **attributes: Any) -> Record:
        if attributes:
            assert store.write(Write(key, sets=attributes)) is Written.YES
        return store.get(key)

    return put
