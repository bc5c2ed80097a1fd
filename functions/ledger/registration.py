"""A registration: what a message says of a stored response. Which one stands: retention/registration_rules.py."""

from dataclasses import dataclass

from ledger.keys import RecordKey


@dataclass(frozen=True, slots=True)
class Registration:
    """What a message says of a stored response.

    `sent_at` is when the message was sent first (ms) and `body_hash` breaks ties: the later registration stands,
    whatever order they arrive in. `created_at` and `delete_after` are epoch seconds. `subject` is the person's key,
    `previous` the id of the response that it continues, `conversation` the key of one that it belongs to. `cascade` and
    `verify_after` (seconds) are what its policy said. `reason` is what the receipt says of a deletion that was asked
    for at a date.
    """

    response_id: str
    sent_at: int
    body_hash: str
    created_at: float | None = None
    subject: RecordKey | None = None
    policy: str | None = None
    delete_after: float | None = None
    previous: str | None = None
    conversation: RecordKey | None = None
    cascade: bool = False
    verify_after: float | None = None
    reason: str | None = None
