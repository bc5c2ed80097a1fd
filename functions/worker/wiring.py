"""The composition root: reads the environment once an instance, builds the clients, and binds each invocation."""

import gc
import os
import random
import uuid
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any, TypeVar

from aws_lambda_powertools import Logger

from aistudio import API
from documents.tables import LEDGER
from documents.time_budget import Budget
from ledger import Keys, Ledger
from worker import clients
from worker.clock import Clock, Deadline, SystemClock
from worker.log import get_logger
from worker.message_attributes import Signer
from worker.platform_context import Token, seconds_left
from worker.send.bucket import Bucket
from worker.send.elsewhere import Elsewhere
from worker.send.queue import Queue
from worker.send.queue_message import Carrier
from worker.send.results import Results
from worker.settings import KEYS_OF_QUEUES, LEDGER_FUNCTION, QUEUE_FUNCTION, Settings, SettingsError, queue_settings
from worker.settle.batch import settle_batch
from worker.settle.breakers import DeploymentBreaker
from worker.settle.concurrency import Window
from worker.settle.context import Invocation
from worker.settle.function import Function
from worker.threads import Threads, within
from worker.timer_handler import Timer, Tools, tick_of

T = TypeVar("T")

SIDE_BY_SIDE = 10
"""Requests at once to the ledger or the queues: a hundred messages' results are ten, their records four."""


