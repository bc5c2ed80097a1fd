"""The values that records hold: states, and reasons; and how many names a record has room for."""

from collections.abc import Iterable

OPEN, CLAIMED, HELD, DEAD_LETTERED = "open", "claimed", "held", "dead_lettered"
WAITING = "waiting"
"""The state of a response whose date had not come when its deletion was asked for. Like `held`, it ends messages."""
SCHEDULED = "scheduled"
"""How such a message ends."""
DONE, DELETED, ALREADY_ABSENT = "done", "deleted", "already_absent"
FINAL_STATES = frozenset({DONE, DELETED, ALREADY_ABSENT})
"""States with a final outcome. `already_absent` answers what was sent before it; the others never change."""

UNREADABLE = "unreadable"
"""The state of a record that holds something of another type than it should."""

STATES = frozenset({OPEN, CLAIMED, HELD, WAITING, DEAD_LETTERED, *FINAL_STATES})
"""All states that this release writes."""

PENDING, SENT = "pending", "sent"

OUTCOME_UNKNOWN = "outcome_unknown"
"""The reason of a dead letter whose call may have happened: a call that must not repeat needs force then."""

ERASURE = "erasure"
"""The reason of a deletion that a person asked for."""

CASCADE = "cascade"
"""The reason of a deletion of what continues a response that was deleted for its date."""

VERIFICATION = "verification"
"""The reason of a deletion of what was deleted before, and was found again."""

LONGEST_DELAY = 900
"""Seconds: the longest that a queue delays a message, so that long after its watermark a retry message appears."""

MOST_ASKED = 32
"""Reasons that a record keeps; what is asked for so often is asked for."""

MOST_RETRIED = 32
"""Messages that a record keeps as retried, of a redrive. Any further one is called for again where it comes back."""

MOST_SUBJECTS = 100
"""Subjects that a record names: an item has room for 400 KB."""


class Crowded(Exception):
    """A record has no room for another person."""


def strongest(reasons: Iterable[str]) -> str | None:
    """Return the reason that is told of several: an erasure before all others."""
    return min(reasons, key=lambda reason: (reason != ERASURE, reason), default=None)
