"""Exhaustive search: every order of every move of a small plan, over the real code.

A greenlet can't be copied, so a state is reached by making its moves again from the start; states that were met
before, in the services as in what each task has seen, are not gone into twice.
"""

import random
from dataclasses import dataclass
from typing import Any

from tests.simulation import ending
from tests.simulation.events import Move, later, next_by_default, possible
from tests.simulation.faults import CRASH
from tests.simulation.plan import Plan
from tests.simulation.process import Task, Violation
from tests.simulation.queues import OWN
from tests.simulation.runs import Run
from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Found:
    """What a search went through: states, runs (each from the start), and the first failure."""

    states: int
    runs: int
    ends: int
    failed: Run | None = None


def search(plan: Plan, most_states: int = 1_000_000) -> Found:
    """Search depth first. Raises RuntimeError where the plan is larger than `most_states`."""
    seen: set[int] = set()
    path: list[tuple[list[Move], int]] = []
    runs = ends = 0
    while True:
        runs += 1
        world = World(plan, hashing=True, tick=0.0)
        world.random = _Even(0)
        try:
            ends += _go_on(world, path, seen)
        except Violation as violation:
            moves = tuple(options[chosen] for options, chosen in path)
            return Found(len(seen), runs, ends, Run(moves, str(violation), tuple(world.trace), world.steps))
        finally:
            world.end()
        if len(seen) > most_states:
            raise RuntimeError(f"over {most_states} states: this plan is too large")
        while path and path[-1][1] + 1 == len(path[-1][0]):
            path.pop()
        if not path:
            return Found(len(seen), runs, ends)
        path[-1] = (path[-1][0], path[-1][1] + 1)


def _go_on(world: World, path: list[tuple[list[Move], int]], seen: set[int]) -> int:
    """Make the path's moves, then first choices until a state was met before (0) or nothing is left (1)."""
    for options, chosen in path:
        world.do(options[chosen])
    while True:
        state = hash(_digest(world))
        if state in seen:
            return 0
        seen.add(state)
        options = moves(world)
        if not options:
            ending.look(world)
            if world.broken:
                raise Violation(world.broken)
            return 1
        path.append((options, 0))
        world.do(options[0])


def moves(world: World) -> list[Move]:
    """All that may happen next. What nobody else can see happens at once: in any order it is the same."""
    ready = world.ready()
    alone = next((task for task in ready if task.private), None)
    if alone is not None:
        return _steps(world, alone)
    found = [move for task in ready for move in _steps(world, task)]
    events = possible(world)
    found += events
    if not ready and not any(move[0] == "trigger" for move in events) and later(world) is not None:
        found.append(("time", "passes", "until something happens"))
    last = None if found else next_by_default(world, ready)
    return found if last is None else [last]


def _steps(world: World, task: Task) -> list[Move]:
    faults = [fault for fault in world.allowed(task) if fault != CRASH or task.history != _UNTOUCHED]
    return [(task.name, task.label, fault) for fault in ("", *faults)]


_UNTOUCHED = 0


def _digest(world: World) -> tuple[Any, ...]:
    queues = world.queues
    return (
        world.t,
        tuple(repr(sorted(item.items())) for _, item in sorted(world.table.items.items())),
        tuple((name, tuple(post.digest() for post in posts)) for name, posts in queues.posts.items()),
        tuple(post.digest() for post in queues.gone) if world.faults_left else (),
        tuple(
            (process.name, *((task.name, task.label, task.history) for task in process.tasks))
            for process in world.processes
        ),
        (tuple(sorted(world.studio.gone)), tuple(sorted(world.studio.billed.items()))),
        tuple((name, each.gone, each.polls) for name, each in world.studio.stored.responses.items()),
        (world.ticked_at, world.sealed_at, world.ticks_left, world.returns_left, tuple(world.vault.stored)),
        tuple((repr(requests), task.name) for requests, task in world.table.late),
        tuple(world.used.items()) if world.plan.limits else (),
        (
            world.faults_left,
            len(world.to_send),
            world.holds_left,
            world.redrives_left,
            world.forces_left,
            world.moves_left,
        ),
        tuple(world.outages.items()),
        world.checker.digest(),
    )


class _Even(random.Random):
    """Randomness without chance."""

    def uniform(self, low: float, high: float) -> float:
        """The middle."""
        return (low + high) / 2

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """The first."""
        return 0 if stop is None else start


__all__ = ["OWN", "Found", "moves", "search"]