class _Lasting:
    """What lives between the invocations of one function in one process, whatever starts it."""

    def __init__(self, name: str, settings: Settings, elsewhere: Mapping[str, str], clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._elsewhere = elsewhere
        self._clock = clock
        self._token = Token()
        self._random = random.SystemRandom()
        self._documents = clients.documents(settings, self._token)
        self._queues = clients.queues(settings)
        self._keys = Keys(settings.hash_key.get_secret_value())
        self._side_by_side = Threads(SIDE_BY_SIDE)
        self._logger: Logger = get_logger(name, settings.log_level)

    def _begin(self, context: Any) -> tuple[Deadline, Queue, Ledger]:
        """Return the invocation's deadline, and with its budgets the queues and the ledger."""
        deadline = Deadline.after(seconds_left(context, self._clock), self._clock, within, self._side_by_side)
        self._logger.append_keys(invocation=getattr(context, "aws_request_id", None))
        table = self._settings.ledger_table_prefix + LEDGER
        ledger = Ledger(self._documents, table, self._clock.sleep, deadline.budget())
        return deadline, Queue(self._queues, self._clock, deadline.budget()), ledger


class Instance(_Lasting):
    """A function that takes messages."""

    def __init__(
        self, function: Function[Any, Any], settings: Settings, elsewhere: Mapping[str, str], clock: Clock
    ) -> None:
        super().__init__(function.name, settings, elsewhere, clock)
        self._function = replace(function, needs=settings.call_needs)
        api = clients.studio(settings) if function.calls_studio else None
        self._api = API(api, self._token, connections=settings.concurrency) if api else None
        self._client = function.client(self._api) if self._api else None
        self._storage = cache(partial(clients.storage, settings))
        self._carrier = Carrier(Signer(settings.hash_key.get_secret_value(), function.name), settings.queue_max_bytes)
        self._breaker = DeploymentBreaker()
        self._window = Window(settings.concurrency)
        self._run = Threads(settings.concurrency, lambda: self._window.size)
        if not settings.results_queue_url and not function.idempotent:
            self._logger.warning("RESULTS_QUEUE_URL is empty: what this function produces goes nowhere")

    def handle(self, event: Mapping[str, Any], context: Any) -> dict[str, int]:
        """Settle one event. Raises Unsettled, or SettingsError where there is no token to call with."""
        self._token.renew(context)
        self._refuse_without_token()
        if self._api:
            self._api.drop_idle()  # while the instance slept they may have ended without a sign
        settings = self._settings
        deadline, queue, ledger = self._begin(context)
        invocation = Invocation(
            function=self._function,
            client=self._client,
            store=ledger,
            queue=queue,
            carrier=self._carrier,
            results=self._results(queue, deadline),
            keys=self._keys,
            clock=self._clock,
            deadline=deadline,
            run=self._run,
            random=self._random,
            new_id=lambda: str(uuid.uuid4()),
            settings=settings,
            breaker=self._breaker,
            window=self._window,
            elsewhere=Elsewhere(queue, self._elsewhere, self._name),
        )
        return settle_batch(event, invocation, self._logger)

    def _results(self, queue: Queue, deadline: Deadline) -> Results:
        function, settings = self._function, self._settings
        bucket = settings.results_bucket
        return Results(
            queue,
            settings.results_queue_url,
            function.name,
            function.result_type,
            settings.results_subject,
            Bucket(self._storage, bucket, deadline.budget(clients.LONGEST_UPLOAD)) if bucket else None,
        )

    def _refuse_without_token(self) -> None:
        wanted = ["YDB_AUTH=static"] if self._settings.ydb_auth == "iam" else []
        if self._function.calls_studio and not self._settings.aistudio_api_key.get_secret_value():
            wanted.insert(0, "AISTUDIO_API_KEY")
        if wanted and not self._token():
            raise SettingsError(
                f"context.token {self._token.problem}: give the function a service account, or set {' and '.join(wanted)}"
            )


@cache
def instance(function: Function[Any, Any]) -> Instance:
    """Build a function's instance at its first invocation. Raises SettingsError, naming all that is wrong."""
    needed, optional = queue_settings(function.sends_to), queue_settings(function.may_send_to)
    needs = QUEUE_FUNCTION if function.calls_studio else LEDGER_FUNCTION
    settings = Settings.read(os.environ, (*needs, *needed.values()), function.check)
    urls = {name: os.environ.get(at, "") for name, at in (needed | optional).items()}
    return _frozen(Instance(function, settings, urls, SystemClock()))


class TimerInstance(_Lasting):
    """A function that a timer starts."""

    def __init__(self, timer: Timer, settings: Settings, elsewhere: Mapping[str, str], clock: Clock) -> None:
        super().__init__(timer.name, settings, elsewhere, clock)
        self._timer = timer
        self._storage = cache(partial(clients.storage, settings, clients.LONGEST_EVIDENCE))

    def handle(self, event: Mapping[str, Any], context: Any) -> dict[str, int]:
        """Do what is due at this tick, and log how much that was. Whatever the call raises goes on to the platform."""
        self._token.renew(context)
        deadline, queue, ledger = self._begin(context)
        stores = Budget(deadline.left_for_calls, clients.LONGEST_EVIDENCE, within)
        tools = Tools(
            store=ledger,
            keys=self._keys,
            clock=self._clock,
            deadline=deadline,
            random=self._random,
            elsewhere=Elsewhere(queue, self._elsewhere, self._name),
            results=Results(
                queue, self._elsewhere.get("results", ""), self._name, self._timer.result_type, "hash", None
            ),
            evidence=Bucket(self._storage, self._settings.evidence_bucket, stores),
            settings=self._settings,
        )
        counts = dict(self._timer.call(tick_of(event, self._clock.now()), tools))
        self._logger.info("tick", extra=counts)
        return counts


@cache
def timer_instance(timer: Timer) -> TimerInstance:
    """Build a timer function's instance at its first tick. Raises SettingsError, naming all that is wrong."""
    queues = queue_settings(timer.sends_to)
    needs = (*timer.needs, *queues.values(), *(KEYS_OF_QUEUES if queues else ()))
    settings = Settings.read(os.environ, needs)
    return _frozen(TimerInstance(timer, settings, {name: os.environ[at] for name, at in queues.items()}, SystemClock()))


def _frozen(instance: T) -> T:
    """Keep the collector of garbage from looking through all that was imported and built, again and again."""
    gc.freeze()
    return instance
