"""Message Queue as its client and its trigger see it: delays, visibility, receive counts, and the redrive policy."""

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.simulation.faults import DUPLICATE, GHOST
from tests.simulation.plan import DEAD_KEEPS, QUEUE_KEEPS
from tests.simulation.records import NAME, Attributes, Numbers, asked_at, numbers_of, origin_of, reason_of
from tests.simulation.table import failure, silence

if TYPE_CHECKING:
    from tests.simulation.world import World

OWN, DEAD, RESULTS = "own queue", "dead letters", "results"
_KEEPS = {OWN: QUEUE_KEEPS, DEAD: DEAD_KEEPS, RESULTS: float("inf")}
_MOST_BYTES = 262_144


class Post:
    """A message in a queue. `record_key` is empty where it has none; times are true epoch seconds.

    `numbers` and `reason` are what our own code or an operator's tool wrote, whatever a producer's attributes say.
    `chain` names the first message of its chain, `parent` the message that it followed from, and `born` the step
    at which that was sent; `asked_at` is when it was first sent of all, in milliseconds. `since` is the first step
    of all chains that were joined in it. `home` is the queue that it was put into. `foreign`: a script moved it
    here.
    """

    __slots__ = (
        "asked_at",
        "attributes",
        "body",
        "born",
        "chain",
        "flying",
        "foreign",
        "home",
        "name",
        "numbers",
        "parent",
        "reason",
        "received",
        "record_key",
        "sent_at",
        "since",
        "step",
        "visible_at",
    )  # fmt: skip

    def __init__(
        self, name: str, body: str, attributes: Attributes, record_key: str, sent_at: float, step: int, home: str
    ) -> None:
        self.home = home
        self.name = name
        self.body = body
        self.attributes = attributes
        self.record_key = record_key
        self.chain = name
        self.parent = ""
        self.sent_at = sent_at
        self.asked_at = asked_at(attributes) or int(sent_at * 1000)
        self.step = self.born = self.since = step
        self.visible_at = sent_at
        self.received = 0
        self.flying = 0
        self.numbers = Numbers()
        self.reason = ""
        self.foreign = False

    @property
    def number(self) -> tuple[int, int]:
        """What orders the messages of a key."""
        return (self.numbers.redrive, self.numbers.copy)

    def digest(self) -> tuple[object, ...]:
        """All that decides its future."""
        return (
            self.name,
            self.chain,
            self.body,
            tuple(self.attributes.items()),
            self.visible_at,
            self.received,
            self.flying,
        )

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


def _size(entry: Any) -> int:
    """What a message counts against its queue's limit, in bytes."""
    attributes = entry["MessageAttributes"].items()
    texts = (text for name, value in attributes for text in (name, value["DataType"], value["StringValue"]))
    return len(entry["MessageBody"].encode()) + sum(len(text.encode()) for text in texts)


