"""The bench: one function bound to real local servers, a virtual clock, and faults where boto3 meets the wire."""

import io
import json
import secrets
import uuid
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from aws_lambda_powertools import Logger

from documents.time_budget import AtOnce
from infra.deploy.table import policies
from infra.local.cloud.servers import Waiting
from ledger import Holds, Keys, Ledger, Record, RecordKey
from tests.support.clock import FakeClock
from tests.support.kit import Kit
from tests.support.messages import Attributes, Entry, arrived, entry, signed
from tests.support.seam import Crash
from tests.support.tasks import one_after_another
from worker.clock import Clock, Deadline
from worker.log import get_logger
from worker.message_attributes import Signer
from worker.receive.trigger_event import deliveries
from worker.send.elsewhere import Elsewhere
from worker.send.queue import Queue
from worker.send.queue_message import Carrier
from worker.send.results import Results
from worker.send.retry_message import redriven
from worker.settings import Settings
from worker.settle.batch import settle_batch
from worker.settle.breakers import BatchBreaker, DeploymentBreaker
from worker.settle.concurrency import Window
from worker.settle.context import Invocation
from worker.settle.function import Function

_DEFAULTS = Settings()
MAX_ATTEMPTS, MAX_AGE = _DEFAULTS.max_attempts, _DEFAULTS.max_age
LEASE_MARGIN, HOLD_WINDOW = _DEFAULTS.lease_margin, _DEFAULTS.hold_window


@dataclass(frozen=True)
class Delivered:
    """How one invocation ended: its counts, or the error that makes the batch return, or neither after a crash."""

    counts: dict[str, int] | None
    error: Exception | None
    lines: list[dict[str, Any]]

    @property
    def acknowledged(self) -> bool:
        """The trigger deletes the whole batch."""
        return self.counts is not None

    @property
    def ends(self) -> list[tuple[str, str | None]]:
        """End and outcome of each message, in the order of the log."""
        return [(line["end"], line.get("outcome")) for line in self.lines if "end" in line]


