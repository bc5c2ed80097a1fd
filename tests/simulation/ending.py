"""The invariants that show only at a world's end: all is settled, nothing is left over, nothing was told."""

from typing import TYPE_CHECKING, Any

from ledger.states import LONGEST_DELAY
from tests.simulation.invocations import told
from tests.simulation.messages import CONTENT
from tests.simulation.plan import BEGUN, SECRET, SUBJECTS, TOKEN, Sent
from tests.simulation.queues import DEAD, OWN
from tests.simulation.records import DEAD_LETTERED, FINAL_STATES, HELD, Item, state_of

if TYPE_CHECKING:
    from tests.simulation.world import World


def look(world: "World") -> None:
    """Everything has settled: see what came of each message."""
    if any(world.queues.posts[url] for url in (OWN, *world.plan.beside)):
        world.violation("a message was never settled")
    if world.plan.beside:
        world.checker.registered.final()
    for sent in (each for each in world.plan.messages if not each.to):
        _settled(world, sent, world.checker.record_keys[sent.body])
    world.checker.calls.final()
    world.checker.retained.final()
    _told_nothing(world)


def _settled(world: "World", sent: Sent, record_key: str) -> None:
    checker = world.checker
    state = state_of(world.table.items.get(record_key, {}))
    if not record_key:
        if sent.body not in checker.dead_letters and sent.body not in checker.lost:
            world.violation("a message that can't be used is not on the dead-letter queue")
        return
    if checker.excused(record_key):
        return
    moved = any(post.record_key == record_key and not post.reason for post in world.queues.posts[DEAD])
    if state not in (*FINAL_STATES, HELD, DEAD_LETTERED) and not (moved and (world.bugs or world.plan.oversized(sent))):
        world.violation(f"a message was never settled: its record is {state}")
    elif world.plan.function == "delete" and state in FINAL_STATES:
        if f"{record_key}#{state}" not in checker.results and not _lost_its_writer(world, record_key):
            world.violation(f"{state}, and its result was never sent")
        if not world.plan.faults and not world.plan.absent:
            _in_time(world, sent.key)
    elif checker.calls.stands_for(sent) and sent.body not in checker.dead_letters and sent.body not in checker.lost:
        world.violation("key_reused: a message with other content than its key stands for was swallowed")


def _lost_its_writer(world: "World", record_key: str) -> bool:
    """A duplicate came to another end, and was acknowledged; then the outcome was written, by who did not get on.

    Nobody is left to publish it. The result can be had from the record, or by redriving the dead letter.
    """
    return record_key in world.checker.overtook and world.checker.retries.cut[record_key] > 0


def _in_time(world: "World", response_id: str) -> None:
    """Where nothing goes wrong, the first date of any message counts, or a retry message's that came before it."""
    if response_id in world.plan.denied:
        return
    wanted = min(max(sent.due, BEGUN + world.plan.retired) for sent in world.plan.messages if sent.key == response_id)
    waits = LONGEST_DELAY if any(sent.due for sent in world.plan.messages if sent.key == response_id) else 0
    late = world.studio.gone_at.get(response_id, 0.0) - wanted - waits - world.paused
    if late > world.plan.prompt - min(world.plan.skews):
        world.violation(f"deleted {late:.0f} s later than one of its messages wanted")


def _without_agenda(item: Item) -> dict[str, Any]:
    """A record without the one raw id that it may hold: of what may still have to be called."""
    return {name: value for name, value in item.items() if name != "response_id" or "due_shard" not in item}


def _told_nothing(world: "World") -> None:
    keys = (
        sent.key for sent in world.plan.messages if sent.key != sent.name and not sent.to
    )  # message ids are no secret
    planted = {CONTENT, TOKEN, SECRET, *SUBJECTS, *filter(None, keys), *world.plan.stores}
    for place, text in (
        ("the ledger", repr(list(map(_without_agenda, world.table.items.values())))),
        ("the logs", told(world.lines)),
    ):
        for secret in sorted(planted):
            if secret in text:
                world.violation(f"I7: {place} hold {secret!r}")
