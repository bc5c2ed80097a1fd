"""Send what is due: a deletion, or a look for what was deleted, for each record of the agenda whose time has come."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from retention import SHARDS, VERIFY, Record
from retention.sweeping import reason_of, sweep
from worker import Send, Tick, Tools, timer_function

DELETION, VERIFICATION = "delete_response", "verify_deletion"
LEAST = 5.0
"""Seconds that a page takes at the most: with less left no further one is begun."""


def message(record: Record) -> Send:
    """Return the message that a due record asks for. Its id is new for each claim, and the same for a repeat of it."""
    name, data = f"{record.key}#{record.due_at}", {"response_id": record.response_id}
    if record.due_for == VERIFY:
        return Send(VERIFICATION, name, data)
    return Send(DELETION, name, data | {"reason": reason_of(record)})


@timer_function(sends_to=[DELETION, VERIFICATION])
def handler(_tick: Tick, tools: Tools) -> Mapping[str, int]:
    """Claim and send, until all is sent, the time is over, or the queues hold enough."""
    waiting = [tools.elsewhere.waiting(name) for name in (DELETION, VERIFICATION)]
    # What does not say how full it is may be full.
    room = 0 if None in waiting else tools.settings.sweep_backlog - sum(filter(None, waiting))

    def send(records: Sequence[Record]) -> Sequence[bool]:
        nonlocal room
        room -= len(records)
        return tools.elsewhere.send([message(record) for record in records])

    def may_go_on() -> bool:
        return room > 0 and tools.deadline.left_for_calls() > LEAST

    now, first = tools.clock.now(), tools.random.randrange(SHARDS)
    swept = sweep(tools.store, first, now, tools.settings.sweep_lease, send, may_go_on)
    return asdict(swept)
