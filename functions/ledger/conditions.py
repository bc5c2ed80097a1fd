"""The conditions of the ledger's writes, built from named fragments.

A timeline of one key, with the fragment that lets each writer through::

    nothing --claim--> claimed --call--> done            FREE, then MINE
                          |--429--> open --claim-->      OPEN_TO_ME: only the newest copy
                          |--400--> parked --redrive-->  REDRIVEN: only a newer redrive
                          '--crash--> (lease ends)       parked by whoever finds it, naming the owner it saw
    deletions: nothing | open | parked | held --> fact   NO_FACT: facts beat all else, and are never overwritten

A comparison with an attribute that is missing is false, here as in DynamoDB.
"""

from collections.abc import Mapping
from typing import Any

from ledger.record import CLAIMED, DEAD_LETTERED, FINAL_STATES, HELD, OPEN, OUTCOME_UNKNOWN

_WORDS = {word: word for word in (OPEN, CLAIMED, HELD, DEAD_LETTERED, *FINAL_STATES, OUTCOME_UNKNOWN)}
"""What conditions compare with by name: ``:claimed`` is the text "claimed"."""

FREE = "attribute_not_exists(#state)"
"""Nobody has dealt with the key (the row may hold a legal hold all the same)."""

LAPSED = "#expires_at < :now"
"""The row has expired; the table's own deletion follows only days later, so it counts as absent from here on."""

OPEN_TO_ME = "#state = :open AND (#redrive < :redrive OR (#redrive = :redrive AND #seq <= :seq))"
"""The last claim was released, and this delivery is not older than the newest confirmed copy."""

MINE = "#owner = :owner AND #state = :claimed"
"""My own claim: also one that I wrote before, in a request whose answer never came."""

REDRIVEN = "#state = :dead_lettered AND #redrive < :redrive AND #reason <> :outcome_unknown"
"""An operator redrove a parked key; one whose call may have happened needs force."""

REDRIVEN_BY_FORCE = "#state = :dead_lettered AND #redrive < :redrive"
"""The same with force, which is good for one redrive: the row then holds its number."""

LAPSED_CLAIM_BY_FORCE = "#state = :claimed AND #lease_until < :now AND #redrive < :redrive"
"""The caller died before anybody parked the key, and an operator redrove the message by force."""

SAME_BODY = "attribute_not_exists(#body_hash) OR #body_hash = :body_hash"
"""The key was never used for other content."""

STILL_MINE_TO_FINISH = (
    "#owner = :owner AND (#state IN (:claimed, :done) OR (#state = :dead_lettered AND #reason = :outcome_unknown))"
)
"""My call did happen: that is a fact, even where the lease ended meanwhile and the key was parked as unknown."""

PARKED_BY = "#state = :dead_lettered AND #owner = :owner"
"""The very parking whose dead letter was sent: a later one needs a dead letter of its own."""

NO_FACT = "attribute_not_exists(#state) OR NOT #state IN (:done, :deleted, :already_absent)"
"""Nothing final is known of the key."""

NEWER_THAN_PARKED = "#state = :dead_lettered AND (#redrive < :redrive OR #sent_at < :sent_at)"
"""This deletion was redriven, or sent after the one that was parked, however often that one was redriven."""

NEWER_THAN_HELD = "#state = :held AND (#redrive < :redrive OR #sent_at < :sent_at)"
"""This deletion was redriven, or sent after the one that ended as held."""

OPEN_BELOW_COPY = "#state = :open AND (#redrive < :redrive OR (#redrive = :redrive AND #seq < :copy_seq))"
"""The mark is below the copy that was just confirmed."""

OPEN_AND_FORGOTTEN = "#state = :open AND #next_at < :forgotten"
"""No queue can hold the copy any more that the mark stands for: the mark counts no longer."""

OPEN_FOR_ANOTHER = "#state = :open AND #due <> :due"
"""The mark stands for copies of another message of this key, which waits for a date of its own."""

CLAIMED_BELOW_COPY = "#state = :claimed AND #redrive = :redrive AND #seq < :copy_seq"
"""The same while another delivery of this redrive holds the claim."""


def given(**values: Any) -> Mapping[str, Any]:
    """What a condition compares with: the states' words, and these values."""
    return {**_WORDS, **values}


def any_of(*fragments: str) -> str:
    """One of these holds."""
    return _joined(" OR ", fragments)


def all_of(*fragments: str) -> str:
    """All of these hold."""
    return _joined(" AND ", fragments)


def _joined(word: str, fragments: tuple[str, ...]) -> str:
    # The service refuses parentheses around what stands in parentheses already, and around a whole expression.
    return word.join(f"({fragment})" for fragment in fragments) if len(fragments) > 1 else fragments[0]
