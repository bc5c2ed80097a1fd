"""What settling knows of a function: its message, its client, its call, and how its records live."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from aistudio import API
from ledger import Keys, Ledger, Record
from ledger.claims import KEPT
from ledger.registration import Registration
from worker.desk import Desk
from worker.outcome import Outcome
from worker.receive.message import M
from worker.settings import Check

C = TypeVar("C")

Call = Callable[[M, C, float], Outcome]
"""One call of one endpoint: the message, the client, the seconds that it may take; raises APIError."""

DeskCall = Callable[[M, C, float, Desk], Outcome]
"""A call that works with the ledger as well."""

Found = Callable[[M, str, Desk], Outcome | None]
"""Says how a create ends of which only the id of its response is known; None where nothing can be looked up by it."""


Spread = Callable[[Record, frozenset[str], Ledger, float], Mapping[str, int]]
"""Asks what continues a response to go for these reasons, at this moment; what its receipt says.

May raise TableUnavailable.
"""

Schedule = Callable[[Registration, Ledger, Keys, float], object]
"""Registers the date at which a response is to be deleted, at this moment. May raise TableUnavailable or Crowded."""


class Registry(NamedTuple):
    """What a function whose records are registered responses does about them beside its call."""

    spread: Spread
    schedule: Schedule


def ledger_only(_api: API) -> None:
    """Make no client: what a function does is done at its desk, with the ledger."""


@dataclass(frozen=True, slots=True)
class Function(Generic[M, C]):
    """One function: its message, its client, its call, and what may be done with that call.

    With a `registry` its outcomes are receipts. `found` ends a create of which only the id of its response is known.
    `needs`, from the table of functions, is the least time that a call is begun with. `desk`: its calls take a Desk as
    well.
    """

    name: str
    model: type[M]
    client: Callable[[API], C]
    call: Callable[..., Outcome]
    idempotent: bool
    result_type: str
    when_held: Call[M, C] | None
    registry: Registry | None
    sends_to: tuple[str, ...]
    may_send_to: tuple[str, ...]
    check: Check | None
    desk: bool = False
    found: Found[M] | None = None
    needs: float = 2.0

    @property
    def receipt(self) -> bool:
        """Whether its outcomes are receipts, kept for ever, of which its results are made."""
        return self.registry is not None

    @property
    def calls_studio(self) -> bool:
        """Whether it calls AI Studio at all."""
        return self.client is not ledger_only

    @property
    def kept(self) -> float | None:
        """How many seconds a record lives; None for ever."""
        return None if self.receipt else KEPT

    @property
    def told(self) -> tuple[str, ...]:
        """What its results say of the receipt."""
        if not self.receipt:
            return ()
        return ("outcome", "delete_after", *self.model.recorded, "subject", "successors", "cascaded")

    @property
    def namespace(self) -> str:
        """What its records are about: the namespace of their keys."""
        return self.model.record or self.name
