"""Benches for functions, by name."""

from importlib import import_module

from tests.support.bench import Bench
from tests.support.kit import Kit


def bench_of(name: str, kit: Kit) -> Bench:
    """The function of this name, with the client that it makes itself."""
    function = import_module(name).handler.function
    return Bench(kit, function, function.client(kit.api))
