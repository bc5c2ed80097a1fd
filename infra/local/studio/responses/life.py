"""A stored response and its life: queued, in progress, over.

It moves when it is looked at, by the count of looks or by the clock, and never by itself: the same requests always see
the same states.
"""

from dataclasses import dataclass, field
from typing import Any

OVER = ("completed", "failed", "incomplete", "cancelled")


@dataclass
class Life:
    """One response. `final` is what it will be; until then it runs until `polls` GETs have seen it and `due` is past.

    `hidden`: so many GETs say that it is not there, although it is. `text` is that of its input.
    """

    final: dict[str, Any]
    inputs: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""
    status: str = "completed"
    polls: int = 0
    due: float = 0.0
    hidden: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in OVER

    def shown(self) -> dict[str, Any]:
        """The response object as it is now."""
        if self.status == self.final["status"]:
            return self.final
        unfinished: dict[str, Any] = {
            "output": [],
            "output_text": None,
            "usage": None,
            "error": None,
            "incomplete_details": None,
        }
        return {**self.final, **unfinished, "status": self.status}

    def look(self, now: float) -> None:
        """Let a GET see it: one step further."""
        if self.over:
            return
        self.polls = max(0, self.polls - 1)
        if self.polls == 0 and now >= self.due:
            self.finish()
        else:
            self.status = "in_progress"

    def finish(self) -> None:
        """Become what it was to be."""
        self.status = self.final["status"]

    def cancel(self, polls: int) -> None:
        """Become cancelled, at once or when so many GETs have seen it."""
        cancelled: dict[str, Any] = {"status": "cancelled", "output": [], "output_text": None, "usage": None}
        self.final = {**self.final, **cancelled, "error": None, "incomplete_details": None}
        self.polls, self.due = polls, 0.0
        if polls == 0:
            self.finish()
