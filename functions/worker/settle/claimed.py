"""Settling messages whose calls must not repeat: claim, call, result, outcome.

The timeline of a key is in ledger/conditions.py.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from aistudio import APIError, OutcomeUnknown, Trace
from documents import TableUnavailable, Written
from ledger import Claim, Record, claims
from ledger.record import CLAIMED, DEAD_LETTERED, FINAL_STATES
from worker.outcome import End, Outcome, Settlement
from worker.send.results import Result
from worker.settle.audit import notes_of, token_counts, traceback_of
from worker.settle.calling import make_call, may_begin
from worker.settle.claimed_row import Step, next_step
from worker.settle.context import Invocation, Item
from worker.settle.effects import Letter, send_copies, send_letters
from worker.settle.retry_policy import Again, Park
from worker.settle.verdict import Failed, after_error, after_waiting

_DECISIONS = 3
"""How often a delivery tries to claim: each refusal means that another one was quicker, and the row says more then."""
_PAUSE = 0.5
"""Seconds between two tries to send a result."""
_LAST_SECONDS = 2.0
"""Seconds before the end at which a result that can't be sent is given up, to say so."""
_BUSY_JITTER = 30.0
"""Seconds over which deliveries spread that wait for the same caller's lease."""

_log = logging.getLogger(__name__)


class KeyReused(Exception):
    """The key stands for other content: the message is parked under its message id."""


def settle(items: Sequence[Item], inv: Invocation) -> tuple[list[tuple[Item, Settlement]], list[Item]]:
    """Settle all items side by side; those whose key stands for other content are given back, to be parked."""
    settled: list[tuple[Item, Settlement]] = []
    reused: list[Item] = []
    ends = inv.run([partial(_settle, item, inv) for item in items])
    for item, end in zip(items, ends, strict=True):
        if isinstance(end, KeyReused):
            reused.append(item)
        elif isinstance(end, BaseException):
            _log.error("a defect kept a message from being settled: %s", traceback_of(end))
            settled.append((item, Settlement(End.UNSETTLED, "defect")))
        else:
            settled.append((item, end))
    return settled, reused


def _settle(item: Item, inv: Invocation) -> Settlement:
    try:
        return _Create(item, inv).settle()
    except TableUnavailable as error:
        _log.warning("the ledger can't be read: %s", error)
        return Settlement(End.UNSETTLED, "ledger")


