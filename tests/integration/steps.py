"""Steps that several tests of faults take."""

from typing import Any

from tests.support.bench import LEASE_MARGIN, Bench
from tests.support.messages import Entry
from tests.support.observations import said
from tests.support.seam import Crash

LEASE = 60 + LEASE_MARGIN
"""Seconds for which a caller's claim counts as alive."""

DELETE, POST = {"method": "DELETE"}, {"method": "POST"}
KILLED = "the process is killed"

Ends = list[tuple[str, str | None]]


def crash() -> None:
    """The process ends here."""
    raise Crash(KILLED)


def deletion(bench: Bench, key: str = "resp_1") -> Entry:
    """A message that asks for a deletion."""
    return bench.message({"response_id": key})


def question(bench: Bench, key: str = "evt_1") -> Entry:
    """A message that asks for a response."""
    return bench.message({"event_id": key})


def delete(bench: Bench, key: str = "resp_1", **options: Any) -> Ends:
    """Deliver a deletion, and say how it ended."""
    return bench.deliver(deletion(bench, key), **options).ends


def ask(bench: Bench, **options: Any) -> Ends:
    """Deliver a question, and say how it ended."""
    return bench.deliver(question(bench), **options).ends


def throttle(bench: Bench, times: int = 1, wait: int = 60) -> None:
    """Let the service ask for patience."""
    bench.studio.fault(times=times, status=429, headers={"Retry-After": str(wait)})


def not_before(bench: Bench) -> float:
    """What the first retry message in the queue says of when it is due, 0 where its delay says enough."""
    return float(said(bench.retry_messages()[0]).get("not_before", 0)) / 1000
