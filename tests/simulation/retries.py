"""How many messages of a key may live at once: each chain has one number after the other, once (H20)."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.simulation.faults import DUPLICATE, GHOST
from tests.simulation.process import Process
from tests.simulation.queues import Post
from tests.simulation.records import retried, watermark

if TYPE_CHECKING:
    from tests.simulation.world import World


class Retries:
    """Counts retry messages. Whatever excuses one more is noted where it happens, so that the bound is exact.

    One more may be made of a message that the queue has twice by a fault of its own, and of one that comes back beside
    its retry message because both its batch and the write of its watermark failed, or because its process was killed before the record knew of it.
    """

    def __init__(self, world: "World", record_keys: Mapping[str, str]) -> None:
        self._world = world
        self._made: Counter[tuple[str, str, tuple[int, int]]] = (
            Counter()
        )  # by (record, chain, number): all that were put
        self._followed: Counter[tuple[str, str, int]] = Counter()  # by (record, message that was delivered, redrive)
        self._chains: Counter[str] = Counter()  # chains that were begun, by record
        kinds = {(record_keys[sent.body], sent.body) for sent in world.plan.messages if not sent.to}
        self._kinds = Counter(record_key for record_key, *_ in kinds)
        self._confirmed: dict[tuple[str, str], set[tuple[int, int]]] = {}  # numbers, by (process, record)
        self._failed: set[tuple[str, str]] = set()  # (process, record) of writes that met a fault
        self.faulty: Counter[str] = Counter()  # writes that met a fault, by record
        self.excused: Counter[str] = Counter()  # by record
        self.cut: Counter[str] = Counter()  # deliveries that were killed or came back, by record

    def put(self, post: Post, *, confirmed: bool) -> None:
        """A message was put into the function's queue."""
        process = self._world.current.process
        chain = (post.record_key, post.chain, post.number)
        self._made[chain] += 1
        if post.chain == post.name:
            self._chains[post.record_key] += 1
        elif confirmed:
            self._confirmed.setdefault((process.name, post.record_key), set()).add(post.number)
        else:
            self.excuse(post.record_key)
        excused = 0 if "doubled" in self._world.plan.forbidden else self.excused[post.record_key]
        if post.record_key and self._made[chain] > 1 + excused:
            self._world.violation(f"H20: {self._made[chain]} retry messages number {post.number} of one message")
        if post.record_key and post.parent:
            of = (post.record_key, post.parent, post.number[0])
            self._followed[of] += 1
            if self._followed[of] > 1 + excused:
                self._world.violation("H20: a message that comes back has a further retry message")
        self._remembers(post, process)

    def _remembers(self, post: Post, process: Process) -> None:
        """A retry message carries on the attempts of all that it stands for."""
        highest = watermark(self._world.table.items.get(post.record_key, {}))
        parts = [
            each
            for each in process.posts
            if each.record_key == post.record_key and each.numbers.redrive == post.numbers.redrive
        ]
        attempts = [
            each.numbers.attempt for each in parts if each.number >= highest and each.number[1] + 1 == post.number[1]
        ]
        if post.record_key and post.numbers.copy and post.numbers.attempt < max(attempts, default=0):
            self._world.violation("I6: a retry message forgets attempts of a message that it stands for")

    def excuse(self, record_key: str) -> None:
        """By a fault of the queue there is one more message of this record."""
        self.excused[record_key] += 1

    def failed(self, record_keys: list[str]) -> None:
        """A write of these records met a fault."""
        self.faulty.update(record_keys)
        self._failed |= {(self._world.current.process.name, record_key) for record_key in record_keys}

    def came_back(self, process: Process, *, killed: bool = False) -> None:
        """What a process was given comes back, so what has a retry message already may live twice."""
        for post in process.posts:
            self.cut[post.record_key] += 1
            here = (process.name, post.record_key)
            numbers = self._confirmed.get(here, set())
            item = self._world.table.items.get(post.record_key, {})
            unknown = any(number > watermark(item) for number in numbers) or post.chain not in retried(item)
            if (killed or here in self._failed) and numbers and unknown:
                self.excused[post.record_key] += 1

    def told(self, extra: Any) -> None:
        """A line says how a delivery ended: an unsettled one must not have a retry message beside it."""
        if (extra["end"], extra.get("outcome")) == ("deferred", "rejected"):
            self._put_off()
        # A line names no message: where those of a key differ, another one's retry message may have been confirmed.
        if extra["end"] == "unsettled" and self._kinds[extra["key"]] < 2:
            faults = {name for name, count in self._world.used.items() if count} - {DUPLICATE, GHOST}
            heavy = any(map(self._world.plan.oversized, self._world.plan.messages))
            if not faults and not heavy and not self._world.bugs and not self._world.current.process.paused:
                self._world.violation(f"unsettled for {extra['outcome']}, though nothing went wrong")
            numbers = self._confirmed.get((self._world.current.process.name, extra["key"]), set())
            if (extra["redrive"], extra["copy"] + 1) in numbers:
                self._world.violation("H20: unsettled, though its retry message was confirmed: both live")

    def _put_off(self) -> None:
        """A delivery was put off because the deployment is wrong."""
        answers = self._world.current.process.answers
        if self._world.plan.workers == 1 and "" in answers and "400" not in answers:
            self._world.violation("put off for a deployment that is wrong, though a call of its batch went well")

    def retried(self, record_key: str) -> bool:
        """Whether a message of this record was ever sent again."""
        return any(of == record_key and copy for of, _, (_, copy) in self._made)

    def chains(self, record_key: str) -> int:
        """How many chains of messages a record has had."""
        return self._chains[record_key]

    def digest(self) -> tuple[Any, ...]:
        """What later verdicts depend on."""
        return (frozenset(self._made.items()), frozenset(self.excused.items()))
