"""Where a dead letter goes when it is redriven, or why it stays."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.operate.ops.dead_letters.dead_letter import NO_REASON, DeadLetter
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
    """The decision about a dead letter: it goes `to` a queue as this `message`, or stays, for a reason (`why`).

    `key` is that of the record on which the redrive is noted.
    """

    dead_letter: DeadLetter
    to: str = ""
    why: str = ""
    message: QueueMessage | None = None
    key: RecordKey | None = None


@dataclass(frozen=True)
class Planner:
    """Decides for one command. `to` is where dead letters without a reason go, `force` accepts a second call."""

    reach: Reach
    now: float
    to: str = ""
    force: bool = False
    reset_age: bool = True

    def verdicts(self, dead_letters: Sequence[DeadLetter]) -> list[Verdict]:
        """Decide for each, in order. Raises TableUnavailable where a record is needed and can't be read."""
        decided = [self._decide(dead_letter) for dead_letter in dead_letters]
        uncertain = [each.key for each in decided if each.key and self._must_not_repeat(each.dead_letter, each.to)]
        records = self.reach.ledger.get_many(uncertain) if uncertain else {}
        return [
            self._forced(each, records[each.key])
            if each.key and self._must_not_repeat(each.dead_letter, each.to)
            else each
            for each in decided
        ]

    def _must_not_repeat(self, dead_letter: DeadLetter, function: str) -> bool:
        """Whether its call may have happened, and must not happen twice."""
        return dead_letter.reason == OUTCOME_UNKNOWN and not self.reach.entries[function]["idempotent"]

    def _decide(self, dead_letter: DeadLetter) -> Verdict:
        if dead_letter.is_result:
            return self._result(dead_letter)
        function = dead_letter.function if dead_letter.reason != NO_REASON else self.to
        if not function:
            return Verdict(dead_letter, why="no function said why: name its queue with --to FUNCTION")
        if function not in self.reach.queues:
            return Verdict(dead_letter, why=f"{function} has no queue in {self.reach.name}")
        signer = Signer(self.reach.settings.hash_key.get_secret_value(), function)
        delivery = dead_letter.delivery(signer)
        if dead_letter.reason != NO_REASON and not delivery.signed:
            return Verdict(
                dead_letter, why="not signed with this HASH_KEY: another deployment sent it, or somebody wrote it"
            )
        if dead_letter.reason == "key_reused":
            return Verdict(
                dead_letter,
                why="an earlier message has its key and other content: send it as a new message with another key",
            )
        return self._accepted(dead_letter, function, delivery, signer)

    def _accepted(self, dead_letter: DeadLetter, function: str, delivery: Delivery, signer: Signer) -> Verdict:
        """Whether the function's schema takes it."""
        made = self.reach.function(function)
        try:
            parsed = parse(made.model, delivery)
        except Invalid as error:
            return Verdict(dead_letter, why=f"the schema of {function} refuses it: {error}")
        carrier = Carrier(signer, self._largest(function))
        try:
            # No other dead letter is forced: only for these it is checked that the first call is over.
            force = self.force and self._must_not_repeat(dead_letter, function)
            message = redriven(delivery, force=force, now=self.now, carrier=carrier, reset_age=self.reset_age)
        except TooLarge as error:
            return Verdict(dead_letter, why=f"too large for the queue of {function}: {error}")
        record_key = self.reach.keys.key(made.namespace, Key(parsed.key))
        return Verdict(dead_letter, function, message=message, key=record_key)

    def _forced(self, verdict: Verdict, record: Record) -> Verdict:
        """A call that may have happened goes out again only by force, and only when its first caller is surely over.

        The lease ends LEASE_MARGIN after the caller's deadline by the caller's clock; this clock may differ as much.
        """
        if record.state == DONE:
            return verdict  # its caller wrote the outcome after all: that answers it
        if not self.force:
            why = "its call may have happened, and would happen again: --force, if that is accepted"
        elif record.state is None:
            why = "it has no record, which would say when the first call is over (see HASH_KEY, LEDGER_TABLE_PREFIX)"
        elif self.now <= (over := record.lease_until + self.reach.settings.lease_margin):
            why = f"the first call may still be running, for {over - self.now:.0f} s more"
        else:
            return verdict
        return Verdict(verdict.dead_letter, why=why)

    def _result(self, dead_letter: DeadLetter) -> Verdict:
        if self.to != RESULTS:
            return Verdict(
                dead_letter, why=f"a result that no consumer deleted: send it to the results queue with --to {RESULTS}"
            )
        attributes = {
            name: (each["DataType"], each.get("StringValue", ""))
            for name, each in dead_letter.message.get("MessageAttributes", {}).items()
        }
        return Verdict(dead_letter, RESULTS, message=QueueMessage(dead_letter.message["Body"], attributes))

    def _largest(self, function: str) -> int:
        largest: int = self.reach.entries[function]["queue"].get("max_message_size", 262_144)
        return largest
