"""Message Queue as its client and its trigger see it: delays, visibility, receive counts, and the redrive policy."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.simulation.table import failure, silence
from worker.settlement_attribute import NAME, unverified

if TYPE_CHECKING:
    from tests.simulation.world import World

OWN, DEAD, RESULTS = "own queue", "dead letters", "results"
_MOST_BYTES = 262_144

Attributes = Mapping[str, tuple[str, str]]


class Post:
    """A message in a queue. ``number`` orders the retry messages of a key; ``row`` is its key in the ledger, empty where it has none; times are true epoch seconds."""

    __slots__ = ("attributes", "body", "flying", "name", "number", "received", "row", "sent_at", "step", "visible_at")

    def __init__(self, name: str, body: str, attributes: Attributes, row: str, sent_at: float, step: int) -> None:
        self.name = name
        self.body = body
        self.attributes = attributes
        self.row = row
        self.sent_at = sent_at
        self.step = step
        self.visible_at = sent_at
        self.received = 0
        self.flying = 0
        said = unverified(attributes[NAME][1]) if NAME in attributes else {}
        self.number: tuple[int, int] = (said.get("redrive", 0), said.get("copy", 0))

    @property
    def redrive(self) -> int:
        """How often an operator redrove it."""
        return self.number[0]

    @property
    def reason(self) -> str:
        """Why it was parked; empty where the queue's own policy moved it."""
        return self.attributes.get("reason", ("", ""))[1]

    def digest(self) -> tuple[object, ...]:
        """All that decides its future."""
        return (self.name, self.body, tuple(self.attributes.items()), self.visible_at, self.received, self.flying)

    def entry(self) -> dict[str, Any]:
        """The message as the trigger delivers it."""
        return {
            "event_metadata": {"event_id": self.name, "tracing_context": None},
            "details": {
                "message": {
                    "message_id": self.name,
                    "md5_of_body": hashlib.md5(self.body.encode(), usedforsecurity=False).hexdigest(),
                    "body": self.body,
                    "attributes": {
                        "ApproximateReceiveCount": str(self.received),
                        "SentTimestamp": str(int(self.sent_at * 1000)),
                    },
                    "message_attributes": {
                        name: {"data_type": kind, "string_value": value}
                        for name, (kind, value) in self.attributes.items()
                    },
                }
            },
        }


class Queues:
    """The function's own queue, the dead-letter queue and the results queue."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.posts: dict[str, list[Post]] = {OWN: [], DEAD: [], RESULTS: []}
        self.gone: list[Post] = []
        self._names = 0

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Send up to ten messages."""
        size = sum(len(entry["MessageBody"]) for entry in Entries)
        most = max(len(entry["MessageAttributes"]) for entry in Entries)
        delays = [entry["DelaySeconds"] for entry in Entries]
        if len(Entries) > 10 or most > 10 or size > _MOST_BYTES or not 0 <= min(delays) <= max(delays) <= 900:
            self._world.violation("the queue would refuse this batch")
        effect, result = partial(self._send, QueueUrl, Entries), QueueUrl == RESULTS
        return self._world.perform("result" if result else "send", f"sends to {QueueUrl}", effect, private=result)

    def _send(self, url: str, entries: Sequence[Any], fault: str) -> dict[str, Any]:
        if fault == "refused":
            raise failure("ThrottlingException")
        if fault == "lost":
            raise silence()
        failed = entries[len(entries) // 2 :] if fault == "partial" else []
        for _ in range(2 if fault == "twice" else 1):
            for entry in entries[: len(entries) - len(failed)]:
                attributes = {
                    name: (value["DataType"], value["StringValue"])
                    for name, value in entry["MessageAttributes"].items()
                }
                self.put(url, entry["MessageBody"], attributes, entry["DelaySeconds"])
        if fault == "unseen":
            raise silence()
        return {
            "Successful": [{"Id": entry["Id"]} for entry in entries[: len(entries) - len(failed)]],
            "Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in failed],
        }

    def put(self, url: str, body: str, attributes: Attributes, delay: float = 0, name: str = "") -> Post:
        """Put a message into a queue."""
        world = self._world
        if not name:
            self._names += 1
            name = f"{ {OWN: 'c', DEAD: 'd', RESULTS: 'r'}[url] }{self._names}"
        world.t += world.stamp
        post = Post(name, body, attributes, world.checker.row_of(body), world.t, world.steps)
        post.visible_at = world.t + delay
        self.posts[url].append(post)
        world.checker.put(url, post)
        return post

    def visible(self) -> list[Post]:
        """What the trigger may be given now."""
        t = self._world.t
        return [post for post in self.posts[OWN] if post.visible_at <= t]

    def receive(self, posts: Sequence[Post], visibility: float) -> list[Post]:
        """Hand messages to the trigger; what was received too often goes to the dead-letter queue instead."""
        given = []
        for post in posts:
            post.received += 1
            if post.received > self._world.plan.receives and post in self.posts[OWN]:
                self.posts[OWN].remove(post)
                self.posts[DEAD].append(post)
                self._world.checker.moved(post)
            else:
                post.visible_at = self._world.t + visibility
                post.flying += 1
                given.append(post)
        return given

    def delete(self, posts: Sequence[Post]) -> None:
        """The trigger's acknowledgement."""
        for post in posts:
            if post in self.posts[OWN]:
                self.posts[OWN].remove(post)
                self.gone.append(post)
            self._world.checker.acknowledged(post)

    def remove(self, post: Post) -> None:
        """An operator takes a dead letter off its queue."""
        if post in self.posts[DEAD]:
            self.posts[DEAD].remove(post)
            self._world.checker.touch(post.row)
