from collections.abc import Iterator
from dataclasses import replace

import pytest

import realtime_response_create
from tests.integration.transports import TRANSPORTS, Transport, client_of
from tests.support.bench import Bench
from tests.support.kit import Kit


@pytest.fixture
def stored(deletions: Bench) -> Bench:
    """A bench for deletions, with one response to delete."""
    deletions.studio.seed("resp_1")
    return deletions


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Transport:
    """How response.create goes out."""
    chosen: Transport = request.param
    return chosen


@pytest.fixture
def bench(kit: Kit, transport: Transport) -> Iterator[Bench]:
    """The function that issues response.create, with its own client."""
    with client_of(kit, transport) as client:
        # Some tests give it less time than a real response needs.
        yield Bench(kit, replace(realtime_response_create.handler.function, needs=0.1), client)