class Bench:
    """One function with queues and a table of its own."""

    def __init__(self, kit: Kit, function: Function[Any, Any], client: Any) -> None:
        self.kit = kit
        self.studio = kit.studio
        self.function = function
        self.client = client
        self.clock = FakeClock()
        self.secret = secrets.token_hex(8)
        self.keys = Keys(self.secret)
        self.carrier = Carrier(Signer(self.secret, function.name))
        self.ledger, self.queues, self.hooks = kit.ledger, kit.queues, kit.hooks
        self.own, self.dead, self.answers, self.others = (kit.stock.queue() for _ in range(4))
        self.table = kit.stock.table()
        self._watched = Ledger(kit.spectator, self.table)
        self.holds = Holds(self._watched, settling=HOLD_WINDOW + 60 + 600)
        self._random = Random(7)
        self.breaker = DeploymentBreaker()
        self.subject: Literal["hash", "key"] = "hash"
        self.window = Window(8)
        self.settings = Settings.model_validate({"RETENTION_POLICIES": policies()})
        self.elsewhere: Callable[[Queue], Elsewhere | None] = lambda _queue: None
        self.batches: list[BatchBreaker] = []
        self._printed: list[io.StringIO] = []
        self.queues.seen.clear()

    @property
    def store(self) -> Ledger:
        """The ledger over a sound wire, to prepare it with."""
        return self._watched

    def share(self, other: "Bench") -> None:
        """Work on the table, with the keys and by the clock of another function."""
        self.table, self._watched, self.holds = other.table, other._watched, other.holds
        self.keys, self.clock = other.keys, other.clock

    def message(
        self, body: object, message_id: str = "", received: int = 1, attributes: Attributes | None = None
    ) -> Entry:
        """A message that a producer sent just now."""
        return entry(body, sent_at=self.clock.now(), message_id=message_id, received=received, attributes=attributes)

    def retry_message(self, body: object, message_id: str = "", **said: Any) -> Entry:
        """A message as this function signed it: `said` are fields of its attribute, the times epoch seconds."""
        return signed(self.message(body, message_id), self.carrier.signer, **said)

    def deliver(
        self,
        *entries: Entry,
        seconds: float = 60.0,
        clock: Clock | None = None,
        run: AtOnce = one_after_another,
        client: Any = None,
        results: bool = True,
    ) -> Delivered:
        """One invocation with this batch, by an instance of its own."""
        own_clock = clock or self.clock
        deadline = Deadline.after(seconds, own_clock)
        queue = Queue(self.kit.sqs, own_clock, deadline.budget())
        url = self.answers if results else ""
        invocation: Invocation = Invocation(
            function=self.function,
            client=client or self.client,
            store=Ledger(self.kit.dynamodb, self.table, own_clock.sleep, deadline.budget()),
            queue=queue,
            carrier=self.carrier,
            results=Results(queue, url, self.function.name, self.function.result_type, self.subject, None),
            keys=self.keys,
            clock=own_clock,
            deadline=deadline,
            run=run,
            random=self._random,
            new_id=lambda: str(uuid.UUID(int=self._random.getrandbits(128))),
            settings=self.settings.model_copy(update={"queue_url": self.own, "dead_letter_queue_url": self.dead}),
            breaker=self.breaker,
            window=self.window,
            elsewhere=self.elsewhere(queue),
        )
        self.batches.append(invocation.batch)
        counts, error = None, None
        printed, logger = self._own_logger()
        try:
            counts = settle_batch({"messages": list(entries)}, invocation, logger)
        except Crash:
            pass
        except Exception as raised:  # noqa: BLE001 - whatever is raised makes the batch return; tests look at it
            error = raised
        return Delivered(counts, error, [json.loads(line) for line in printed.getvalue().splitlines()])

    def record(self, key: str) -> Record:
        """The record of a business key."""
        return self._watched.get(self.keys.key(self.function.namespace, key))

    def record_at(self, record_key: RecordKey) -> Record:
        """The record of a record key."""
        return self._watched.get(record_key)

    def further_receipt(self, key: str, number: int) -> Record:
        """A receipt of a business key after the first, which the record itself has."""
        return self._watched.get(RecordKey(f"{self.keys.key(self.function.namespace, key)}#{number}"))

    def record_of_message(self, message_id: str) -> Record:
        """The record of a message that could not be used."""
        return self._watched.get(self.keys.key(f"{self.function.name}:message", message_id))

    def records(self) -> list[dict[str, Any]]:
        """Every item of the table, as stored."""
        items: list[dict[str, Any]] = self.kit.spectator.scan(TableName=self.table)["Items"]
        return items

    def retry_messages(self) -> list[Waiting]:
        """What waits in the function's own queue."""
        return self.kit.peek(self.own)

    def delays(self) -> list[int]:
        """The delay in seconds of each retry message so far, oldest first."""
        sent = [asked.document for asked in self.queues.seen if asked.operation == "SendMessageBatch"]
        return [
            each["DelaySeconds"]
            for document in sent
            if document["QueueUrl"] == self.own
            for each in document["Entries"]
        ]

    def dead_letters(self) -> list[Waiting]:
        """What waits in the dead-letter queue."""
        return self.kit.peek(self.dead)

    def results(self) -> list[dict[str, Any]]:
        """The events in the results queue."""
        return [json.loads(waiting.body) for waiting in self.kit.peek(self.answers)]

    def take_retry_messages(self) -> list[Entry]:
        """Take everything off the own queue, whatever its delay, as the trigger would deliver it."""
        return self._take(self.own)

    def redrive(self, *, force: bool = False) -> list[Entry]:
        """Take everything off the dead-letter queue, as an operator's redrive would send it: the next generation."""
        now, taken = self.clock.now(), []
        for dead_letter in self.dead_letters():
            (delivery,) = deliveries({"messages": [arrived(dead_letter, now)]}, now, self.carrier.signer)
            message = redriven(delivery, force=force, now=now, carrier=self.carrier)
            texts: Attributes = {name: text for name, (_, text) in message.attributes.items()}
            taken.append(entry(message.body, sent_at=now, attributes=texts))
        self.kit.sqs.purge_queue(QueueUrl=self.dead)
        return taken

    def move_back(self, *, attributes: bool) -> list[Entry]:
        """Take everything off the dead-letter queue, as usual scripts move it: with its attributes, or the body only."""
        now = self.clock.now()
        moved = [
            arrived(dead_letter, now) if attributes else self.message(dead_letter.body)
            for dead_letter in self.dead_letters()
        ]
        self.kit.sqs.purge_queue(QueueUrl=self.dead)
        return moved

    def calls(self, key: str | None = None) -> int:
        """How many requests the local AI Studio has seen, for one id or in all."""
        return len(self.studio.requests(key))

    def billed(self) -> int:
        """How often a model was run."""
        return sum(call["billed"] for call in self.studio.requests())

    @property
    def log(self) -> list[str]:
        """All log lines of all invocations."""
        return [line for printed in self._printed for line in printed.getvalue().splitlines()]

    def _own_logger(self) -> tuple[io.StringIO, Logger]:
        """A logger for one invocation, and what it prints: invocations may overlap."""
        printed = io.StringIO()
        self._printed.append(printed)
        with redirect_stdout(printed):
            return printed, get_logger(f"{self.secret}{len(self._printed)}", "INFO")

    def _take(self, url: str) -> list[Entry]:
        taken = [arrived(waiting, self.clock.now()) for waiting in self.kit.peek(url)]
        if taken:
            self.kit.sqs.purge_queue(QueueUrl=url)
        return taken
