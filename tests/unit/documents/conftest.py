from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from documents import Store
from tests.support.clock import FakeClock
from tests.support.kit import Kit


@dataclass(frozen=True)
class Found:
    """A record as these tests read it: its key, its state, and all else."""

    key: str
    state: str | None = None
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, item: Mapping[str, Any]) -> Self:
        """Make it of an item's attributes."""
        rest = dict(item)
        return cls(rest.pop("key"), rest.pop("state", None), rest)


class Documents(Store[str, Found]):
    """A table of such records."""

    _make = staticmethod(Found.read)


@pytest.fixture
def clock() -> FakeClock:
    """The clock by which the store pauses."""
    return FakeClock()


@pytest.fixture
def table(kit: Kit) -> str:
    """An empty table of its own."""
    return kit.stock.table()


@pytest.fixture
def store(kit: Kit, clock: FakeClock, table: str) -> Documents:
    """A store on that table."""
    return Documents(kit.dynamodb, table, clock.sleep)
