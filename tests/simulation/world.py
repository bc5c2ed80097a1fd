"""The simulated world: one clock, the processes, the services, and the moves by which all of it goes on.

A move is ``(who, does what, how)``. Tasks move by carrying out the effect that they wait before, well or with a fault;
everything else (deliveries, producers, people, time) moves as ``events`` lists it. Same moves, same world.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from greenlet import getcurrent

from ledger.deletions import QUEUE_RETENTION
from tests.simulation import people
from tests.simulation.checker import Checker
from tests.simulation.invocations import CAPTURED, Ports, invoke
from tests.simulation.plan import BEGUN, CRASH, DUPLICATE, GHOST, OUTAGES, PERSON_CRASH, WHILE_DOWN, Plan
from tests.simulation.process import Process, Task, Violation
from tests.simulation.queues import DEAD, OWN, Queues
from tests.simulation.studio import Studio
from tests.simulation.table import Table

T = TypeVar("T")
Move = tuple[str, str, str]


class World:
    """See the module. ``stamp`` is how long a send takes; ``hashing`` keeps hashes of what each task has seen."""

    client_errors = (ClientError, BotoCoreError)

    def __init__(self, plan: Plan, seed: int = 0, *, hashing: bool = False, tick: float | None = None) -> None:
        self.plan = plan
        self.t = BEGUN
        self.tick = plan.tick if tick is None else tick
        self.stamp = 0.001
        self.steps = 0
        self.hashing = hashing
        self.hub = getcurrent()
        self.random = random.Random(seed)
        self.checker = Checker(self)
        self.table = Table(self)
        self.queues = Queues(self)
        self.studio = Studio(self)
        self.lines: list[tuple[str, Any]] = []
        self.trace: list[tuple[Any, ...]] = []
        self.processes: list[Process] = []
        self.fresh: list[Task] = []
        self.faults_left = plan.most
        self.used: Counter[str] = Counter()
        self.to_send = list(plan.messages)
        self.holds_left, self.redrives_left, self.forces_left = plan.holds, plan.redrives, plan.forces
        self.paused = 0.0
        self.down_until: dict[str, float] = {}
        self.names = {"w": 0, "holder": 0, "operator": 0}
        self.broken = ""
        self.ports = Ports(self)
        self.current: Task = Task(Process(self, "nobody", 0.0, 0.0, frozenset()), "nobody", lambda _: None)
        CAPTURED.world = self
        while plan.sent_before and self.to_send:
            self.producer("sends", "")

    # What tasks call -------------------------------------------------------------------------------------------

    def perform(self, kind: str, label: str, effect: Callable[[str], T], *, private: bool = False) -> T:
        """Wait for the scheduler, then carry out an effect with the fault that it chose."""
        task = self.current
        task.kind, task.label, task.private = kind, label, private
        fault: str = self.hub.switch()
        if fault in OUTAGES:
            self.down_until[kind] = self.t + OUTAGES[fault]
        if self.down_until and self.t < self.down_until.get(kind, 0.0):
            fault = WHILE_DOWN[kind]
        try:
            value = effect(fault)
        except Exception as error:
            self._note(task, label, fault, error)
            raise
        self._note(task, label, fault, value)
        return value

    def _note(self, task: Task, label: str, fault: str, value: Any) -> None:
        self.trace.append((self.t, task.name, label, fault, value))
        if self.hashing:
            task.history = hash((task.history, label, fault, repr(value)))

    def seen_time(self) -> float:
        """The time, as the current task reads it."""
        if self.hashing:
            self.current.history = hash((self.current.history, self.t))
        return self.t

    def sleep(self, seconds: float) -> None:
        """Let the current task wait."""
        if seconds <= 0:
            return
        if self.hashing:
            self.t += seconds
            return
        task = self.current
        task.kind, task.label, task.private, task.wake = "step", "wakes", False, self.t + seconds
        self.hub.switch()

    def violation(self, what: str) -> None:
        """Note the first invariant that does not hold; the run ends after this step."""
        self.broken = self.broken or what

    # What the scheduler calls ----------------------------------------------------------------------------------

    def ready(self) -> list[Task]:
        """The tasks that can go on now."""
        return [task for process in self.processes for task in process.tasks if task.label and task.wake <= self.t]

    def allowed(self, task: Task) -> tuple[str, ...]:
        """The faults that its next effect may meet, a crash among them."""
        if not self.faults_left:
            return ()
        faults = self.plan.allowed.get(task.kind, ())
        if self._crash(task) in self.plan.faults and task.kind != "ack":
            faults = (*faults, CRASH)
        if not self.plan.limits:
            return faults
        return tuple(fault for fault in faults if self._may(self._named(task, fault)))

    def _crash(self, task: Task) -> str:
        return PERSON_CRASH if task.process.person else CRASH

    def _named(self, task: Task, fault: str) -> str:
        return self._crash(task) if fault == CRASH else f"{task.kind} {fault}"

    def _may(self, fault: str) -> bool:
        return self.faults_left > 0 and self.used[fault] < self.plan.limits.get(fault, self.plan.most)

    def _spend(self, fault: str) -> None:
        self.faults_left -= 1
        self.used[fault] += 1

    def events(self) -> list[Move]:
        """Everything that can happen beside the tasks' own steps, time excepted."""
        moves: list[Move] = []
        running = sum(1 for process in self.processes if not process.person)
        if running < self.plan.workers and (visible := self.queues.visible()):
            moves.append(("trigger", "delivers", "+".join(post.name for post in visible[: self.plan.batch])))
        if DUPLICATE in self.plan.faults and self._may(DUPLICATE) and running < self.plan.workers:
            flying = [post for post in self.queues.posts[OWN] if post.flying and post.visible_at > self.t]
            moves += [("trigger", "delivers again", post.name) for post in flying]
        if GHOST in self.plan.faults and self._may(GHOST):
            moves += [("queue", "brings back", post.name) for post in self.queues.gone]
        if self.plan.forgetful and not self.used["forgets"] and self.queues.posts[OWN]:
            moves.append(("queue", "forgets", "everything"))
        if self.to_send:
            moves.append(("producer", "sends", self.to_send[0].name))
        moves += [("ledger", "applies late", str(at)) for at in range(len(self.table.late))]
        return moves + self._people()

    def _people(self) -> list[Move]:
        moves: list[Move] = []
        key = self.plan.messages[0].key
        if self.holds_left:
            moves.append(("holder", "places", key))
        moves += [("holder", "releases", case) for case in sorted(self.checker.placed) if self.plan.reports]
        for letter in self.queues.posts[DEAD] if self.redrives_left or self.forces_left else ():
            if self.redrives_left:
                moves.append(("operator", "redrives", letter.name))
            if self.forces_left and self.t >= people.forceable_at(self, letter):
                moves.append(("operator", "forces", letter.name))
        return moves

    def later(self) -> float | None:
        """When something next becomes possible by itself."""
        times = [task.wake for process in self.processes for task in process.tasks if task.label]
        times += [post.visible_at for post in self.queues.posts[OWN]]
        if self.forces_left:
            times += [people.forceable_at(self, letter) for letter in self.queues.posts[DEAD]]
        ahead = [time for time in times if time > self.t]
        return min(ahead) if ahead else None

    def do(self, move: Move) -> None:
        """Carry out a move, and look whether all still holds."""
        self.steps += 1
        who, what, how = move
        if who in _EVENTS:
            self.trace.append((self.t, who, what, "", how))
            _EVENTS[who](self, what, how)
        else:
            self._step(self.task(who), how)
        self.settle_in()
        self.checker.check()
        if self.broken:
            raise Violation(self.broken)

    def task(self, name: str) -> Task:
        """The task of this name. Raises KeyError."""
        for process in self.processes:
            for task in process.tasks:
                if task.name == name:
                    return task
        raise KeyError(name)

    def _step(self, task: Task, fault: str) -> None:
        if fault:
            self._spend(self._named(task, fault))
        if fault == CRASH:
            self._kill(task.process, "is killed before it " + task.label)
            return
        self.t += self.tick
        self._switch(task, fault)

    def _switch(self, task: Task, fault: str) -> None:
        task.label, task.wake = "", 0.0
        self.current = task
        task.glet.switch(fault)
        if task.glet.dead:
            waiting = task.process.ended(task)
            if waiting is not None:
                self._switch(waiting, "")
            elif not task.process.tasks:
                self.processes.remove(task.process)

    def settle_in(self) -> None:
        """Let tasks that were just made run to their first effect."""
        while self.fresh:
            self._switch(self.fresh.pop(0), "")

    def _kill(self, process: Process, why: str) -> None:
        self.trace.append((self.t, process.name, why, "", ""))
        process.kill()
        self.processes.remove(process)
        self.checker.killed(process)

    def calm(self) -> None:
        """From here on nothing goes wrong any more."""
        self.faults_left = self.holds_left = self.redrives_left = self.forces_left = 0
        self.down_until.clear()

    def name(self, kind: str) -> str:
        """A new process's name."""
        self.names[kind] += 1
        return f"{kind}{self.names[kind]}"

    def end(self) -> None:
        """Give the processes' greenlets back."""
        for process in self.processes:
            process.kill()
        CAPTURED.world = None

    # Events ----------------------------------------------------------------------------------------------------

    def trigger(self, what: str, names: str) -> None:
        """Deliver messages to a new invocation."""
        wanted = names.split("+")
        by_name = {post.name: post for post in self.queues.posts[OWN]}
        posts = self.queues.receive([by_name[name] for name in wanted], self.plan.visibility)
        if what == "delivers again":
            self._spend(DUPLICATE)
        if posts:
            name = self.name("w")
            skews = self.plan.skews
            invoke(self, name, skews[self.names["w"] % len(skews)], posts)

    def queue(self, what: str, name: str) -> None:
        """Bring back a message that was deleted; or keep all for so long that they are dropped."""
        if what == "forgets":
            self.used["forgets"] += 1
            self._pass(QUEUE_RETENTION + 2 * 86_400.0)
            self.checker.forgotten(self.queues.posts[OWN])
            self.queues.posts[OWN].clear()
            return
        self._spend(GHOST)
        post = next(post for post in self.queues.gone if post.name == name)
        self.queues.gone.remove(post)
        post.visible_at = self.t
        self.queues.posts[OWN].append(post)

    def producer(self, _: str, __: str) -> None:
        """Send the next message."""
        sent = self.to_send.pop(0)
        self.queues.put(OWN, sent.body, {}, name=sent.name)

    def ledger(self, _: str, index: str) -> None:
        """Let a write arrive that its writer has given up."""
        requests, self.current = self.table.late.pop(int(index))
        applied = self.table.apply(requests)
        self.trace.append((self.t, "ledger", "late write", "", applied))

    def holder(self, what: str, which: str) -> None:
        """Place or release a hold."""
        name = self.name("holder")
        if what == "places":
            self.holds_left -= 1
            people.place_hold(self, name, which)
        else:
            self.checker.placed.discard(which)
            people.release_hold(self, name, self.plan.messages[0].key, which)

    def operator(self, what: str, which: str) -> None:
        """Redrive a dead letter."""
        letter = next(letter for letter in self.queues.posts[DEAD] if letter.name == which)
        if what == "forces":
            self.forces_left -= 1
        elif self.redrives_left:
            self.redrives_left -= 1
        people.redrive(self, self.name("operator"), letter, force=what == "forces")

    def time(self, _: str, how: str) -> None:
        """Let time pass; what has run too long is killed."""
        if how == "until something happens":
            self._pass((self.later() or self.t) - self.t)
        else:
            self.paused += float(how)
            self._pass(float(how))

    def _pass(self, seconds: float) -> None:
        self.t += seconds
        for process in [each for each in self.processes if each.ends <= self.t]:
            self._kill(process, "is out of time")


_EVENTS: dict[str, Callable[[World, str, str], None]] = {
    name: getattr(World, name) for name in ("trigger", "queue", "producer", "ledger", "holder", "operator", "time")
}


def next_by_default(world: World, ready: Sequence[Task] | None = None) -> Move | None:
    """The move that goes on without a fault: who runs, runs on; then what waits; then time. None: nothing is left."""
    ready = world.ready() if ready is None else ready
    if ready:
        return (ready[0].name, ready[0].label, "")
    for move in world.events():
        if move[0] in ("trigger", "producer", "ledger") and move[1] != "delivers again":
            return move
    if world.later() is not None:
        return ("time", "passes", "until something happens")
    for letter in world.queues.posts[DEAD]:
        if not letter.reason:
            return ("operator", "redrives", letter.name)
    return None
