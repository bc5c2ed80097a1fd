"""Writing down the outcome of a claimed call: what it sends and its result first, then its record."""

import logging
from dataclasses import replace

from documents import TableUnavailable, Written
from ledger import Claim, Write, claims
from ledger.states import DONE
from worker.outcome import End, Outcome, Settlement
from worker.settle.context import Invocation, Item
from worker.settle.effects import ROUNDS
from worker.settle.finishing import done
from worker.settle.publishing import with_content
from worker.settle.receipt_fields import audit_of
from worker.settle.usage import token_counts

_PAUSE = 0.5
"""Seconds between two tries to send a result."""
_LAST_SECONDS = 2.0
"""Seconds before the end at which a result that can't be sent is given up, to say so."""

_log = logging.getLogger(__name__)


def finish_claimed(item: Item, claim: Claim, outcome: Outcome, inv: Invocation) -> Settlement:
    """The result message first, then the outcome: a crash between them repeats the message, never the call."""
    if outcome.later is not None:
        raise ValueError("a call that must not repeat can't come back later: its outcome has to be an end")
    end = done(outcome)
    lost = replace(end, end=End.UNSETTLED, usage=None if inv.function.found else end.usage)  # else a poll tells it too
    if not inv.sent_elsewhere(item, outcome.sends):
        return replace(lost, outcome="another queue")
    result = [] if outcome.result is None else [with_content(item, outcome, inv)]
    while not all(inv.results.send(result, insist=True)):
        if inv.deadline.left() < _LAST_SECONDS:
            return replace(lost, outcome="results queue")
        inv.clock.sleep(_PAUSE)
    audit = audit_of(item, inv, outcome.trace) | {"attempt": claim.attempt + 1, "outcome": outcome.state}
    if outcome.usage:
        audit["usage"] = token_counts(outcome.usage)
    return end if _written(claim, outcome, audit, inv) else replace(lost, outcome="ledger")


def _written(claim: Claim, outcome: Outcome, audit: dict[str, object], inv: Invocation) -> bool:
    """Write the outcome with what it brings; alone, where that is refused however often it is made anew.

    While nothing tells whether it was written, it is written again, as long as there is time. What this claim has come
    to already, by a write whose answer was lost or by another finder of a dead caller's claim, is left as it is.
    """
    done = claims.done(claim, inv.clock.now(), audit)
    refused = 0
    while True:
        beside: tuple[Write, ...] = ()
        try:
            beside = (*outcome.writes, *outcome.registers()) if refused < ROUNDS else ()
            written = inv.store.write(replace(done, beside=beside), insist=True)
            if written is Written.REFUSED and _is_done(claim, inv):
                written = Written.YES
        except TableUnavailable as error:
            _log.warning("the ledger can't be read: %s", error)
            written = Written.UNKNOWN
        if written is Written.YES or (written is Written.REFUSED and not beside):
            return written is Written.YES
        refused += written is Written.REFUSED
        if written is Written.UNKNOWN:
            if inv.deadline.left() < _LAST_SECONDS:
                return False
            inv.clock.sleep(_PAUSE)


def _is_done(claim: Claim, inv: Invocation) -> bool:
    record = inv.store.get(claim.standing.key)
    return record.state == DONE and record.owner == claim.owner
