"""The simulated world: one clock, the processes, the services, and the moves by which all of it goes on.

A move is `(who, does what, how)`. Tasks move by carrying out the effect that they wait before, well or with a fault;
everything else (deliveries, producers, people, time) moves as `events` says. Same moves, same world.
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from greenlet import getcurrent

from tests.simulation import events
from tests.simulation.bucket import Bucket, Vault
from tests.simulation.checker import Checker
from tests.simulation.faults import COSTS, CRASH, MEANWHILE, OUTAGES, PERSON_CRASH, SERVICES
from tests.simulation.invocations import CAPTURED, Ports
from tests.simulation.plan import BEGUN, Plan
from tests.simulation.process import Process, Task, Violation
from tests.simulation.queues import Queues
from tests.simulation.studio import Studio
from tests.simulation.table import Table

T = TypeVar("T")

_DEFECTS = (LookupError, TypeError, AttributeError)
"""What no service answers, and no defect that is planted in a handler raises."""


class World:
    """See the module. `stamp` is how long a send takes; `hashing` keeps hashes of what each task has seen."""

    client_errors = (ClientError, BotoCoreError)

    def __init__(self, plan: Plan, seed: int = 0, *, hashing: bool = False, tick: float | None = None) -> None:
        self.plan = plan
        self.t = BEGUN
        self.tick = plan.tick if tick is None else tick
        self.stamp = 0.001
        self.steps = 0
        self.hashing = hashing
        self.hub = getcurrent()
        self.bugs = 0  # defects that were planted in handlers
        self.random = random.Random(seed)
        self.checker = Checker(self)
        self.table = Table(self)
        self.queues = Queues(self)
        self.studio = Studio(self)
        self.bucket = Bucket(self)
        self.vault = Vault(self)
        self.lines: list[tuple[str, Any]] = []
        self.trace: list[tuple[Any, ...]] = []
        self.processes: list[Process] = []
        self.fresh: list[Task] = []
        self.faults_left = plan.most
        self.used: Counter[str] = Counter()
        self.to_send = list(plan.messages)
        self.holds_left, self.moves_left = plan.holds, plan.moves
        self.redrives_left, self.forces_left = plan.redrives, plan.forces
        self.paused = 0.0
        self.ticked_at = self.sealed_at = 0.0
        self.ticks_left, self.returns_left = plan.ticks, plan.returns
        self.ages_left = list(plan.ages)
        self.outages: dict[str, tuple[float, str]] = {}  # until when, and what each request meets, by kind
        self.names = {"w": 0, "t": 0, "holder": 0, "operator": 0}
        self.broken = ""
        self.current: Task = Task(Process(self, "nobody", 0.0, 0.0), "nobody", lambda _: None)
        self.ports = Ports(self, plan.function)
        self._beside = {name: Ports(self, name) for name in plan.beside}
        CAPTURED.world = self
        while plan.sent_before and self.to_send:
            events.send(self, "sends", "")

    # What tasks call -------------------------------------------------------------------------------------------

    def perform(self, kind: str, label: str, effect: Callable[[str], T], *, private: bool = False) -> T:
        """Wait for the scheduler, then carry out an effect with the fault that it chose."""
        task = self.current
        task.kind, task.label, task.private = kind, label, private
        fault = self._met(kind, self.hub.switch())
        try:
            value = effect("" if fault == "slow" and kind in SERVICES else fault)
        except _DEFECTS as error:  # our code would take it for its own, or for a service's
            self.violation(f"a defect of the simulator: {error!r}")
            raise
        except Exception as error:
            self._note(task, label, fault, error)
            self._takes(kind, fault)
            raise
        self._note(task, label, fault, value)
        self._takes(kind, fault)
        return value

    def _met(self, kind: str, fault: str) -> str:
        """The fault that an effect meets: its own, or that of the outage which it falls into."""
        if fault in OUTAGES:
            seconds, word = OUTAGES[fault]
            self.outages[kind] = (self.t + seconds, MEANWHILE[word][kind])
        until, meanwhile = self.outages.get(kind, (0.0, ""))
        if self.t < until:
            return meanwhile
        self.outages.pop(kind, None)
        return fault

    def _takes(self, kind: str, fault: str) -> None:
        """Let the time pass that a slow or silent service costs; the small scopes know no such time."""
        if fault and kind in SERVICES and not self.hashing:
            self.sleep(COSTS.get(fault, 0.0))

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

    def ports_of(self, url: str) -> Ports:
        """What the instances of the function have that takes its messages from this queue."""
        return self._beside.get(url, self.ports)

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
        return tuple(fault for fault in faults if self.may(self._named(task, fault)))

    def _crash(self, task: Task) -> str:
        return PERSON_CRASH if task.process.person else CRASH

    def _named(self, task: Task, fault: str) -> str:
        return self._crash(task) if fault == CRASH else f"{task.kind} {fault}"

    def may(self, fault: str) -> bool:
        """Whether this fault may come up once more."""
        return self.faults_left > 0 and self.used[fault] < self.plan.limits.get(fault, self.plan.most)

    def spend(self, fault: str) -> None:
        """It does."""
        self.faults_left -= 1
        self.used[fault] += 1

    def do(self, move: events.Move) -> None:
        """Carry out a move, and look whether all still holds."""
        self.steps += 1
        who, what, how = move
        if who in events.KINDS:
            self.trace.append((self.t, who, what, "", how))
            events.KINDS[who](self, what, how)
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
            self.spend(self._named(task, fault))
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
        self.checker.retries.came_back(process, killed=True)

    def pass_time(self, seconds: float) -> None:
        """Let time pass; what has run too long is killed."""
        self.t += seconds
        for process in [each for each in self.processes if each.ends <= self.t]:
            if not process.paused and not process.person:
                self.violation(f"I6: not done when its time is over, waiting before it {process.tasks[-1].label}")
            self._kill(process, "is out of time")

    def calm(self) -> None:
        """From here on nothing goes wrong any more."""
        self.faults_left = self.holds_left = self.redrives_left = self.forces_left = self.moves_left = 0
        self.ticks_left = self.returns_left = 0
        self.outages.clear()

    def name(self, kind: str) -> str:
        """A new process's name."""
        self.names[kind] += 1
        return f"{kind}{self.names[kind]}"

    def end(self) -> None:
        """Give the processes' greenlets back."""
        for process in self.processes:
            process.kill()
        CAPTURED.world = None
