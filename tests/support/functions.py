"""Benches for functions, by name."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from importlib import import_module

from aistudio import API, Config, RealtimeTransport
from tests.support.bench import Bench
from tests.support.kit import Kit


def bench_of(name: str, kit: Kit) -> Bench:
    """The function of this name, with the client that it makes itself."""
    function = import_module(name).handler.function
    return Bench(kit, function, function.client(kit.api))


@contextmanager
def realtime_bench_of(name: str, kit: Kit, transport: RealtimeTransport = "auto") -> Iterator[Bench]:
    """The function of this name, with the real Realtime client."""
    studio = kit.studio
    config = Config(
        studio.base_url,
        studio.folder_id,
        studio.api_key,
        realtime_url=studio.realtime_url,
        realtime_model=studio.realtime_model,
        realtime_transport=transport,
    )
    with closing(API(config, token=lambda: "")) as api:
        # Some tests give it less time than a real session needs.
        function = import_module(name).handler.function
        yield Bench(kit, replace(function, needs=0.1), function.client(api))
