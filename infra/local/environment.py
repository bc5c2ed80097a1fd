"""The whole local environment: servers, queues, tables, a local AI Studio, and a trigger or a timer for every function."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from documents import tables
from infra.local.catalog import LocalFunction, with_those_they_send_to
from infra.local.cloud.runtime import Reply, Runtime
from infra.local.cloud.servers import Servers, running_servers
from infra.local.cloud.timer import Timer
from infra.local.cloud.trigger import Invocation, Trigger
from infra.local.cloud.trigger_event import platform_id
from infra.local.furnishing import locked_bucket, queue_of
from infra.local.settings import EVIDENCE_BUCKET, RESULTS_BUCKET, local_settings
from infra.local.studio.process import StudioHandle, running_studio
from infra.local.studio.settings import Settings as StudioSettings
from worker.settings import queue_settings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

DEAD_LETTERS = "dead-letters"
RESULTS = "results"


@dataclass
class Environment:
    """A running environment. Queues are known by URL; every function shares the dead-letter and the results queue."""

    servers: Servers
    studio: StudioHandle
    settings: dict[str, str]
    functions: dict[str, LocalFunction]
    queues: dict[str, str]
    dead_letters: str
    results: str
    sqs: "SQSClient"
    dynamodb: "DynamoDBClient"
    log: Callable[[str, str], None]
    seen: deque[Invocation] = field(default_factory=lambda: deque(maxlen=10_000))
    triggers: dict[str, Trigger] = field(default_factory=dict)
    timers: dict[str, Timer] = field(default_factory=dict)

    @property
    def ledger(self) -> str:
        """The name of the ledger's table."""
        return self.settings["LEDGER_TABLE_PREFIX"] + tables.LEDGER

    def settings_of(self, name: str) -> dict[str, str]:
        """The whole environment of one function."""
        return {
            **self.settings,
            "CALL_NEEDS": f"{min(0.5, self.functions[name].timeout / 10)}s",  # calls are quick here, and timeouts short
            **(self.functions[name].settings or {}),
            **{f"{other.upper()}_QUEUE_URL": url for other, url in self.queues.items()},  # a function reads its own few
            "QUEUE_URL": self.queues.get(name, ""),
            "DEAD_LETTER_QUEUE_URL": self.dead_letters,
            "RESULTS_QUEUE_URL": self.results,
        }

    def furnish(self) -> None:
        """Make the buckets, the tables and the queues, which an empty server lacks."""
        with closing(self.servers.s3) as s3:
            s3.create_bucket(Bucket=RESULTS_BUCKET)
            locked_bucket(s3, EVIDENCE_BUCKET)
        tables.create(self.dynamodb, self.settings["LEDGER_TABLE_PREFIX"])
        self.dead_letters = self.sqs.create_queue(QueueName=DEAD_LETTERS)["QueueUrl"]
        self.results = self.sqs.create_queue(QueueName=RESULTS)["QueueUrl"]
        self.queues = {
            function.name: queue_of(function, self.sqs, self.dead_letters)
            for function in self.functions.values()
            if function.every is None
        }

    def mend(self) -> list[str]:
        """Start again the servers that ended of themselves, and name them; they are as empty as at first."""
        ended = [server for server in (self.servers.server, self.studio.server) if server and server.ended]
        for server in ended:
            server.again()
            if server is self.servers.server:
                self.furnish()
        return [server.name for server in ended]

    def told(self, log: Path) -> dict[str, str]:
        """What those who work with it read: the settings, every queue's URL, and where the functions' lines go."""
        own = {setting: self.queues[function] for function, setting in queue_settings(self.queues).items()}
        shared = {"DEAD_LETTER_QUEUE_URL": self.dead_letters, "RESULTS_QUEUE_URL": self.results}
        return {**self.settings, **own, **shared, "LOG_FILE": str(log.absolute())}

    def runtime(self, name: str, **settings: str) -> Runtime:
        """A further instance of a function, for calls without its queue; `settings` replace its own.

        The caller stops it after use.
        """
        function = self.functions[name]
        return Runtime(
            function.entry_point,
            {**self.settings_of(name), **settings},
            timeout=function.timeout,
            memory=function.memory,
            token=self.studio.api_key,
            log=lambda line: self.log(name, line),
            root=function.root,
        )

    def start(self, *names: str) -> None:
        """Let the triggers and timers of these functions run (default: all), once their processes are ready."""
        started = {
            name: [self.runtime(name) for _ in range(self.functions[name].instances)]
            for name in names or self.functions
        }
        with ThreadPoolExecutor() as pool:
            list(pool.map(Runtime.warm, [runtime for runtimes in started.values() for runtime in runtimes]))
        for name, runtimes in started.items():
            function = self.functions[name]
            if function.every is None:
                trigger = Trigger(self.sqs, self.queues[name], runtimes, function.batching, self.seen.append)
                self.triggers[name] = trigger
                trigger.start()
            else:
                self.timers[name] = Timer(runtimes[0], function.every, partial(self.log, name))
                self.timers[name].start()

    def stop(self) -> None:
        """Stop all triggers and timers, and end the functions' processes; queues, tables and the AI Studio go on."""
        running: list[Timer | Trigger] = [*self.timers.values(), *self.triggers.values()]
        with ThreadPoolExecutor(len(running) or 1) as pool:
            list(pool.map(lambda each: each.stop(), running))
        self.timers.clear()
        self.triggers.clear()

    def tick(self, name: str, at: float | None = None) -> Reply:
        """Call a function with a schedule once, as if its timer had fired at this time (epoch seconds; now by default)."""
        return self.timers[name].tick(at)

    def send(self, name: str, *bodies: str, attributes: Sequence[Mapping[str, Any]] = ()) -> list[str]:
        """Send messages to a function's queue, ten a request, and return the ids under which they will be delivered.

        `attributes` are message attributes as SendMessage takes them, one mapping a body.
        """
        given = [*attributes, *[{}] * (len(bodies) - len(attributes))]
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {"Id": str(number), "MessageBody": body, "MessageAttributes": each}
            for number, (body, each) in enumerate(zip(bodies, given, strict=True))
        ]
        ids: dict[str, str] = {}
        for start in range(0, len(entries), 10):
            answer = self.sqs.send_message_batch(QueueUrl=self.queues[name], Entries=entries[start : start + 10])
            if failed := answer.get("Failed"):
                raise ValueError(f"the queue refused a message: {failed[0].get('Code')} {failed[0].get('Message', '')}")
            ids |= {sent["Id"]: platform_id(sent["MessageId"]) for sent in answer["Successful"]}
        return [ids[entry["Id"]] for entry in entries]

    def item(self, key: str) -> dict[str, Any]:
        """The ledger's item under a record key, as the table server gives it; empty where there is none."""
        return dict(
            self.dynamodb.get_item(TableName=self.ledger, Key={"key": {"S": key}}, ConsistentRead=True).get("Item", {})
        )


@contextmanager
def running_environment(
    functions: Sequence[LocalFunction],
    *,
    studio: StudioSettings | None = None,
    settings: Mapping[str, str] | None = None,
    ports: tuple[int, int] = (0, 0),
    log: Callable[[str, str], None] = lambda _function, _line: None,
) -> Iterator[Environment]:
    """Everything up, tables created, triggers not yet started; all of it gone when the block ends.

    What the functions send to runs too. `settings` replace the functions' local ones. `ports` are those of the servers
    and of the AI Studio, where free. `log` is told each line that a function prints, with its name.
    """
    functions = with_those_they_send_to(functions)
    with ExitStack() as stack:
        servers = stack.enter_context(running_servers(ports[0]))
        ai = stack.enter_context(running_studio(studio, ports[1]))
        sqs = stack.enter_context(closing(servers.sqs))
        dynamodb = stack.enter_context(closing(servers.dynamodb))
        merged = local_settings(servers, ai) | dict(settings or {})
        by_name = {function.name: function for function in functions}
        environment = Environment(servers, ai, merged, by_name, {}, "", "", sqs, dynamodb, log)
        environment.furnish()
        stack.callback(environment.stop)
        yield environment
