"""Where a dead letter goes when it is redriven, or why it stays."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.operate.ops.dead_letters.letter import NO_REASON, DeadLetter
from infra.operate.ops.environments import Reach
from ledger import Key, Record, RecordKey
from ledger.states import DONE, OUTCOME_UNKNOWN
from worker.message_attributes import Signer
from worker.receive.envelope import Invalid
from worker.receive.message import parse
from worker.receive.trigger_event import Delivery
from worker.send.queue_message import Carrier, QueueMessage, TooLarge
from worker.send.retry_message import redriven

RESULTS = "results"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a dead letter: it goes `to` a queue as this `message`, or stays, for a reason (`why`).

    `key` is that of the record on which the redrive is noted.
    """

    letter: DeadLetter
    to: str = ""
    why: str = ""
    message: QueueMessage | None = None
    key: RecordKey | None = None


@dataclass(frozen=True)
class Planner:
    """Decides for one command. `to` is where letters without a reason go, `force` accepts a second call."""

    reach: Reach
    now: float
    to: str = ""
    force: bool = False
    reset_age: bool = True

    def verdicts(self, letters: Sequence[DeadLetter]) -> list[Verdict]:
        """Decide for each, in order. Raises TableUnavailable where a record is needed and can't be read."""
        decided = [self._decide(letter) for letter in letters]
        uncertain = [each.key for each in decided if each.key and self._must_not_repeat(each.letter, each.to)]
        records = self.reach.ledger.get_many(uncertain) if uncertain else {}
        return [
            self._forced(each, records[each.key]) if each.key and self._must_not_repeat(each.letter, each.to) else each
            for each in decided
        ]

    def _must_not_repeat(self, letter: DeadLetter, function: str) -> bool:
        """Whether its call may have happened, and must not happen twice."""
        return letter.reason == OUTCOME_UNKNOWN and not self.reach.entries[function]["idempotent"]

    def _decide(self, letter: DeadLetter) -> Verdict:
        if letter.is_result:
            return self._result(letter)
        function = letter.function if letter.reason != NO_REASON else self.to
        if not function:
            return Verdict(letter, why="no function said why: name its queue with --to FUNCTION")
        if function not in self.reach.queues:
            return Verdict(letter, why=f"{function} has no queue in {self.reach.name}")
        signer = Signer(self.reach.settings.hash_key.get_secret_value(), function)
        delivery = letter.delivery(signer)
        if letter.reason != NO_REASON and not delivery.signed:
            return Verdict(letter, why="not signed with this HASH_KEY: it is another's, or somebody wrote it")
        if letter.reason == "key_reused":
            return Verdict(
                letter, why="its key stands for other content: it has to be sent anew under a key of its own"
            )
        return self._accepted(letter, function, delivery, signer)

    def _accepted(self, letter: DeadLetter, function: str, delivery: Delivery, signer: Signer) -> Verdict:
        """Whether the function's schema takes it."""
        made = self.reach.function(function)
        try:
            parsed = parse(made.model, delivery)
        except Invalid as error:
            return Verdict(letter, why=f"the schema of {function} refuses it: {error}")
        carrier = Carrier(signer, self._largest(function))
        try:
            # No other letter is forced: only of these it was made sure that their caller is over.
            force = self.force and self._must_not_repeat(letter, function)
            message = redriven(delivery, force=force, now=self.now, carrier=carrier, reset_age=self.reset_age)
        except TooLarge as error:
            return Verdict(letter, why=f"too large for the queue of {function}: {error}")
        record_key = self.reach.keys.key(made.namespace, Key(parsed.key))
        return Verdict(letter, function, message=message, key=record_key)

    def _forced(self, verdict: Verdict, record: Record) -> Verdict:
        """A call that may have happened goes out again only by force, and only when its first caller is surely over.

        The lease ends LEASE_MARGIN after the caller's deadline by the caller's clock; this clock may differ as much.
        """
        if record.state == DONE:
            return verdict  # its caller wrote the outcome after all: that answers it
        if not self.force:
            why = "its call may have happened, and would happen again: --force, if that is accepted"
        elif record.state is None:
            why = "its record is not there: nothing tells when its caller is over (HASH_KEY, LEDGER_TABLE_PREFIX)"
        elif self.now <= (over := record.lease_until + self.reach.settings.lease_margin):
            why = f"its caller may still be calling, for {over - self.now:.0f} s more"
        else:
            return verdict
        return Verdict(verdict.letter, why=why)

    def _result(self, letter: DeadLetter) -> Verdict:
        if self.to != RESULTS:
            return Verdict(letter, why=f"a result that was never taken: back to its queue with --to {RESULTS}")
        attributes = {
            name: (each["DataType"], each.get("StringValue", ""))
            for name, each in letter.message.get("MessageAttributes", {}).items()
        }
        return Verdict(letter, RESULTS, message=QueueMessage(letter.message["Body"], attributes))

    def _largest(self, function: str) -> int:
        largest: int = self.reach.entries[function]["queue"].get("max_message_size", 262_144)
        return largest
