"""From a long run that fails to the shortest schedule that fails in the same way, and its trace as text."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tests.simulation.plan import BEGUN, Plan
from tests.simulation.runs import Run, Scheduled, Seeded, run

_FURTHER, _SHRUNK = 300, 8
"""How many seeds are tried after one that fails, and how many of those that fail are shrunk: the shortest."""
_STEPS = 4_000
"""How many steps are simulated to shrink one of them. All this takes about two seconds."""


def shortest(make: Callable[[Random], Plan], seed: int) -> tuple[int, Run]:
    """Of a seed that fails and those behind it that fail in the same way: the one of the shortest trace, shrunk."""
    failed: list[tuple[int, Plan, Run]] = []
    for each in range(seed, seed + 1 + _FURTHER):
        plan = make(Random(each))
        came = run(plan, Seeded(each), each)
        if came.broken and (not failed or _kind(came.broken) == _kind(failed[0][2].broken)):
            failed.append((each, plan, came))
    failed.sort(key=lambda each: len(each[2].trace))
    shrunk = [(each, shrink(plan, came, each)) for each, plan, came in failed[:_SHRUNK]]
    return min(shrunk, key=lambda each: len(each[1].trace))


def shrink(plan: Plan, failed: Run, seed: int = 0) -> Run:
    """Leave out messages, then moves, in ever smaller pieces, while it fails in the same way and gets shorter.

    What is left out goes by default, and is looked at again like any other move.
    """
    for sent in plan.messages:
        fewer = replace(plan, messages=tuple(each for each in plan.messages if each is not sent))
        again = run(fewer, Scheduled(failed.moves), seed) if fewer.messages else failed
        if fewer.messages and _kind(again.broken) == _kind(failed.broken):
            plan, failed = fewer, again
    size, at, steps, before = max(1, len(failed.moves) // 2), 0, 0, failed
    while steps < _STEPS:
        if at < len(failed.moves):
            again = run(plan, Scheduled([*failed.moves[:at], *failed.moves[at + size :]]), seed)
            steps += again.steps
            if _kind(again.broken) == _kind(failed.broken) and _length(again) < _length(failed):
                failed = again
            else:
                at += size
        elif failed is before and size == 1:
            break
        else:
            size, at, before = size if failed is not before else size // 2, 0, failed
    return failed


def _length(failed: Run) -> tuple[int, int]:
    return len(failed.trace), sum(1 for move in failed.moves if move[2])


def _kind(broken: str) -> str:
    """What was violated, whatever the numbers."""
    return re.sub(r"\d+ ", "", broken.partition(":")[0])


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
            return f" -> {told or 'no record'}"
        failed = value.get("Failed")
        return f" -> {len(value['Successful'])} of {len(value['Successful']) + len(failed or ())}" if failed else ""
    if isinstance(value, Exception):
        response = getattr(value, "response", None)
        return f" -> {response['Error']['Code'] if isinstance(response, dict) else type(value).__name__}"
    status = getattr(value, "status_code", None)
    return f" -> HTTP {status}" if status else f" {value}" if value else ""


def _row(item: Any) -> str:
    names = ("state", "redrive", "copy", "owner", "dlq", "hold")
    told = (f"{name}={next(iter(item[name].values()))}" for name in names if name in item)
    return "record " + " ".join(told)
