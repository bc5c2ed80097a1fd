"""What a whole test session shares."""

from dataclasses import dataclass, field
from typing import Any

from aistudio import API
from infra.local.cloud.servers import Servers, Waiting
from infra.local.studio.process import StudioHandle
from tests.support.ask import Hooks
from tests.support.seam import Seam
from tests.support.stock import Stock


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
    stock: Stock
    ledger: Seam
    queues: Seam
    hooks: Hooks = field(default_factory=Hooks)

    def peek(self, queue_url: str) -> list[Waiting]:
        """All messages of a queue, as `Servers.peek` finds them, over a connection that is kept."""
        found = self.stock.messages(QueueUrl=queue_url).values()
        return [Waiting.read(message) for queue in found for message in queue]

    def reset(self) -> None:
        """As new for the next test."""
        self.studio.reset()
        self.ledger.reset()
        self.queues.reset()
        self.hooks.reset()
        self.stock.take_back()
        self.queues.seen.clear()
