"""Runs of a world to its end: by random moves, by a written schedule, or by none but the default ones."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.simulation import ending
from tests.simulation.events import Move, later, next_by_default, possible
from tests.simulation.faults import CRASH
from tests.simulation.plan import Plan
from tests.simulation.process import Task, Violation
from tests.simulation.world import World

_MOST_STEPS = 4000
_PAUSES = ("0.5", "4", "11", "70", "400", "1000")

_RARER = {"delivers again", "brings back", "releases", "ticks besides"}
_CALLS = {"DELETE", "GET", "POST"}

Choose = Callable[[World], Move | None]


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run: its moves, and what was violated, if anything."""

    moves: tuple[Move, ...]
    broken: str
    trace: tuple[tuple[object, ...], ...]
    steps: int


def run(plan: Plan, choose: Choose, seed: int = 0) -> Run:
    """Run a world until nothing is left to do."""
    world = World(plan, seed)
    moves: list[Move] = []
    broken = ""
    try:
        while (move := choose(world)) is not None:
            moves.append(move)
            world.do(move)
            if len(moves) > _MOST_STEPS:
                world.violation("it does not settle")
                break
        else:
            ending.look(world)
        broken = world.broken
    except Violation as violation:
        broken = str(violation)
    finally:
        world.end()
    return Run(tuple(moves), broken, tuple(world.trace), world.steps)


class Seeded:
    """Random moves: how wild they are is drawn too, so that quiet runs and storms both come up."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        draw = self._random.random
        self._fault = (0.05, 0.15, 0.4)[int(draw() * 3)]
        self._event = (0.05, 0.2, 0.5)[int(draw() * 3)]
        self._pause = (0.0, 0.01, 0.05)[int(draw() * 3)]
        self._steps = 40 + int(draw() * 160)

    def __call__(self, world: World) -> Move | None:
        """The next move."""
        ready = world.ready()
        if world.steps > self._steps:
            world.calm()
            return next_by_default(world, ready)
        draw = self._random.random
        if ready and draw() > self._event:
            return self._step(world, ready[int(draw() * len(ready))])
        if draw() < self._pause and not world.plan.steady:
            return ("time", "passes", _PAUSES[int(draw() * len(_PAUSES))])
        events = possible(world)
        if events:
            move = events[int(draw() * len(events))]
            if move[1] in _RARER and draw() < 0.8:
                move = events[0]
            return self._varied(world, move)
        return next_by_default(world, ready)

    def _step(self, world: World, task: Task) -> Move:
        draw = self._random.random
        likely = self._fault * 3 if task.kind in _CALLS else self._fault
        faults = world.allowed(task) if world.faults_left and draw() < likely else ()
        return (task.name, task.label, faults[int(draw() * len(faults))] if faults else "")

    def _varied(self, world: World, move: Move) -> Move:
        """A delivery takes any of the messages, in any order."""
        if world.plan.batch == 1 or move[1] != "delivers":
            return move
        names = [post.name for post in world.queues.visible()]
        if world.plan.sent_before:
            return move
        self._random.shuffle(names)
        return (move[0], move[1], "+".join(names[: 1 + int(self._random.random() * world.plan.batch)]))


class Scheduled:
    """The moves of a schedule, where they are possible; what it leaves out goes by default.

    A move of a task that is not there yet lets that task run on until it is; one that can't be is left out.
    """

    def __init__(self, moves: Sequence[Move]) -> None:
        self._left = list(moves)

    def __call__(self, world: World) -> Move | None:
        """The next move."""
        while self._left:
            move = self._left[0]
            task = next((each for each in world.ready() if each.name == move[0]), None)
            if task is not None:
                if task.label != move[1]:
                    return (task.name, task.label, "")
                self._left.pop(0)
                return move if not move[2] or move[2] in world.allowed(task) else (task.name, task.label, "")
            self._left.pop(0)
            if _possible(world, move):
                return move
        world.calm()
        return next_by_default(world)


def _possible(world: World, move: Move) -> bool:
    who, what, how = move
    if who == "time":
        return how != "until something happens" or (later(world) is not None and not world.ready())
    if (who, what) == ("trigger", "delivers"):
        names = {post.name for post in world.queues.visible()}
        running = sum(1 for process in world.processes if not process.person)
        return names.issuperset(how.split("+")) and running < world.plan.workers
    return move in possible(world)


__all__ = ["CRASH", "Run", "Scheduled", "Seeded", "run"]