@dataclass(frozen=True, slots=True)
class _Create:
    """One delivery of a call that must not happen twice."""

    item: Item
    inv: Invocation

    def settle(self) -> Settlement:
        """Claim and call; where the claim is refused, do as the row says."""
        first = self._before_the_call()
        if first is not None and isinstance(first.verdict, Again):
            return self._defer(first.verdict)
        claim = self._claim()
        for _ in range(_DECISIONS):
            now = self.inv.clock.now()
            written = self.inv.store.write(claims.claim(claim, now, notes_of(self.item, self.inv)))
            row = None if written is Written.YES else self._read()
            step = Step.CALL if row is None else next_step(self.item, row, now)
            if step is Step.CALL:
                return self._call(claim) if first is None else self._fail(claim, first)
            end = self._answer(step, row) if row is not None else None
            if end is not None:
                return end
        return Settlement(End.UNSETTLED, "claim")

    def _before_the_call(self) -> Failed | None:
        """What keeps the call from beginning now, asked before the claim: the claim comes last."""
        wait = self.item.not_before - self.inv.clock.now()
        if wait > 0:
            return Failed(Again(wait))
        blocked = may_begin(self.inv)
        return after_waiting(blocked, self.item, self.inv) if blocked is not None else None

    def _claim(self) -> Claim:
        delivery = self.item.delivery
        return Claim(
            key=self.item.row,
            owner=self.item.owner,
            redrive=delivery.redrive,
            seq=delivery.copy,
            attempt=delivery.attempt,
            body_hash=self.item.body_hash,
            lease_until=self.inv.lease_until,
            forced=delivery.force,
        )

    def _call(self, claim: Claim) -> Settlement:
        """The claim is mine: call, and record what came of it."""
        ended = make_call(self.inv.function.call, self.item, self.inv)
        if isinstance(ended, Outcome):
            return self._finish(claim, ended)
        if isinstance(ended, APIError):
            return self._fail(claim, after_error(ended, self.item, self.inv))
        return self._fail(claim, after_waiting(ended, self.item, self.inv))

    def _finish(self, claim: Claim, outcome: Outcome) -> Settlement:
        """The result message first, then the outcome: a crash between them repeats the message, never the call."""
        inv, now = self.inv, self.inv.clock.now()
        result = Result(
            id=f"{self.item.row}#{claim.redrive}",
            row=self.item.row,
            key=self.item.key,
            at=now,
            data=outcome.result or {},
            bulky=outcome.bulky,
            traceparent=self.item.traceparent,
            causation_id=self.item.event_id,
        )
        while not inv.results.send([result], insist=True)[0]:
            if inv.deadline.left() < _LAST_SECONDS:
                return Settlement(End.UNSETTLED, "results queue", trace=outcome.trace, usage=outcome.usage)
            inv.clock.sleep(_PAUSE)
        notes = notes_of(self.item, inv, outcome.trace) | {"attempt": claim.attempt + 1, "outcome": outcome.state}
        if outcome.usage:
            notes["usage"] = token_counts(outcome.usage)
        write = claims.done(claim, inv.clock.now(), notes)
        if any(inv.store.write(write, insist=True) is Written.YES for _ in range(2)):
            return Settlement(End.DONE, outcome.state, trace=outcome.trace, usage=outcome.usage)
        return Settlement(End.UNSETTLED, "ledger", trace=outcome.trace, usage=outcome.usage)

    def _fail(self, claim: Claim, failed: Failed) -> Settlement:
        """It is known not to have happened, or it is parked."""
        if isinstance(failed.verdict, Park):
            return self._park_own(claim, failed.verdict, failed.trace)
        return self._give_back(claim, failed.verdict, failed.trace)

    def _give_back(self, claim: Claim, again: Again, trace: Trace | None) -> Settlement:
        """A copy, and only then the claim: it is released with the copy's number in one write."""
        end = self._send_copy(again, trace)
        if end.end is End.UNSETTLED:
            release = claims.release(claim, claim.seq, self.inv.clock.now(), again.reason or "")
        else:
            release = claims.release(claim, claim.seq + 1, self.inv.clock.now() + again.wait, again.reason or "")
        self.inv.store.write(release)  # best effort: the copy lives, or the message returns
        return end

    def _park_own(self, claim: Claim, park: Park, trace: Trace | None) -> Settlement:
        for _ in range(2):
            end = self._park(claim.owner, claim.redrive, claim.attempt + park.counted, park, trace)
            if end is not None:
                return end
            row = self._read()
            step = next_step(self.item, row, self.inv.clock.now())
            if step in (Step.ANSWERED, Step.REMIND):
                return self._answer(step, row) or Settlement(End.UNSETTLED, "ledger")
        return Settlement(End.UNSETTLED, "ledger", trace=trace)

    def _park(
        self, owner: str | None, redrive: int, attempt: int, park: Park, trace: Trace | None
    ) -> Settlement | None:
        """Record, dead letter, row; None where the row is not this owner's claim any more, or can't be written."""
        notes = notes_of(self.item, self.inv, trace) | {"attempt": attempt, "detail": park.detail}
        write = claims.park(self.item.row, owner, park.reason, self.inv.clock.now(), notes)
        if self.inv.store.write(write) is not Written.YES:
            return None
        return self._send_letter(owner, Letter(self.item, attempt, redrive, park.reason, park.detail), trace)

    def _send_letter(self, owner: str | None, letter: Letter, trace: Trace | None = None) -> Settlement:
        if not send_letters([letter], self.inv)[0]:
            return Settlement(End.UNSETTLED, "dead-letter queue", letter.detail, trace)
        self.inv.store.write(claims.dead_letter_sent(self.item.row, owner))  # best effort: else it is sent again
        return Settlement(End.DEAD_LETTERED, letter.reason, letter.detail, trace)

    def _answer(self, step: Step, row: Record) -> Settlement | None:
        """Do as the row says; None: claim again."""
        detail = str(row.rest.get("detail", ""))
        letter = Letter(self.item, row.attempt, row.redrive, str(row.reason), detail)
        match step:
            case Step.REUSED:
                raise KeyReused
            case Step.ANSWERED if row.state == DEAD_LETTERED:
                return Settlement(End.DEAD_LETTERED, row.reason, detail)
            case Step.ANSWERED:
                return Settlement(End.DONE, row.state if row.state in FINAL_STATES else "superseded")
            case Step.REMIND | Step.REFUSE:
                return self._send_letter(row.owner, letter)
            case Step.EXPIRED:
                return self._expired(row)
            case Step.BUSY:
                return self._busy(row)
            case _:
                return None

    def _expired(self, row: Record) -> Settlement | None:
        """Parked, unless its producer accepts a second call; None where the claim is not that caller's any more."""
        lost = OutcomeUnknown("the caller ended without a word, its lease is over")
        verdict = after_error(lost, self.item, self.inv).verdict
        if isinstance(verdict, Park):
            return self._park(row.owner, row.redrive, row.attempt, verdict, None)
        return self._give_back(replace(self._claim(), owner=str(row.owner)), verdict, None)

    def _busy(self, row: Record) -> Settlement:
        now = self.inv.clock.now()
        wait = row.lease_until - now + self.inv.random.uniform(1, _BUSY_JITTER)
        return self._copy_and_mark(Again(wait, reason="busy"), row)

    def _defer(self, again: Again) -> Settlement:
        """Put off without a claim, unless the row answers the message already."""
        row = self._read()
        step = next_step(self.item, row, self.inv.clock.now())
        if step not in (Step.CLAIM, Step.BUSY, Step.CALL):
            end = self._answer(step, row)
            if end is not None:
                return end
        return self._copy_and_mark(again, row)

    def _copy_and_mark(self, again: Again, row: Record) -> Settlement:
        end = self._send_copy(again, None)
        if end.end is not End.UNSETTLED:
            delivery, next_at = self.item.delivery, self.inv.clock.now() + again.wait
            if row.state == CLAIMED:
                mark = claims.raise_mark_of_claimed(self.item.row, delivery.redrive, delivery.copy + 1)
            else:
                notes = {"body_hash": self.item.body_hash, "function": self.inv.function.name}
                mark = claims.raise_mark(self.item.row, delivery.redrive, delivery.copy + 1, next_at, notes)
            self.inv.store.write(mark)  # best effort: without it the copy lives all the same
        return end

    def _send_copy(self, again: Again, trace: Trace | None) -> Settlement:
        if not send_copies([(self.item, again)], self.inv)[0]:
            return Settlement(End.UNSETTLED, "queue", trace=trace)
        return Settlement(again.end, again.reason, trace=trace)

    def _read(self) -> Record:
        return self.inv.store.get(self.item.row)
