"""Settling messages whose calls must not repeat: claim, call, result, outcome (the timeline: ledger/conditions.py).

Claiming first is the promise: the claim is the last thing before the call, and no record is read when all goes well.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from aistudio import APIError, OutcomeUnknown
from documents import TableUnavailable, Written
from ledger import Claim, Record, claims
from ledger.agenda import text_of
from worker.desk import Desk
from worker.outcome import End, Outcome, Settlement
from worker.settle.answered_by_record import answer
from worker.settle.calling import NotBegun, desk_of, make_call, may_begin
from worker.settle.collapse import by_content, stand_for
from worker.settle.context import Invocation, Item
from worker.settle.dead_lettering import Ending, dead_letter_all
from worker.settle.decide import Decision, Step
from worker.settle.effects import Ended, decide_on, defect
from worker.settle.finishing_claimed import finish_claimed
from worker.settle.receipt_fields import audit_of
from worker.settle.retries import Retry, send_again
from worker.settle.retry_policy import Again
from worker.settle.verdicts import first_alone, in_turn, verdict

_TRIES = 3
"""How often a delivery tries to claim. Where it is refused another was quicker, and the record says more."""
_BUSY_JITTER = 30.0
"""Seconds over which deliveries spread that wait for the lease of one caller."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failed:
    """A call that failed or did not begin, and is decided on when all calls have ended.

    `owner`: whose claim goes with it.
    """

    error: APIError | NotBegun
    record: Record
    owner: str | None = None


_Came = Settlement | Decision | _Failed | Retry | BaseException
"""What a task has come to for an item: its end, what is still to be carried out, or a defect."""


def settle(items: Sequence[Item], inv: Invocation) -> tuple[list[Ended], list[Item]]:
    """Settle all items side by side; those whose key stands for other content are given back, to be dead-lettered."""
    items = in_turn(by_content(items), inv.clock.now())
    ended: list[Ended] = []
    decisions: list[Decision] = []
    failed: list[Retry | Ending] = []
    reused: list[Item] = []
    for item, came in _attempt_all(items, inv):
        if isinstance(came, Settlement):
            ended.append((item, came))
        elif isinstance(came, Retry):
            failed.append(came)
        elif isinstance(came, _Failed):
            failed.append(verdict(came.error, item, came.record, inv, came.owner))
        elif isinstance(came, BaseException):
            ended.append(defect(item, came))
        elif came.step is Step.KEY_REUSED:
            reused.append(item)
        else:
            decisions.append(came)
    ended += answer(decisions, inv)
    ended += dead_letter_all([each for each in failed if isinstance(each, Ending)], inv)
    returns = any(end.end is End.UNSETTLED for _, end in ended)
    return ended + send_again([each for each in failed if isinstance(each, Retry)], inv, returns=returns), reused


def _attempt_all(items: Sequence[Item], inv: Invocation) -> list[tuple[Item, _Came]]:
    ends = first_alone([partial(_attempt, item, inv) for item in items], inv)
    came: list[tuple[Item, _Came]] = []
    for item, end in zip(items, ends, strict=True):
        came += [(item, end)] if isinstance(end, BaseException) else end
    return came


def _attempt(item: Item, inv: Invocation, first: bool) -> list[tuple[Item, _Came]]:  # noqa: FBT001 - a truth value, passed on
    """Claim and call; where the claim is refused, or may not be tried, do for each part as the record says."""
    came: list[tuple[Item, _Came]] = []
    blocked = _blocked(item, inv, first=first)
    for _ in range(_TRIES):
        now = inv.clock.now()
        claim = _claim(item, inv)
        audit = audit_of(item, inv)
        if blocked is None and inv.store.write(claims.claim(claim, now, audit)) is Written.YES:
            return [*came, (item, _call(item, claim, inv, first=first))]
        try:
            record = inv.store.get(item.record_key)
        except TableUnavailable as error:
            _log.warning("the ledger can't be read: %s", error)
            return [*came, (item, Settlement(End.UNSETTLED, "ledger"))]
        if decide_on(item, record, inv).step is Step.MINE:
            return [*came, (item, _call(item, claim, inv, first=first))]
        decided, going = _decide_parts(item, record, inv)
        came += decided
        if going is None:
            return came
        if going.delivery.number != item.delivery.number:  # an earlier claim may come late: it is not this one
            going = replace(going, owner=inv.new_id())
        item = going
        if isinstance(blocked, Again):
            return [*came, (item, Retry(item, blocked, record))]
        if blocked is not None:
            return [*came, (item, _Failed(blocked, record))]
    return [*came, (item, Settlement(End.UNSETTLED, "claim"))]


