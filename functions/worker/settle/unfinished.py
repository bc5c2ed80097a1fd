"""Outcomes that are no ends: what they bring leaves first, then their messages come back."""

from collections.abc import Sequence

from documents import Written
from worker.settle.context import Invocation
from worker.settle.dead_lettering import Ending
from worker.settle.effects import Ended, unsettled
from worker.settle.finishing import Finished, send_first
from worker.settle.retries import Retry
from worker.settle.retry_policy import DeadLetter, History, postpone


def put_off(unfinished: Sequence[Finished], inv: Invocation) -> tuple[list[Retry | Ending], list[Ended]]:
    """Send and write what these bring; those that come back, or have come back too often, and those unsettled.

    A refused write is not wanted any more. A write that ended unknown may still be wanted.
    """
    ready, ended = send_first(unfinished, inv)
    decided: list[Retry | Ending] = []
    for item, outcome, record in ready:
        if Written.UNKNOWN in inv.store.write_all(outcome.writes):
            ended.append(unsettled(item, "ledger", outcome.trace))
        elif outcome.later is not None:
            now = inv.clock.now()
            history = History(item.delivery.attempt, item.delivery.copy, now - item.delivery.first_seen)
            came = postpone(outcome.later, history, now=now, limits=inv.limits)
            if isinstance(came, DeadLetter):
                decided.append(Ending(item, came, record, outcome.trace))
            else:
                decided.append(Retry(item, came, record, outcome.trace))
    return decided, ended
