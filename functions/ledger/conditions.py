"""The conditions of the ledger's writes, built from named fragments.

A timeline of one key, with the fragment that lets each writer through:

    nothing --claim--> claimed --call--> done             FREE, then MINE
                          |--429--> open --claim-->       OPEN_TO_ME: nothing older than the newest retry message
                          |--400--> dead_lettered -->     ENDED_BEFORE: only a later redrive
                          '--crash--> (lease ends)        dead-lettered by whoever finds it, naming the owner it saw
    deletions: nothing | open | dead_lettered | held --> deleted | already_absent --> deleted

No fragment compares an attribute that may be missing for inequality: DynamoDB finds it unequal, and YDB does not say.
"""

from collections.abc import Mapping
from typing import Any

from ledger.agenda import VERIFY
from ledger.states import CLAIMED, DEAD_LETTERED, FINAL_STATES, HELD, OPEN, OUTCOME_UNKNOWN, WAITING

_WORDS = {word: word for word in (OPEN, CLAIMED, HELD, WAITING, DEAD_LETTERED, *FINAL_STATES, OUTCOME_UNKNOWN, VERIFY)}
"""What conditions compare with by name: `:claimed` is the text "claimed"."""

FREE = "attribute_not_exists(#state)"
"""No delivery has dealt with the key (the record may carry a legal hold all the same)."""

GOES_ON = "#state IN (:open, :claimed)"
"""The key has no end yet."""

LAPSED = "#expires_at < :now"
"""The record has expired; the table's own deletion follows only days later, so it counts as absent from here on."""

OPEN_TO_ME = "#state = :open AND (#redrive < :redrive OR (#redrive = :redrive AND #copy <= :copy))"
"""No claim stands, and this delivery is not older than the newest confirmed retry message."""

OPEN_BELOW = "#state = :open AND (#redrive < :redrive OR (#redrive = :redrive AND #copy < :copy))"
"""The watermark is below the retry message that was just confirmed."""

MINE = "#owner = :owner AND #state = :claimed"
"""My own claim: also a claim that I wrote before, in a request whose answer never came."""

ENDED_BEFORE = "#state IN (:held, :waiting, :dead_lettered) AND #redrive < :redrive"
"""Earlier messages of the key ended as held, waiting or dead-lettered; this message belongs to a later redrive."""

ABSENT_BEFORE = "#state = :already_absent AND #redrive < :redrive AND #absent_sent_at < :sent_at"
"""An earlier message found nothing; this message was sent later, so it asks again."""

WAITS = "#state = :waiting"
"""A date that had not come ended earlier messages: that keeps no other from being dead-lettered."""

DATE_AS_READ = "#delete_after = :date_read AND attribute_not_exists(#asked)"
"""The date on the record is still the date that was read, and no earlier deletion was asked for."""

ON_AGENDA = "attribute_exists(#due_shard)"
"""Something may still have to be called: what is written of the agenda must not stand alone."""

HELD_STILL = "attribute_exists(#hold)"
"""The record's own hold was not released meanwhile: a release has to find what it makes due."""

NEVER_CREATED = "attribute_not_exists(#created_at)"
"""No registration and no hold has named a time at which the response was created."""

REDRIVEN = "#state = :dead_lettered AND #redrive < :redrive AND NOT #reason IN (:outcome_unknown)"
"""A later redrive of a dead-lettered key; a call that may have happened needs force."""

REDRIVEN_BY_FORCE = "#state = :dead_lettered AND #redrive < :redrive"
"""A later redrive by force of a dead-lettered key. Force counts for one redrive: the record then holds its number."""

LAPSED_CLAIM_BY_FORCE = (
    "#state = :claimed AND #lease_until < :now AND #redrive < :redrive AND attribute_not_exists(#response_id)"
)
"""The caller died before any delivery dead-lettered the key, and an operator redrove the message by force.

Where the response's id is known there is nothing to force: it can be looked up.
"""

SAME_BODY = "attribute_not_exists(#body_hash) OR #body_hash = :body_hash"
"""The key was never used for other content."""

STILL_MINE_TO_FINISH = (
    "#owner = :owner AND (#state = :claimed OR (#state = :dead_lettered AND #reason = :outcome_unknown))"
)
"""My call did happen: that is final, even where the lease ended meanwhile and the key was dead-lettered as unknown."""

DEAD_LETTERED_BY = "#state = :dead_lettered AND #owner = :owner"
"""The very end whose dead letter was sent: a later end needs a dead letter of its own."""

CLAIMED_BELOW = "#state = :claimed AND #redrive = :redrive AND #copy < :copy"
"""Another delivery of this redrive holds the claim, and the watermark is below the confirmed retry message."""

NOT_DONE = "attribute_not_exists(#state) OR NOT #state IN (:done)"
"""The call has no outcome yet."""

NOT_DELETED = "attribute_not_exists(#state) OR NOT #state IN (:deleted)"
"""There is no deletion's receipt."""

NOT_REGISTERED_SINCE = "attribute_not_exists(#registered_sent_at) OR #registered_sent_at <= :sent_at"
"""What found nothing was sent after the registration that stands: it says something about what is registered."""

NO_RECEIPT = "attribute_not_exists(#receipts)"
"""There is no receipt yet: the first one is written once."""

RECEIPTS_AS_READ = "#receipts = :receipts_read AND NOT #state IN (:deleted)"
"""The key has the receipts that were read, and none of a deletion."""

NOT_CASCADING = "attribute_not_exists(#cascades)"
"""No message asked meanwhile for what continues the response."""

STILL_VERIFYING = "#receipts = :receipts_read AND #due_for = :verify"
"""The key has the receipts that were read, and nothing has shown yet that its deleted response stays away."""

ABSENT_EARLIER = "#absent_sent_at < :absent_sent_at AND NOT #state IN (:deleted)"
"""What found nothing before was sent earlier than this message, which found nothing either."""


def given(**values: Any) -> Mapping[str, Any]:
    """Return what a condition compares with: the states' words, and these values."""
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