class Queues:
    """The function's own queue, the dead-letter queue and the results queue."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.posts: dict[str, list[Post]] = {url: [] for url in (OWN, DEAD, RESULTS, *world.plan.beside)}
        self.gone: list[Post] = []
        self._names = 0

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Any]) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Send up to ten messages."""
        sizes = [_size(entry) for entry in Entries]
        most = max(len(entry["MessageAttributes"]) for entry in Entries)
        delays = [entry["DelaySeconds"] for entry in Entries]
        if len(Entries) > 10 or most > 10 or sum(sizes) > _MOST_BYTES or not 0 <= min(delays) <= max(delays) <= 900:
            self._world.violation("the queue would refuse this batch")
        effect, result = partial(self._send, QueueUrl, Entries), QueueUrl == RESULTS
        if max(sizes) > self._world.plan.max_bytes and not result:
            self._world.violation("the queue would refuse this batch for what is too large in it")
        return self._world.perform("result" if result else "send", f"sends to {QueueUrl}", effect, private=result)

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: Sequence[str]) -> dict[str, Any]:  # noqa: N803 - boto3's
        """How much waits in a queue, about."""
        return {"Attributes": dict.fromkeys(AttributeNames, str(len(self.posts[QueueUrl])))}

    def _send(self, url: str, entries: Sequence[Any], fault: str) -> dict[str, Any]:
        if fault == "refused":
            raise failure("ThrottlingException")
        if fault == "lost":
            raise silence()
        failed = entries[len(entries) // 2 :] if fault == "partial" else []
        for at in range(2 if fault == "twice" else 1):
            for entry in entries[: len(entries) - len(failed)]:
                attributes = {
                    name: (value["DataType"], value["StringValue"])
                    for name, value in entry["MessageAttributes"].items()
                }
                extra = at > 0 or fault == "unseen"
                self._put_ours(url, entry["MessageBody"], attributes, entry["DelaySeconds"], extra=extra)
        if fault == "unseen":
            raise silence()
        return {
            "Successful": [{"Id": entry["Id"]} for entry in entries[: len(entries) - len(failed)]],
            "Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in failed],
        }

    def _put_ours(self, url: str, body: str, attributes: Attributes, delay: float, *, extra: bool) -> None:
        """Put what our code or the operator's tool sends; `extra`: more than it knows of, by no fault of its own."""
        post = self._made(url, body, attributes, delay)
        post.numbers, post.reason = numbers_of(attributes), reason_of(attributes)
        given = [each for each in self._world.current.process.posts if each.record_key == post.record_key]
        if given:
            origin = origin_of(attributes)
            first = max(given, key=lambda each: (each.chain == origin, each.body == body, each.number, each.born))
            post.parent = first.name
            post.chain, post.born = first.chain, max(each.born for each in given)
            post.since = self._world.checker.joined(post, given)
        self._world.checker.put(url, post, confirmed=not extra)

    def put(self, body: str, attributes: Attributes, name: str = "", *, foreign: bool = False, to: str = OWN) -> Post:
        """Put what a producer sends, or a script that moves dead letters."""
        post = self._made(to, body, attributes, 0.0, name)
        post.foreign = foreign
        if foreign and NAME in attributes:  # a dead letter begins anew, what the queue moved is what it was
            said = numbers_of(attributes)
            post.numbers = Numbers(said.redrive + 1) if reason_of(attributes) else said
        self._world.checker.put(to, post, confirmed=False)
        return post

    def _made(self, url: str, body: str, attributes: Attributes, delay: float, name: str = "") -> Post:
        world = self._world
        if not name:
            self._names += 1
            name = f"{ {OWN: 'c', DEAD: 'd', RESULTS: 'r'}.get(url, 'e') }{self._names}"
        world.t += world.stamp
        post = Post(name, body, attributes, world.checker.named_by(body), world.t, world.steps, url)
        post.visible_at = world.t + delay
        self.posts[url].append(post)
        return post

    def visible(self, url: str = OWN) -> list[Post]:
        """What the trigger may be given now."""
        t = self._world.t
        return [post for post in self.posts[url] if post.visible_at <= t]

    def receive(self, posts: Sequence[Post], visibility: float) -> list[Post]:
        """Hand messages to the trigger; what was received too often goes to the dead-letter queue instead."""
        given = []
        for post in posts:
            post.received += 1
            if post.received > self._world.plan.receives and post in self.posts[post.home]:
                self.posts[post.home].remove(post)
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
            if post in self.posts[post.home]:
                self.posts[post.home].remove(post)
                self.gone.append(post)
            self._world.checker.acknowledged(post)

    def again(self, post: Post) -> None:
        """A message is delivered although another invocation has it."""
        self._world.spend(DUPLICATE)
        self._world.checker.retries.excuse(post.record_key)

    def bring_back(self, name: str) -> None:
        """A message comes back although it was deleted."""
        self._world.spend(GHOST)
        post = next(post for post in self.gone if post.name == name)
        self.gone.remove(post)
        post.visible_at = self._world.t
        self.posts[post.home].append(post)
        self._world.checker.retries.excuse(post.record_key)

    def remove(self, post: Post) -> None:
        """An operator takes a dead letter off its queue."""
        if post in self.posts[DEAD]:
            self.posts[DEAD].remove(post)
            self._world.checker.touch(post.record_key)

    def drop(self, *, everything: bool = False) -> None:
        """Drop what the queues have kept for as long as they keep anything; or all of the function's own queue."""
        for url, posts in self.posts.items():
            old = [
                post
                for post in posts
                if post.sent_at + _KEEPS.get(url, QUEUE_KEEPS) < self._world.t or (everything and url == OWN)
            ]
            if old:
                self._world.checker.dropped(url, old)
                self.posts[url] = [post for post in posts if post not in old]
