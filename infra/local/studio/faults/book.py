"""Which request gets which fault.

Of several that match, the oldest wins (for responses: the oldest of each name). With a `probability` the draw depends on the seed, the fault, the id and how
often that id was seen, and on nothing else: the same seed fails the same requests in whatever order they arrive.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from infra.local.studio.faults.fault import Fault
from infra.local.studio.faults.http import HttpFault
from infra.local.studio.faults.realtime import RealtimeFault
from infra.local.studio.faults.responses import Name, Operation, ResponseFault


@dataclass
class _Armed:
    fault: Fault
    number: int
    left: int | None
    seen: Counter[str] = field(default_factory=Counter)


class FaultBook:
    """The faults that were asked for and are not used up."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._armed: list[_Armed] = []
        self._added = 0

    def add(self, fault: Fault) -> None:
        """Arm a fault behind those already there."""
        self._armed.append(_Armed(fault, self._added, fault.times))
        self._added += 1

    def clear(self) -> None:
        """Disarm all."""
        self._armed.clear()

    def http(self, method: str, path: str, subject: str | None, text: str | None = None) -> HttpFault | None:
        """The fault that this request gets, used up by one."""
        for armed in self._armed:
            fault = armed.fault
            if isinstance(fault, HttpFault) and self._strikes(armed, method, path, subject, text):
                return fault
        return None

    def responses(
        self, operation: Operation, path: str, response_id: str | None, text: str
    ) -> dict[Name, ResponseFault]:
        """The faults that this operation on a response gets, each used up by one."""
        struck: dict[Name, ResponseFault] = {}
        for armed in self._armed:
            fault = armed.fault
            if not isinstance(fault, ResponseFault) or fault.operation != operation or fault.response in struck:
                continue
            if self._strikes(armed, operation, path, response_id, text):
                struck[fault.response] = fault
        return struck

    def realtime(self, step: str, path: str, event_id: str | None) -> RealtimeFault | None:
        """The fault that this step of a session gets, used up by one."""
        for armed in self._armed:
            fault = armed.fault
            if isinstance(fault, RealtimeFault) and fault.step == step and self._strikes(armed, "WS", path, event_id):
                return fault
        return None

    def _strikes(self, armed: _Armed, method: str, path: str, subject: str | None, text: str | None = None) -> bool:
        if armed.left == 0 or not armed.fault.match.fits(method, path, subject, text):
            return False
        if armed.fault.probability < 1:
            who = f"{method}/{subject or path}"
            armed.seen[who] += 1
            drawn = random.Random(f"{self._seed}/{armed.number}/{who}/{armed.seen[who]}")  # noqa: S311 - reproducible
            if drawn.random() >= armed.fault.probability:
                return False
        if armed.left is not None:
            armed.left -= 1
        return True


def parse(document: object) -> Fault:
    """One fault from its JSON object; raises pydantic's ValidationError, which names what is wrong."""
    kind: type[Fault] = HttpFault
    if isinstance(document, dict) and "realtime" in document:
        kind = RealtimeFault
    elif isinstance(document, dict) and "response" in document:
        kind = ResponseFault
    return TypeAdapter(kind).validate_python(document)
