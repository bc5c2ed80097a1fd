"""What a call works with that needs more than its client: the ledger, and what is known of its message."""

from collections.abc import Callable
from dataclasses import dataclass

from ledger import Keys, Ledger, RecordKey
from worker.clock import Clock, Deadline
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class Desk:
    """One call's view of the ledger and of its message.

    `sent_at` is when the message was sent first (ms), `origin` the message id under which it came first, `body_hash`
    the keyed hash of its content, `identity` what its results name as their cause. `learn` puts the id of the response
    that the call has begun on the record of a claimed key, before anything else is done with it.
    """

    store: Ledger
    keys: Keys
    clock: Clock
    deadline: Deadline
    record_key: RecordKey
    sent_at: int
    origin: str
    body_hash: str
    identity: str | None
    learn: Callable[[str], None]
    settings: Settings

    def key(self, namespace: str, value: str | None) -> RecordKey | None:
        """Make the record key of a business id that a message may name."""
        return None if value is None else self.keys.key(namespace, value)
