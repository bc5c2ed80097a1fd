"""What a whole test session shares."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from aistudio import API
from infra.local.cloud.servers import Servers, Waiting
from infra.local.studio.process import StudioHandle
from tests.support.ask import Hooks
from tests.support.seam import Seam


@dataclass(frozen=True)
class Kit:
    """What a whole test session shares: the servers, and clients whose wires can be broken.

    `spectator` is a client whose wire is sound, to look at the ledger with, and `inspector` looks into queues.
    """

    servers: Servers
    studio: StudioHandle
    api: API
    dynamodb: Any
    sqs: Any
    spectator: Any
    inspector: httpx.Client
    ledger: Seam
    queues: Seam
    hooks: Hooks = field(default_factory=Hooks)

    def peek(self, queue_url: str) -> list[Waiting]:
        """All messages of a queue, as `Servers.peek` finds them, over a connection that is kept."""
        found = self.inspector.get("/_ministack/sqs/messages", params={"QueueUrl": queue_url}).raise_for_status().json()
        queues = [
            queue for regions in found["messages"].values() for each in regions.values() for queue in each.values()
        ]
        return [Waiting.read(message) for queue in queues for message in queue]

    def reset(self) -> None:
        """As new for the next test; the tables and queues of each are its own anyway."""
        self.studio.reset()
        self.ledger.reset()
        self.queues.reset()
        self.hooks.reset()
