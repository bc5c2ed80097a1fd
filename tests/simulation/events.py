"""What happens beside the tasks' own steps: deliveries, producers, people, late writes, and time.

`possible` lists the moves, `KINDS` carries them out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ledger import RecordKey
from tests.simulation import people, timers
from tests.simulation.faults import DUPLICATE, GHOST
from tests.simulation.invocations import invoke
from tests.simulation.plan import BEGUN
from tests.simulation.process import Task
from tests.simulation.queues import DEAD, OWN, Post

if TYPE_CHECKING:
    from tests.simulation.world import World

Move = tuple[str, str, str]
_PURGE = ("queue", "is purged", "")


def possible(world: "World") -> list[Move]:
    """Everything that can happen now, time excepted."""
    plan, queues = world.plan, world.queues
    moves: list[Move] = []
    running = sum(1 for process in world.processes if not process.person)
    if running < plan.workers and (visible := queues.visible()) and _gathered(world, visible):
        moves.append(("trigger", "delivers", "+".join(post.name for post in visible[: plan.batch])))
    others = {url: queues.visible(url) for url in plan.beside if running < plan.workers}
    moves += [
        ("trigger", f"delivers to {url}", "+".join(post.name for post in visible[: plan.batch]))
        for url, visible in others.items()
        if visible
    ]
    if DUPLICATE in plan.faults and world.may(DUPLICATE) and running < plan.workers:
        for url in (OWN, *plan.beside):
            flying = [post for post in queues.posts[url] if post.flying and post.visible_at > world.t]
            again = "delivers again" if url == OWN else f"delivers again to {url}"
            moves += [("trigger", again, post.name) for post in flying]
    if GHOST in plan.faults and world.may(GHOST):
        moves += [("queue", "brings back", post.name) for post in queues.gone]
    if world.ages_left:
        moves.append(("queue", "keeps all", f"{world.ages_left[0]:.0f}") if world.ages_left[0] else _PURGE)
    if world.to_send and _is_there(world) and not (plan.one_by_one and queues.posts[OWN]):
        moves.append(("producer", "sends", world.to_send[0].name))
    if plan.appears:
        moves += [("studio", "stores", key) for key in sorted(world.studio.absent)]
    if world.returns_left:
        gone = [name for name, each in sorted(world.studio.stored.responses.items()) if each.gone]
        moves += [("studio", "stores again", name) for name in gone]
    if running < plan.workers:
        moves += _timers(world)
    moves += [("ledger", "expires", key) for key in world.table.expired()]
    moves += [("ledger", "applies late", str(at)) for at in range(len(world.table.late))]
    return moves + _people(world)


def _timers(world: "World") -> list[Move]:
    """Ticks of the timers: whenever something is due, and sometimes besides, also two at once."""
    moves: list[Move] = []
    if (first := timers.due(world)) is not None and first <= world.t:
        moves.append(("timer", "ticks", timers.SWEEP))
    if world.ticks_left:
        moves.append(("timer", "ticks besides", timers.SWEEP))
    if (over := timers.over(world)) is not None and over <= world.t:
        moves.append(("timer", "ticks", timers.SEAL))
    if world.ticks_left and any(process.timer == timers.SEAL for process in world.processes):
        moves.append(("timer", "ticks besides", timers.SEAL))
    return moves


def _people(world: "World") -> list[Move]:
    moves: list[Move] = []
    if world.holds_left:
        moves += [("holder", "places", record_key) for record_key in world.plan.targets()]
    if world.plan.reports:
        moves += [("holder", "releases", case) for case in sorted(world.checker.holds.placed)]
    for dead_letter in world.queues.posts[DEAD] if world.redrives_left or world.forces_left or world.moves_left else ():
        if world.redrives_left:
            moves.append(("operator", "redrives", dead_letter.name))
        if world.forces_left and world.t >= people.forceable_at(world, dead_letter):
            moves.append(("operator", "forces", dead_letter.name))
        if world.moves_left:
            # A message without a key that says nothing of its first id is another message once it is moved.
            named = dead_letter.body not in world.checker.nameless
            if named or dead_letter.reason:
                moves.append(("script", "moves", dead_letter.name))
            if named:
                moves.append(("script", "moves the body of", dead_letter.name))
    return moves


def _is_there(world: "World") -> bool:
    """Whether what the next message is about is there: nobody knows of it before."""
    sent = world.to_send[0]
    there = not sent.to or not sent.key or sent.key in world.studio.stored.responses
    return there and world.t >= BEGUN + sent.at


def _gathered(world: "World", visible: Sequence[Post]) -> bool:
    """Whether the trigger waits no longer."""
    return min(post.visible_at for post in visible) + world.plan.gathers <= world.t or len(visible) >= world.plan.batch


def later(world: "World") -> float | None:
    """When something next becomes possible by itself."""
    times = [task.wake for process in world.processes for task in process.tasks if task.label]
    queues = (world.queues.posts[url] for url in (OWN, *world.plan.beside))
    times += [post.visible_at + world.plan.gathers for posts in queues for post in posts]
    if world.to_send:
        times.append(BEGUN + world.to_send[0].at)
    if (due := timers.due(world)) is not None:
        times.append(due)
    if (over := timers.over(world)) is not None:
        times.append(over)
    if world.forces_left:
        times += [people.forceable_at(world, dead_letter) for dead_letter in world.queues.posts[DEAD]]
    ahead = [time for time in times if time > world.t]
    return min(ahead) if ahead else None


def next_by_default(world: "World", ready: Sequence[Task] | None = None) -> Move | None:
    """The move that goes on without a fault: who runs, runs on; then what waits; then time. None: nothing is left."""
    ready = world.ready() if ready is None else ready
    if ready:
        return (ready[0].name, ready[0].label, "")
    for move in possible(world):
        if move[0] in ("trigger", "producer", "ledger", "timer") and not _besides(move):
            return move
    if later(world) is not None:
        return ("time", "passes", "until something happens")
    if world.plan.crashes or world.paused:  # else a message ends by itself, or never
        for dead_letter in world.queues.posts[DEAD]:
            if not dead_letter.reason:
                return ("operator", "redrives", dead_letter.name)
    return None


def _besides(move: Move) -> bool:
    """Whether a move is made by chance only."""
    return move[1].startswith("delivers again") or move[1] == "ticks besides"


def _timer(world: "World", what: str, timer: str) -> None:
    """Let a timer tick."""
    if what == "ticks besides":
        world.ticks_left -= 1
    if timer == timers.SWEEP:
        world.ticked_at = world.t
    else:
        world.sealed_at = world.t
    timers.tick(world, world.name("t"), timer, _skew(world))


def _skew(world: "World") -> float:
    skews = world.plan.skews
    return skews[(world.names["w"] + world.names["t"]) % len(skews)]


def _trigger(world: "World", what: str, names: str) -> None:
    """Deliver messages to a new invocation."""
    url = what.partition(" to ")[2] or OWN
    by_name = {post.name: post for post in world.queues.posts[url]}
    posts = world.queues.receive([by_name[name] for name in names.split("+")], world.plan.visibility)
    if what.startswith("delivers again"):
        world.queues.again(by_name[names])
    if posts:
        name = world.name("w")
        invoke(world, name, _skew(world), posts, url)


def _queue(world: "World", what: str, which: str) -> None:
    """Bring back a message that was deleted; or leave all alone until messages are dropped, or purge them."""
    if what == "brings back":
        world.queues.bring_back(which)
        return
    world.paused += world.ages_left.pop(0)
    _stop(world)
    world.pass_time(float(which or 0))
    world.queues.drop(everything=not which)


def send(world: "World", _: str, __: str) -> None:
    """The producer sends its next message."""
    sent = world.to_send.pop(0)
    world.queues.put(sent.body, sent.attributes, sent.name, to=sent.to or OWN)


def _studio(world: "World", what: str, key: str) -> None:
    """A response is stored late, after somebody has asked for its deletion; or is there again after it."""
    if what == "stores again":
        world.returns_left -= 1
        world.studio.stored.responses[key].gone = False
        world.checker.retained.returned[key] = world.t
        return
    world.studio.absent.discard(key)
    world.studio.gone.discard(key)


def _ledger(world: "World", what: str, index: str) -> None:
    """Let a write arrive that its writer has given up; or remove a record that has expired."""
    if what == "expires":
        world.table.remove(index)
        return
    requests, world.current = world.table.late.pop(int(index))
    applied = world.table.apply(requests)
    world.trace.append((world.t, "ledger", "late write", "", applied))


def _holder(world: "World", what: str, which: str) -> None:
    """Place or release a hold."""
    name = world.name("holder")
    if what == "places":
        world.holds_left -= 1
        people.place_hold(world, name, RecordKey(which))
    else:
        people.release_hold(world, name, which)


def _operator(world: "World", what: str, which: str) -> None:
    """Redrive a dead letter."""
    dead_letter = next(dead_letter for dead_letter in world.queues.posts[DEAD] if dead_letter.name == which)
    if what == "forces":
        world.forces_left -= 1
    elif world.redrives_left:
        world.redrives_left -= 1
    people.redrive(world, world.name("operator"), dead_letter, force=what == "forces")


def _script(world: "World", what: str, which: str) -> None:
    """Move a dead letter back, as whoever knows nothing of redrives."""
    dead_letter = next(dead_letter for dead_letter in world.queues.posts[DEAD] if dead_letter.name == which)
    world.moves_left -= 1
    people.move_back(world, dead_letter, body_only=what != "moves")


def _stop(world: "World") -> None:
    """Everything stands still for a while: what runs may be killed by that."""
    for process in world.processes:
        process.paused = True


def _time(world: "World", _: str, how: str) -> None:
    """Let time pass."""
    if how == "until something happens":
        world.pass_time((later(world) or world.t) - world.t)
    else:
        world.paused += float(how)
        _stop(world)
        world.pass_time(float(how))


KINDS: Mapping[str, Callable[["World", str, str], None]] = {
    "trigger": _trigger,
    "queue": _queue,
    "producer": send,
    "studio": _studio,
    "ledger": _ledger,
    "holder": _holder,
    "operator": _operator,
    "script": _script,
    "time": _time,
    "timer": _timer,
}
