from collections.abc import Iterator

import pytest

from tests.support.bench import Bench
from tests.support.functions import realtime_bench_of
from tests.support.kit import Kit


@pytest.fixture
def realtime(kit: Kit) -> Iterator[Bench]:
    with realtime_bench_of("realtime_response_create", kit) as bench:
        yield bench


@pytest.fixture
def client_events(kit: Kit) -> Iterator[Bench]:
    with realtime_bench_of("realtime_client_event", kit) as bench:
        yield bench
