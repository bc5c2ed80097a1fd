"""Which functions run locally, and with which numbers: `infra/functions.yaml`, with the waiting cut short."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import yaml

from infra.local.cloud.runtime import FUNCTIONS
from infra.local.cloud.trigger import Batching
from infra.local.processes.surroundings import ROOT

LONGEST_TIMEOUT = 60
"""Seconds: calls to a local AI Studio are short, and what is stuck should show; a busy machine needs the rest."""
RETURNS = 1
"""Seconds after which a failed batch is back: on the platform, when six times the timeout are over."""
LONGEST_CUTOFF = 0.2
HURRIED_CUTOFF = 0.05
"""Seconds where one sample is played after the other: what is sent at once still arrives at once."""
TICKS = 5.0
"""Seconds between two calls of a function with a schedule: what comes due here should not be waited for."""
FEWEST_RECEIVES = 2
"""Receives until the queue itself moves a message: enough to see a return, few enough to wait for the second."""


@dataclass(frozen=True)
class LocalFunction:
    """One function as it runs here. `timeout` is in seconds, `memory` in MB (told, not enforced).

    `receives` is the redrive policy's maxReceiveCount, `settings` are those that only this function gets. `sends_to`
    are functions to whose queues it sends. `every` is in seconds, of a function that a timer calls: it has no queue.
    """

    name: str
    entry_point: str
    timeout: float = LONGEST_TIMEOUT
    memory: int = 256
    instances: int = 1
    receives: int = FEWEST_RECEIVES
    batching: Batching = field(default_factory=Batching)
    settings: Mapping[str, str] | None = None
    root: Path = FUNCTIONS
    sends_to: tuple[str, ...] = ()
    every: float | None = None

    @property
    def queue(self) -> str:
        """The name of its queue."""
        return self.name.replace("_", "-")

    @classmethod
    def read(cls, name: str, entry: Mapping[str, Any]) -> Self:
        """From its entry in the table; the visibility timeout is just long enough for no call to overlap itself.

        Raises ValueError where the file of the entry point is not there.
        """
        file = f"{entry['entrypoint'].rpartition('.')[0]}.py"
        if not (FUNCTIONS / file).exists():
            raise ValueError(
                f"infra/functions.yaml: the entry point of {name} is in {file}, which functions/ does not have"
            )
        timeout = min(entry["timeout"], LONGEST_TIMEOUT)
        function = cls(
            name=name,
            entry_point=entry["entrypoint"],
            timeout=timeout,
            memory=entry["memory"],
            sends_to=tuple(other for other in entry.get("sends_to", ()) if other != "results"),
        )
        if "queue" not in entry:
            return replace(function, every=TICKS)
        cutoff = min(entry["queue"]["batch_cutoff"], LONGEST_CUTOFF)
        return replace(
            function,
            instances=entry["instances"],
            batching=Batching(entry["queue"]["batch_size"], cutoff, timeout + 1, RETURNS),
            settings={"CONCURRENCY": str(entry["concurrency"]), "CALL_NEEDS": f"{entry['call_needs']}s"},
        )

    def hurried(self) -> Self:
        """The same, but for the time for which it waits for more messages."""
        return replace(self, batching=replace(self.batching, cutoff=HURRIED_CUTOFF))


@cache
def namespace_of(function: str) -> str:
    """What the records of a function are about: the namespace of their keys."""
    namespace: str = import_module(function).handler.function.namespace
    return namespace


def functions() -> list[LocalFunction]:
    """Every function of the table that a queue feeds. Raises ValueError where one has no file."""
    return [function for function in _table() if function.every is None]


def timers() -> list[LocalFunction]:
    """Every function of the table that a timer calls. Raises ValueError where one has no file."""
    return [function for function in _table() if function.every is not None]


def _table() -> list[LocalFunction]:
    table = yaml.load((ROOT / "infra" / "functions.yaml").read_text(), yaml.CSafeLoader)["functions"]
    return [LocalFunction.read(name, entry) for name, entry in table.items()]


def with_those_they_send_to(chosen: Iterable[LocalFunction]) -> list[LocalFunction]:
    """Add the functions to whose queues these send, as the table has them."""
    every = {function.name: function for function in chosen}
    for name in [name for function in every.values() for name in function.sends_to]:
        if name not in every:
            every[name] = next(function for function in functions() if function.name == name)
    return list(every.values())
