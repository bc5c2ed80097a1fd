"""Benches for functions about stored responses, by name."""

from importlib import import_module

from aistudio import Responses
from tests.support.bench import Bench
from tests.support.kit import Kit


def bench_of(name: str, kit: Kit) -> Bench:
    """The function of this name, with the real client."""
    return Bench(kit, import_module(name).handler.function, Responses(kit.api))
