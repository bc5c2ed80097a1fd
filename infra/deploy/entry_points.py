"""What the code says of the functions in the table: the decorator of an entry's handler keeps it."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from worker.queue_handler import Handler
from worker.settle.function import Function
from worker.timer_handler import Timer, TimerHandler


def function_of(entry: Mapping[str, Any]) -> Function[Any, Any]:
    """What the code says of a function with a queue: the model of its messages, the namespace of its keys."""
    handler: Handler = _handler_of(entry)
    return handler.function


def timer_of(entry: Mapping[str, Any]) -> Timer:
    """What the code says of a function that a timer calls: where it sends, and the type of its results."""
    handler: TimerHandler = _handler_of(entry)
    return handler.timer


def _handler_of(entry: Mapping[str, Any]) -> Any:
    module, _, attribute = entry["entrypoint"].partition(".")
    return getattr(import_module(module), attribute)
