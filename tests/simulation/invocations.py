"""A function's invocation on the simulated world: the real worker, every port of it a fake."""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import cancel_response
import create_response
import delete_response
import erase_subject
import get_response
import legal_hold
import realtime_client_event
import realtime_response_create
import register_response
import verify_deletion
from aistudio import API, Config
from infra.deploy.table import policies
from ledger import Ledger
from tests.simulation.plan import KEYS, SECRET, TOKEN
from tests.simulation.process import Process, ProcessClock
from tests.simulation.queues import DEAD, OWN, RESULTS, Post
from tests.simulation.session import connected
from tests.simulation.studio import URL
from tests.simulation.table import NAME
from worker.clients import LONGEST_UPLOAD
from worker.clock import Deadline
from worker.message_attributes import Signer
from worker.outcome import Unsettled
from worker.send import large_results
from worker.send.bucket import Bucket
from worker.send.elsewhere import Elsewhere
from worker.send.queue import Queue
from worker.send.queue_message import Carrier
from worker.send.results import Results
from worker.settings import Settings
from worker.settle.batch import settle_batch
from worker.settle.breakers import DeploymentBreaker
from worker.settle.concurrency import Window
from worker.settle.context import Invocation
from worker.settle.function import Function

if TYPE_CHECKING:
    from tests.simulation.world import World

FUNCTIONS: dict[str, Function[Any, Any]] = {
    "respond": create_response.handler.function,
    "get_response": get_response.handler.function,
    "cancel_response": cancel_response.handler.function,
    "delete_response": delete_response.handler.function,
    "register_response": register_response.handler.function,
    "legal_hold": legal_hold.handler.function,
    "erase_subject": erase_subject.handler.function,
    "verify_deletion": verify_deletion.handler.function,
    "delete": delete_response.handler.function,
    "create": realtime_response_create.handler.function,
    "script": realtime_client_event.handler.function,
}
SETTINGS = Settings.model_validate({"RETENTION_POLICIES": policies()})
LARGEST = 2_000
"""Bytes of a result that still goes by queue here: what is larger is made so by few characters."""
_BY_POST = Config(URL, "folder", api_key=TOKEN, realtime_transport="http")
_BY_WEBSOCKET = replace(
    _BY_POST, realtime_transport="websocket", realtime_url="wss://studio.test/v1/realtime", realtime_model="planted"
)


class Ports:
    """What is made once a world, as an instance makes it once a process."""

    def __init__(self, world: "World", name: str) -> None:
        self.name = name
        self.function = FUNCTIONS[name]
        self.store = Ledger(cast("Any", world.table), NAME, world.sleep)
        self.carrier = Carrier(Signer(SECRET, self.function.name), world.plan.max_bytes)
        self.breaker = DeploymentBreaker()
        self.window = Window(world.plan.at_once)
        given = {"queue_url": name if name in world.plan.beside else OWN, "dead_letter_queue_url": DEAD}
        limits = {"max_attempts": world.plan.attempts, "max_age": world.plan.max_age}
        self.settings = SETTINGS.model_copy(update={**given, **limits})
        self.logger: Any = Lines(world)
        api = API(
            _BY_WEBSOCKET if world.plan.websocket else _BY_POST,
            str,
            self._new_id,
            world.studio,
            monotonic=world.seen_time,
            now=world.seen_time,
        )
        self.client = self.function.client(api)
        self._world = world

    @property
    def at_once(self) -> int:
        """How many calls an invocation makes at once: all that it may, where no quota is the point, for more orders of them."""
        return self.window.size if self._world.plan.quota else self._world.plan.at_once

    def _new_id(self) -> str:
        return self._world.current.process.new_id()


def invoke(world: "World", name: str, skew: float, posts: Sequence[Post], url: str = OWN) -> None:
    """Start an invocation with these messages: it runs up to its first effect."""
    plan = world.plan
    process = Process(world, name, skew, world.t + plan.timeout, posts, url)
    world.processes.append(process)
    process.superseded = world.checker.superseded(posts)
    process.start(partial(_body, world, process, posts))


