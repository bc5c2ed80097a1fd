"""From a long run that fails to the shortest schedule that fails in the same way, and its trace as text."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from tests.simulation.events import Move
from tests.simulation.plan import BEGUN, Plan
from tests.simulation.runs import Run, Scheduled, run


def shrink(plan: Plan, failed: Run, seed: int = 0) -> Run:
    """Leave out moves, in ever smaller pieces, while the same invariant is violated; what is left out goes by default."""
    kind = _kind(failed.broken)
    best = failed
    schedule = list(failed.moves)
    size = max(1, len(schedule) // 2)
    for _ in count():
        smaller = _without_some(plan, schedule, size, kind, seed)
        if smaller is not None:
            schedule, best = smaller
        elif size == 1:
            break
        else:
            size = max(1, size // 2)
    return Run(tuple(schedule), best.broken, best.trace, best.steps)


def _without_some(
    plan: Plan, schedule: Sequence[Move], size: int, kind: str, seed: int
) -> tuple[list[Move], Run] | None:
    for at in range(0, len(schedule), size):
        shorter = [*schedule[:at], *schedule[at + size :]]
        again = run(plan, Scheduled(shorter), seed)
        if _kind(again.broken) == kind:
            return shorter, again
    return None


def _kind(broken: str) -> str:
    return broken.partition(":")[0]


def as_text(trace: Sequence[tuple[Any, ...]]) -> str:
    """A trace, a line a step: seconds, who, what, the fault in brackets, and what came of it."""
    lines = []
    for t, who, what, fault, came in trace:
        lines.append(f"{t - BEGUN:10.3f}  {who:<10} {what}{f' [{fault}]' if fault else ''}{_told(came)}")
    return "\n".join(lines)


def _told(value: Any) -> str:
    """The gist of what an effect gave back."""
    if isinstance(value, dict):
        items = [value["Item"]] if "Item" in value else next(iter(value.get("Responses", {}).values()), [])
        told = ", ".join(_row(item) for item in items)
        if "Responses" in value or "Item" in value:
            return f" -> {told or 'no row'}"
        failed = value.get("Failed")
        return f" -> {len(value['Successful'])} of {len(value['Successful']) + len(failed or ())}" if failed else ""
    if isinstance(value, Exception):
        response = getattr(value, "response", {})
        return f" -> {response['Error']['Code'] if response else type(value).__name__}"
    status = getattr(value, "status_code", None)
    return f" -> HTTP {status}" if status else f" {value}" if value else ""


def _row(item: Any) -> str:
    names = ("state", "redrive", "seq", "owner", "dlq", "hold")
    told = (f"{name}={next(iter(item[name].values()))}" for name in names if name in item)
    return "row " + " ".join(told)
