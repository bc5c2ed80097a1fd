"""Waiting until a message has ended, and telling how: its deliveries, its calls, its record, what came out."""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from infra.local.lines import said
from infra.local.processes.loopback import loopback
from infra.operate.ops.dead_letters.dead_letter import DeadLetter, Filter
from infra.operate.ops.dead_letters.looking import looking
from infra.operate.ops.environments import Reach
from infra.operate.ops.records import log_lines, waiting
from infra.operate.ops.say import Voice
from infra.operate.ops.story import ENDS
from ledger import Key, Record, RecordKey
from ledger.states import DEAD_LETTERED, DELETED, DONE, PENDING

EVERY_LOCAL, EVERY = 0.2, 2.0
"""Seconds between two looks at the ledger: here, where they cost nothing, and on a deployment."""


LAST_WORDS = 30.0
"""Seconds that a function may take, on a busy machine, from its record to its log line."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message under way: the id under which it is delivered, its key, its record, and that as it was before."""

    message_id: str
    key: Key
    record_key: RecordKey
    before: Record


def ended(sent: Sent, record: Record) -> bool:
    """Whether the record says how this message ended."""
    if record.state in (DONE, DELETED) and record.state == sent.before.state:
        return True  # it answers all later messages, and does not change
    return record.state in ENDS and record != sent.before and record.dlq != PENDING


class Follower:
    """Looks until all have ended, or the patience is over; tells each delivery's end as it comes."""

    def __init__(self, reach: Reach, voice: Voice, patience: float) -> None:
        self._reach = reach
        self._voice = voice
        self._until = time.monotonic() + patience
        self._told = 0
        self.begun = time.time()

    def follow(self, sent: Sequence[Sent]) -> dict[RecordKey, Record]:
        """Wait; the records as they are then, by key. Raises TableUnavailable."""
        left = list(sent)
        records: dict[RecordKey, Record] = {}
        with self._voice.progress("ended", len(sent)) as bar:
            while left:
                read = self._reach.ledger.get_many(each.record_key for each in left)
                records |= read
                self._tell_deliveries(sent)
                left = [each for each in left if not ended(each, read[each.record_key])]
                if not left and len(sent) == 1:
                    self._wait_for_the_line(sent)
                bar(len(sent) - len(left))
                if time.monotonic() > self._until:
                    break
                if left:
                    time.sleep(EVERY_LOCAL if self._reach.local else EVERY)
        self._tell_deliveries(sent)
        return records

    def _tell_deliveries(self, sent: Sequence[Sent]) -> None:
        """Tell how a single message's deliveries ended since the last look."""
        for line in self.deliveries(sent)[self._told :] if len(sent) == 1 else ():
            self._told += 1
            self._voice.line(f"  {said(line)}")

    def _wait_for_the_line(self, sent: Sequence[Sent]) -> None:
        """Wait for the log line of its end, where there is a log: a function writes it last, behind the result."""
        until = min(self._until, time.monotonic() + LAST_WORDS)
        while self._reach.local and time.monotonic() < until:
            if any(line["end"] in ("done", "dead_lettered") for line in self.deliveries(sent)):
                break
            time.sleep(EVERY_LOCAL)

    def deliveries(self, sent: Sequence[Sent]) -> list[dict[str, Any]]:
        """The log lines about these since it began; none on a deployment."""
        lines = log_lines(self._reach, {each.record_key for each in sent})
        return [line for line in lines if "end" in line and line["at"] >= int(self.begun)]


def calls(reach: Reach, key: Key) -> list[str]:
    """The calls that the local AI Studio had about an id, by method and status; none on a deployment."""
    if not reach.local:
        return []
    found = loopback().get(f"{reach.control}/requests", params={"id": key}).json()
    return [f"{call['method']} {call['status'] or 'without an answer'}" for call in found]


def result(reach: Reach, record_key: RecordKey) -> Mapping[str, Any] | None:
    """The newest result about a record, where it can be seen without taking it from its consumer: locally."""
    found: Mapping[str, Any] | None = None
    for message in waiting(reach, reach.settings.results_queue_url):
        with suppress(ValueError):  # anybody may send anything to a queue
            content = json.loads(message.body)
            if isinstance(content, dict) and content.get("subject") == record_key:
                found = content
    return found


def dead_letters(reach: Reach, sent: Sent, record: Record) -> list[DeadLetter]:
    """The dead letters of a key, where its record says that there are any."""
    if record.state != DEAD_LETTERED:
        return []
    with looking(reach.sqs, reach.settings.dead_letter_queue_url) as look:
        found = [DeadLetter.read(message) for messages in look.batches() for message in messages]
    return [each for each in found if Filter(key=sent.key).takes(each, 0) or each.message_id == sent.message_id]
