"""Figures over sealed lines: how many ended how on which day, and how long deletions took after they were due."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DELETED = "deleted"

STEPS = (
    (60, "under 1 min"),
    (300, "1 to 5 min"),
    (900, "5 to 15 min"),
    (3_600, "15 to 60 min"),
    (21_600, "1 to 6 h"),
    (86_400, "6 to 24 h"),
    (604_800, "1 to 7 days"),
    (math.inf, "over 7 days"),
)
"""Lengths of time that are counted together: below how many seconds, and what they are called."""


@dataclass(frozen=True)
class Figures:
    """`outcomes` counts receipts by day and outcome; `delays` are seconds from due to deleted, in order.

    `history` counts what else was sealed, by kind.
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    history: Counter[str] = field(default_factory=Counter)
    delays: Sequence[float] = ()

    @property
    def receipts(self) -> int:
        """How many receipts there are."""
        return self.outcomes.total()

    def of(self, outcome: str) -> int:
        """How many ended so."""
        return sum(count for (_, each), count in self.outcomes.items() if each == outcome)

    @property
    def names(self) -> list[str]:
        """The outcomes there are, the most frequent first."""
        return sorted({outcome for _, outcome in self.outcomes}, key=lambda each: (-self.of(each), each))

    def quantile(self, share: float) -> float | None:
        """The delay that this share of the deletions did not exceed; None where nothing was deleted."""
        return self.delays[max(0, math.ceil(share * len(self.delays)) - 1)] if self.delays else None

    @property
    def steps(self) -> list[tuple[str, int]]:
        """How many deletions took how long."""
        counts = Counter(next(name for limit, name in STEPS if delay < limit) for delay in self.delays)
        return [(name, counts[name]) for _, name in STEPS]


def figures(lines: Iterable[bytes]) -> Figures:
    """Count these lines."""
    outcomes: Counter[tuple[str, str]] = Counter()
    history: Counter[str] = Counter()
    delays: list[float] = []
    for line in lines:
        said: Mapping[str, Any] = json.loads(line)
        receipt = said.get("receipt")
        if receipt is None:
            history[kind_of(said)] += 1
            continue
        outcome = str(receipt.get("outcome"))
        outcomes[str(said["settled_at"])[:10], outcome] += 1
        if outcome == DELETED and (delay := delay_of(receipt)) is not None:
            delays.append(delay)
    return Figures(outcomes, history, sorted(delays))


def kind_of(said: Mapping[str, Any]) -> str:
    """What a line is about: a receipt, or the kind of its history."""
    if "receipt" in said:
        return "receipt"
    return str(said.get("history", {}).get("kind", "unreadable"))


def delay_of(receipt: Mapping[str, Any]) -> float | None:
    """Seconds from when it was due to when it was done; None where the receipt does not say since when."""
    if "due_at" not in receipt or "executed_at" not in receipt:
        return None
    return max(0.0, float(receipt["executed_at"]) - datetime.fromisoformat(receipt["due_at"]).timestamp())


def span(seconds: float | None) -> str:
    """Write a length of time with two units at the most, such as 2 h 5 min."""
    if seconds is None:
        return "none"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    parts, left = list[str](), round(seconds)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if left >= size or (unit == "s" and not parts):
            parts.append(f"{left // size} {unit}")
        left %= size
        if len(parts) == 2:
            break
    return " ".join(parts)