def _body(world: "World", process: Process, posts: Sequence[Post]) -> None:
    event = {"messages": [post.entry() for post in posts]}
    try:
        settle_batch(event, _invocation(world, process), world.ports.logger)
    except Unsettled:
        world.checker.retries.came_back(process)
        return
    world.perform("ack", "acknowledges", partial(_acknowledge, world, process))


def _acknowledge(world: "World", process: Process, fault: str) -> None:
    if fault == "lost":
        world.checker.retries.came_back(process)
    else:
        world.queues.delete(process.posts)


def _invocation(world: "World", process: Process) -> Invocation:
    ports, clock = world.ports_of(process.url), ProcessClock(process)
    deadline = Deadline.after(process.ends - world.t, clock)
    queue = Queue(cast("Any", world.queues), clock, deadline.budget())
    bucket = Bucket(lambda: cast("Any", world.bucket), "bucket", deadline.budget(LONGEST_UPLOAD))
    process.calls_end, process.window = deadline.calls_end, deadline.window
    function = ports.function
    return Invocation(
        function=function,
        client=ports.client,
        store=Ledger(cast("Any", world.table), NAME, world.sleep, deadline.budget()),
        queue=queue,
        carrier=ports.carrier,
        results=Results(
            queue, RESULTS, function.name, function.result_type, "hash", bucket if world.plan.bucket else None
        ),
        keys=KEYS,
        clock=clock,
        deadline=deadline,
        run=process.run,
        random=world.random,
        new_id=process.new_id,
        settings=ports.settings,
        breaker=ports.breaker,
        window=ports.window,
        elsewhere=Elsewhere(queue, _urls(world, function), function.name),
    )


def _urls(world: "World", function: Function[Any, Any]) -> dict[str, str]:
    names = (*function.sends_to, *function.may_send_to)
    return {name: name if name in world.plan.beside else "" for name in names}


class Lines:
    """The logger: keeps its lines for the world."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def info(self, message: str, extra: Any) -> None:
        """Keep a line."""
        self._world.lines.append((message, extra))
        self._world.checker.retries.told(extra)

    warning = error = info


class Captured(logging.Handler):
    """Gives what the packages log to the world that runs."""

    world: "World | None" = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line; a defect is a violation."""
        if self.world is not None:
            text = record.getMessage()
            self.world.lines.append((text, None))
            if "defect" in text and not self.world.bugs:
                self.world.violation(text)


CAPTURED = Captured(logging.INFO)


def _connected(_api: Any, _headers: Any, exchange: Any) -> Any:
    assert CAPTURED.world is not None
    return connected(CAPTURED.world, exchange)


@contextmanager
def capture() -> Iterator[None]:
    """Listen to the packages' loggers, instead of whoever listened before."""
    loggers = [logging.getLogger(package) for package in ("aistudio", "documents", "ledger", "retention", "worker")]
    before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    largest, large_results.LARGEST = large_results.LARGEST, LARGEST
    for logger in loggers:
        logger.handlers, logger.propagate = [CAPTURED], False
        logger.setLevel(logging.INFO)
    try:
        with (
            patch("aistudio.realtime.websocket.connected", _connected),
            patch("retention.evidence.seal_records.GAP", 2),  # days: else the first seal takes hundreds of steps
            patch("ledger.agenda.SHARDS", 2),
            patch("retention.sweeping.SHARDS", 2),
            patch("retention_sweep.SHARDS", 2),
        ):
            yield
    finally:
        large_results.LARGEST = largest
        for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)


def told(lines: Sequence[tuple[str, Any]]) -> str:
    """All that was logged, as one text."""
    return "\n".join(f"{message} {json.dumps(extra, default=str)}" for message, extra in lines)
