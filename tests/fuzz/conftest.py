from collections.abc import Iterator

import pytest

from tests.support.bench import Bench
from tests.support.kit import Kit
from tests.support.realtime import realtime_bench


@pytest.fixture
def realtime(kit: Kit) -> Iterator[Bench]:
    with realtime_bench(kit) as bench:
        yield bench
