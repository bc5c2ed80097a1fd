"""What happens beside the tasks' own steps: deliveries, producers, people, late writes, and time.

``possible`` lists the moves, ``KINDS`` carries them out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tests.simulation import people
from tests.simulation.invocations import invoke
from tests.simulation.plan import DUPLICATE, GHOST, QUEUE_RETENTION
from tests.simulation.process import Task
from tests.simulation.queues import DEAD, OWN

if TYPE_CHECKING:
    from tests.simulation.world import World

Move = tuple[str, str, str]


def possible(world: "World") -> list[Move]:
    """Everything that can happen now, time excepted."""
    plan, queues = world.plan, world.queues
    moves: list[Move] = []
    running = sum(1 for process in world.processes if not process.person)
    if running < plan.workers and (visible := queues.visible()):
        moves.append(("trigger", "delivers", "+".join(post.name for post in visible[: plan.batch])))
    if DUPLICATE in plan.faults and world.may(DUPLICATE) and running < plan.workers:
        flying = [post for post in queues.posts[OWN] if post.flying and post.visible_at > world.t]
        moves += [("trigger", "delivers again", post.name) for post in flying]
    if GHOST in plan.faults and world.may(GHOST):
        moves += [("queue", "brings back", post.name) for post in queues.gone]
    if plan.forgetful and not world.used["forgets"] and queues.posts[OWN]:
        moves.append(("queue", "forgets", "everything"))
    if world.to_send and not (plan.one_by_one and queues.posts[OWN]):
        moves.append(("producer", "sends", world.to_send[0].name))
    moves += [("ledger", "applies late", str(at)) for at in range(len(world.table.late))]
    return moves + _people(world)


def _people(world: "World") -> list[Move]:
    moves: list[Move] = []
    if world.holds_left:
        moves.append(("holder", "places", world.plan.messages[0].key))
    moves += [("holder", "releases", case) for case in sorted(world.checker.placed) if world.plan.reports]
    for letter in world.queues.posts[DEAD] if world.redrives_left or world.forces_left else ():
        if world.redrives_left:
            moves.append(("operator", "redrives", letter.name))
        if world.forces_left and world.t >= people.forceable_at(world, letter):
            moves.append(("operator", "forces", letter.name))
    return moves


def later(world: "World") -> float | None:
    """When something next becomes possible by itself."""
    times = [task.wake for process in world.processes for task in process.tasks if task.label]
    times += [post.visible_at for post in world.queues.posts[OWN]]
    if world.forces_left:
        times += [people.forceable_at(world, letter) for letter in world.queues.posts[DEAD]]
    ahead = [time for time in times if time > world.t]
    return min(ahead) if ahead else None


def next_by_default(world: "World", ready: Sequence[Task] | None = None) -> Move | None:
    """The move that goes on without a fault: who runs, runs on; then what waits; then time. None: nothing is left."""
    ready = world.ready() if ready is None else ready
    if ready:
        return (ready[0].name, ready[0].label, "")
    for move in possible(world):
        if move[0] in ("trigger", "producer", "ledger") and move[1] != "delivers again":
            return move
    if later(world) is not None:
        return ("time", "passes", "until something happens")
    for letter in world.queues.posts[DEAD]:
        if not letter.reason:
            return ("operator", "redrives", letter.name)
    return None


def _trigger(world: "World", what: str, names: str) -> None:
    """Deliver messages to a new invocation."""
    by_name = {post.name: post for post in world.queues.posts[OWN]}
    posts = world.queues.receive([by_name[name] for name in names.split("+")], world.plan.visibility)
    if what == "delivers again":
        world.spend(DUPLICATE)
    if posts:
        name = world.name("w")
        skews = world.plan.skews
        invoke(world, name, skews[world.names["w"] % len(skews)], posts)


def _queue(world: "World", what: str, name: str) -> None:
    """Bring back a message that was deleted; or keep all for so long that they are dropped."""
    posts = world.queues.posts[OWN]
    if what == "forgets":
        world.used["forgets"] += 1
        world.pass_time(QUEUE_RETENTION + 2 * 86_400.0)
        world.checker.forgotten(posts)
        posts.clear()
        return
    world.spend(GHOST)
    post = next(post for post in world.queues.gone if post.name == name)
    world.queues.gone.remove(post)
    post.visible_at = world.t
    posts.append(post)


def send(world: "World", _: str, __: str) -> None:
    """The producer sends its next message."""
    sent = world.to_send.pop(0)
    world.queues.put(OWN, sent.body, {}, name=sent.name)


def _ledger(world: "World", _: str, index: str) -> None:
    """Let a write arrive that its writer has given up."""
    requests, world.current = world.table.late.pop(int(index))
    applied = world.table.apply(requests)
    world.trace.append((world.t, "ledger", "late write", "", applied))


def _holder(world: "World", what: str, which: str) -> None:
    """Place or release a hold."""
    name = world.name("holder")
    if what == "places":
        world.holds_left -= 1
        people.place_hold(world, name, which)
    else:
        world.checker.placed.discard(which)
        people.release_hold(world, name, world.plan.messages[0].key, which)


def _operator(world: "World", what: str, which: str) -> None:
    """Redrive a dead letter."""
    letter = next(letter for letter in world.queues.posts[DEAD] if letter.name == which)
    if what == "forces":
        world.forces_left -= 1
    elif world.redrives_left:
        world.redrives_left -= 1
    people.redrive(world, world.name("operator"), letter, force=what == "forces")


def _time(world: "World", _: str, how: str) -> None:
    """Let time pass."""
    if how == "until something happens":
        world.pass_time((later(world) or world.t) - world.t)
    else:
        world.paused += float(how)
        world.pass_time(float(how))


KINDS: Mapping[str, Callable[["World", str, str], None]] = {
    "trigger": _trigger,
    "queue": _queue,
    "producer": send,
    "ledger": _ledger,
    "holder": _holder,
    "operator": _operator,
    "time": _time,
}
