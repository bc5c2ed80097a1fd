"""The invariants that show only at a world's end: all is settled, nothing is left over, nothing was told."""

from typing import TYPE_CHECKING

from ledger.record import DEAD_LETTERED, FINAL_STATES, HELD
from tests.simulation.invocations import told
from tests.simulation.plan import BEGUN, CONTENT, SECRET, SUBJECT, TOKEN, Sent
from tests.simulation.queues import OWN

if TYPE_CHECKING:
    from tests.simulation.world import World

_PROMPT = 60.0
"""Seconds: in no scenario without faults is more to be done than this takes, on clocks that are right."""


def look(world: "World") -> None:
    """Everything has settled: see what came of each message."""
    if world.queues.posts[OWN]:
        world.violation("a message was never settled")
    for sent in world.plan.messages:
        row = world.checker.rows[sent.body]
        if (row or sent.body) not in world.checker.dropped:
            _settled(world, sent, row)
    world.checker.budgets.final()
    _told_nothing(world)


def _settled(world: "World", sent: Sent, row: str) -> None:
    checker = world.checker
    state = world.table.items.get(row, {}).get("state", {}).get("S")
    if not row:
        if sent.body not in checker.letters:
            world.violation("a message that can't be used is not on the dead-letter queue")
    elif state not in (*FINAL_STATES, HELD, DEAD_LETTERED):
        world.violation(f"a message was never settled: its row is {state}")
    elif world.plan.function == "delete" and state in FINAL_STATES:
        if f"{row}#{state}" not in checker.results and not _lost_its_writer(world, row):
            world.violation(f"{state}, and its result was never sent")
        if not world.plan.faults:
            _in_time(world, sent.key)


def _lost_its_writer(world: "World", row: str) -> bool:
    """A duplicate was held or parked, and acknowledged; then the fact was written, and who wrote it did not get on.

    Nobody is left to publish it. The result can be had from the row, or by redriving the dead letter.
    """
    return row in world.checker.overtook and world.checker.budgets.was_cut(row)


def _in_time(world: "World", response_id: str) -> None:
    """Where nothing goes wrong, the first date of any message counts."""
    wanted = min(max(sent.due, BEGUN) for sent in world.plan.messages if sent.key == response_id)
    late = world.studio.gone_at.get(response_id, 0.0) - wanted - world.paused
    if late > _PROMPT - min(world.plan.skews):
        world.violation(f"deleted {late:.0f} s later than one of its messages wanted")


def _told_nothing(world: "World") -> None:
    keys = (sent.key for sent in world.plan.messages if sent.key != sent.name)  # message ids are no secret
    planted = {CONTENT, TOKEN, SECRET, SUBJECT, *filter(None, keys)}
    for place, text in (("the ledger", repr(world.table.items)), ("the logs", told(world.lines))):
        for secret in sorted(planted):
            if secret in text:
                world.violation(f"I7: {place} hold {secret!r}")
