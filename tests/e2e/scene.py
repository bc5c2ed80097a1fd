"""A function that creates, in processes of its own between real servers; its calls to queues and table can be held."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Literal

from infra.local.catalog import LocalFunction
from infra.local.cloud.runtime import Runtime
from infra.local.cloud.servers import Waiting
from infra.local.cloud.trigger import Batching
from infra.local.environment import Environment
from infra.local.studio.settings import Settings as StudioSettings
from ledger import Keys, Ledger, Record, RecordKey
from tests.e2e.proxy import Document, Hold, Proxy, running_proxy
from tests.support.messages import entry
from tests.support.observations import said
from tests.support.planted import EVENT_ID, PROMPT
from tests.support.watched import watched_environment

REALTIME, CREATE = "realtime_response_create", "create_response"
Transport = Literal["http", "websocket"]


def function(timeout: float = 60, name: str = REALTIME, **settings: str) -> LocalFunction:
    """The function, one message a batch; a message returns when the lease of its first delivery is over.

    A lease lasts until the function's timeout and LEASE_MARGIN are over: one second longer than its calls may take.
    `timeout`, in seconds, is long enough for a busy machine to call before half of it is over.
    """
    batching = Batching(size=1, cutoff=0.05, visibility=ceil(timeout) + 2)
    timing = {"LEASE_MARGIN": "1s", "CALL_NEEDS": "1s"}
    return LocalFunction(
        name,
        f"{name}.handler",
        timeout=timeout,
        receives=5,
        batching=batching,
        settings={**timing, **settings},
        sends_to=("get_response",) if name == CREATE else (),
    )


@dataclass
class Scene:
    """A running environment, the proxy through which the function reaches it, and what the function printed."""

    environment: Environment
    proxy: Proxy
    lines: list[str]
    name: str = REALTIME
    sent: dict[str, str] = field(default_factory=dict)

    def message(self, event_id: str, **more: Any) -> str:
        """The body of a message, all of it planted. Raises ValueError for an id that no search would find."""
        if not event_id.startswith(EVENT_ID):
            raise ValueError(f"{event_id} does not begin with {EVENT_ID}")
        model = f"gpt://{self.environment.studio.folder_id}/some-model"
        asked: dict[str, dict[str, Any]] = {
            REALTIME: {"type": "response.create", "response": {"instructions": PROMPT}},
            CREATE: {"model": model, "instructions": PROMPT, "input": f"{PROMPT} {event_id}"},
        }
        return json.dumps({"event_id": event_id, **asked[self.name], **more})

    def delivery(self, event_id: str, **more: Any) -> dict[str, Any]:
        """A trigger event with it, to be handed to an instance."""
        return {"messages": [entry(self.message(event_id, **more), sent_at=time.time())]}

    @contextmanager
    def instance(self, **settings: str) -> Iterator[Runtime]:
        """A further instance, already warm, with these settings in place of its own."""
        runtime = self.environment.runtime(self.name, **settings)
        try:
            assert runtime.invoke({"messages": []}).ok
            yield runtime
        finally:
            runtime.stop()

    def send(self, event_id: str, **more: Any) -> None:
        """Send it to the function's queue."""
        (self.sent[event_id],) = self.environment.send(self.name, self.message(event_id, **more))

    def kill(self) -> None:
        """SIGKILL for the function's processes; the trigger starts new ones for the next batch."""
        self.environment.triggers[self.name].kill()

    def record_key(self, event_id: str) -> RecordKey:
        """The key of its record."""
        return Keys(self.environment.settings["HASH_KEY"]).key(self.name, event_id)

    def record(self, event_id: str) -> Record:
        """Its record."""
        return Ledger(self.environment.dynamodb, self.environment.ledger).get(self.record_key(event_id))

    def billed(self, event_id: str) -> int:
        """How often a model was run for it."""
        if self.name == CREATE:
            return sum(call["billed"] for call in self.environment.studio.creates(f"{PROMPT} {event_id}"))
        return self.environment.studio.billed(event_id)

    def waiting(self) -> list[Waiting]:
        """What is in the function's queue: waiting, delayed or in flight."""
        return self.environment.servers.peek(self.environment.queues[self.name])

    def dead_letters(self, event_id: str) -> list[str]:
        """The reasons of its dead letters."""
        dead = self.environment.servers.peek(self.environment.dead_letters)
        return [dead_letter.attributes["reason"] for dead_letter in dead if said(dead_letter).get("key") == event_id]

    def results(self, event_id: str) -> list[dict[str, Any]]:
        """Its results."""
        return [body for body in self._results() if body["subject"] == self.record_key(event_id)]

    def answers(self, event_id: str) -> list[dict[str, Any]]:
        """The results that name its message as their cause, whichever function sent them."""
        return [body for body in self._results() if body["causationid"] == self.sent[event_id]]

    def registered(self) -> set[str]:
        """The raw ids on the records of stored responses."""
        items = self.environment.dynamodb.scan(TableName=self.environment.ledger, ConsistentRead=True)["Items"]
        return {item["response_id"]["S"] for item in items if item["key"]["S"].startswith("response#")}

    def _results(self) -> list[dict[str, Any]]:
        return [json.loads(result.body) for result in self.environment.servers.peek(self.environment.results)]

    def hold_write(self, event_id: str, state: str, *, applied: bool) -> Hold:
        """Keep the write that gives its record this state."""
        key = self.record_key(event_id)

        def fits(document: Document) -> bool:
            values = document.get("ExpressionAttributeValues", {})
            return bool(document["Key"]["key"]["S"] == key and values.get(":state", {}).get("S") == state)

        return self.proxy.hold("UpdateItem", fits, applied=applied)

    def hold_result(self, event_id: str, *, applied: bool) -> Hold:
        """Keep its result on the way to the results queue."""
        key = self.record_key(event_id)
        return self.proxy.hold(
            "SendMessageBatch", lambda sent: _holds(sent, self.environment.results, key), applied=applied
        )

    def hold_dead_letter(self, event_id: str, *, applied: bool) -> Hold:
        """Keep its dead letter."""
        url = self.environment.dead_letters
        return self.proxy.hold("SendMessageBatch", lambda sent: _holds(sent, url, event_id), applied=applied)


def _holds(document: Document, queue_url: str, text: str) -> bool:
    return document["QueueUrl"] == queue_url and any(text in entry["MessageBody"] for entry in document["Entries"])


@contextmanager
def running_scene(local: LocalFunction, studio: StudioSettings | None = None, **settings: str) -> Iterator[Scene]:
    """Everything up; the function's trigger is not yet started. At the end it is searched as `watched` does."""
    with (
        watched_environment([local], studio=studio, settings=settings) as watched,
        running_proxy(watched.environment.servers.port) as proxy,
    ):
        environment = watched.environment
        environment.settings |= {"YDB_DOCAPI_ENDPOINT": proxy.endpoint, "YMQ_ENDPOINT": proxy.endpoint}
        yield Scene(environment, proxy, watched.lines, local.name)
        environment.stop()  # while there is still a proxy to talk to