def _blocked(item: Item, inv: Invocation, *, first: bool) -> NotBegun | Again | None:
    """Return what keeps the call from beginning now, asked before the claim: the claim comes last."""
    wait = item.delivery.not_before - inv.clock.now()
    return Again(wait) if wait > 0 else may_begin(inv, first=first)


def _claim(item: Item, inv: Invocation) -> Claim:
    delivery, lease_until = item.delivery, inv.deadline.killed_at + inv.settings.lease_margin
    return Claim(item.standing(), item.owner, delivery.attempt, item.body_hash, lease_until, delivery.force)


def _decide_parts(item: Item, record: Record, inv: Invocation) -> tuple[list[tuple[Item, _Came]], Item | None]:
    """Return what the record means for each delivery; those that may claim are given back as one item."""
    steps: dict[Step, list[Item]] = {}
    came: list[tuple[Item, _Came]] = []
    for part in item.parts or (item,):
        decision = decide_on(part, record, inv)
        if decision.step in (Step.PROCEED, Step.BUSY, Step.EXPIRED):
            steps.setdefault(decision.step, []).append(decision.item)
        else:
            came.append((part, decision))
    if Step.BUSY in steps:
        busy = stand_for(steps[Step.BUSY])
        wait = record.lease_until - inv.clock.now() + inv.random.uniform(1, _BUSY_JITTER)
        came.append((busy, Retry(busy, Again(wait, reason="busy"), record, busy=True)))
    if Step.EXPIRED in steps:
        came.append((expired := stand_for(steps[Step.EXPIRED]), _expired(expired, record, inv)))
    return came, stand_for(steps[Step.PROCEED]) if Step.PROCEED in steps else None


def _expired(item: Item, record: Record, inv: Invocation) -> Settlement | _Failed:
    """Settle a delivery whose caller has died: look up what it had learned; else it is unknown whether it called."""
    item = replace(item, delivery=replace(item.delivery, redrive=record.redrive))
    found = _found(item, record.response_id, desk_of(item, inv), inv)
    if found is None:
        begun = text_of(float(record.rest.get("claimed_at", 0)))  # what a person looks it up by: no answer came
        lost = f"the caller ended without a word, its lease is over; it was about to call at {begun}"
        return _Failed(OutcomeUnknown(lost), record, record.owner)
    return finish_claimed(item, replace(_claim(item, inv), owner=str(record.owner), attempt=record.attempt), found, inv)


def _found(item: Item, response_id: str | None, desk: Desk, inv: Invocation) -> Outcome | None:
    """Return how a call ends of which only the id of its response is known, if that says anything."""
    if response_id is None or inv.function.found is None:
        return None
    return inv.function.found(item.valid_message, response_id, desk)


def _call(item: Item, claim: Claim, inv: Invocation, *, first: bool) -> Settlement | _Failed:
    """The claim is mine: call, and record the outcome. What is known by its id only is looked up."""

    def learn(response_id: str) -> None:
        inv.store.write(claims.learned(claim, response_id), insist=True)  # best effort: it may come to a good end

    desk = desk_of(item, inv, learn)
    ended = make_call(inv.function.call, item, inv, first=first, desk=desk)
    if isinstance(ended, APIError) and (found := _found(item, ended.response_id, desk, inv)) is not None:
        ended = replace(found, trace=ended.trace)
    if isinstance(ended, Outcome):
        return finish_claimed(item, claim, ended, inv)
    delivery = item.delivery
    mine = Record(item.record_key, redrive=delivery.redrive, attempt=delivery.attempt, owner=item.owner)
    return _Failed(ended, mine, item.owner)
