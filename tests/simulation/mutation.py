"""Breaking our own code on purpose: a piece of a module's text is replaced, for the time of a test."""

import importlib
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SWAPPED = ("__code__", "__defaults__", "__kwdefaults__")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A hole put back: ``edits`` are (module, text as it is, text as it must not be).

    ``by`` is what finds it: a scenario, or a scope where random seeds seldom come upon it.
    """

    hole: str
    what: str
    edits: tuple[tuple[str, str, str], ...]
    by: str


def hole(name: str, what: str, *edits: tuple[str, str, str], by: str) -> Mutant:
    """Make a mutant."""
    return Mutant(name, what, edits, by)


class DoesNotApply(Exception):
    """The text to be replaced is not there, or not only once: the mutant has to follow the code."""


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Run with the mutant in place. Functions keep their identity and change their code, so every importer sees it.

    A constant changes only for those who look it up in its module, not for those who have imported its value.

    Raises:
        DoesNotApply: the code has changed under the mutant, or the edit changes nothing that runs.
    """
    undo: list[tuple[Any, str, Any]] = []
    by_module: dict[str, list[tuple[str, str]]] = {}
    for module, old, new in mutant.edits:
        by_module.setdefault(module, []).append((old, new))
    try:
        for name, edits in by_module.items():
            _patch(name, edits, undo)
        yield
    finally:
        for owner, attribute, value in reversed(undo):
            setattr(owner, attribute, value)


def _patch(name: str, edits: list[tuple[str, str]], undo: list[tuple[Any, str, Any]]) -> None:
    module = importlib.import_module(name)
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    for old, new in edits:
        if source.count(old) != 1:
            raise DoesNotApply(f"{name}: found {source.count(old)} times: {old!r}")
        source = source.replace(old, new)
    scratch = types.ModuleType(name)
    scratch.__file__ = module.__file__
    exec(compile(source, str(module.__file__), "exec"), scratch.__dict__)  # noqa: S102 - the project's own source
    before = len(undo)
    _swap(module, vars(scratch), undo)
    if len(undo) == before:
        raise DoesNotApply(f"{name}: the edit changes nothing")


def _swap(owner: Any, mutated: Any, undo: list[tuple[Any, str, Any]]) -> None:
    """Bring what differs over: code into the functions that are there, plain constants into their names."""
    for name, value in list(mutated.items()):
        current = vars(owner).get(name)
        if isinstance(current, type) and isinstance(value, type) and current.__module__ == _module_of(owner):
            _swap(current, vars(value), undo)
        elif isinstance(current, property) and isinstance(value, property):
            _swap_code(current.fget, value.fget, undo)
        elif isinstance(current, classmethod | staticmethod) and isinstance(value, classmethod | staticmethod):
            _swap_code(current.__func__, value.__func__, undo)
        elif isinstance(current, types.FunctionType) and isinstance(value, types.FunctionType):
            _swap_code(current, value, undo)
        elif isinstance(value, str | int | float | tuple) and not name.startswith("__") and current != value:
            undo.append((owner, name, current))
            setattr(owner, name, value)


def _swap_code(current: Any, value: Any, undo: list[tuple[Any, str, Any]]) -> None:
    if not isinstance(current, types.FunctionType) or current.__module__ != value.__module__:
        return
    if current.__code__ == value.__code__ or current.__code__.co_freevars != value.__code__.co_freevars:
        return
    for attribute in _SWAPPED:
        undo.append((current, attribute, getattr(current, attribute)))
        setattr(current, attribute, getattr(value, attribute))


def _module_of(owner: Any) -> str:
    return str(owner.__name__ if isinstance(owner, types.ModuleType) else owner.__module__)
