"""Breaking our own code on purpose: named functions and constants are replaced, for the time of a test."""

import importlib
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Make = Callable[[Any], Any]
"""Makes what stands in a name's place, given what stood there."""

_OURS = (
    *("aistudio", "documents", "ledger", "retention", "worker", "create_response", "delete_response"),
    *("realtime_response_create", "register_response", "legal_hold", "erase_subject", "verify_deletion"),
    *("retention_sweep", "seal_receipts", "realtime_client_event"),
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A hole put back: `patches` say by name (`module:attribute`, or `module:Class.attribute`) what is replaced.

    Every module of ours that has imported the name sees it replaced, unless it begins with `only`: then the named
    module alone. `by` is what finds it: a scenario, or a scope where random seeds seldom come upon it.
    """

    hole: str
    what: str
    by: str
    patches: Mapping[str, Make]


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Run with the mutant in place.

    Raises AttributeError: the code has no such name any more; the mutant has to follow it.
    """
    undo: list[tuple[Any, str, Any]] = []
    try:
        for name, make in mutant.patches.items():
            _replace(name, make, undo)
        yield
    finally:
        for owner, attribute, value in reversed(undo):
            setattr(owner, attribute, value)


def _replace(name: str, make: Make, undo: list[tuple[Any, str, Any]]) -> None:
    module_name, _, path = name.removeprefix("only ").partition(":")
    owner: Any = importlib.import_module(module_name)
    *classes, attribute = path.split(".")
    for inner in classes:
        owner = getattr(owner, inner)
    original = vars(owner).get(attribute)
    if original is None:
        raise AttributeError(name)
    made = make(original)
    alone = bool(classes) or name.startswith("only ")
    for each in [owner] if alone else _importers(attribute, original):
        undo.append((each, attribute, original))
        setattr(each, attribute, made)


def _importers(attribute: str, value: Any) -> list[types.ModuleType]:
    ours = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in _OURS]
    return [module for module in ours if vars(module).get(attribute) is value]
