"""Sending dead letters back: copied, confirmed, and only then deleted; to be killed at any time and run again.

A dead letter that was copied and not deleted is copied again with its earlier redrive number: this copy causes no call.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from documents import TableUnavailable, Written
from infra.operate.ops.dead_letters.dead_letter import DeadLetter, Filter
from infra.operate.ops.dead_letters.looking import Look, looking
from infra.operate.ops.dead_letters.plan import RESULTS, Planner, Verdict
from infra.operate.ops.environments import Reach
from infra.operate.ops.ordering import timely
from ledger import Write, sealable
from worker.clock import SystemClock
from worker.send.queue import Queue


@dataclass
class Tally:
    """What was found and done. `goes` and `stays` count dead letters by (reason, where to) and (reason, why)."""

    looked: int = 0
    hidden: int = 0
    goes: Counter[tuple[str, str]] = field(default_factory=Counter)
    stays: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one."""
        if verdict.message is None:
            self.stays[verdict.dead_letter.reason, verdict.why] += 1
        else:
            self.goes[verdict.dead_letter.reason, verdict.to] += 1


@dataclass(frozen=True)
class Redrive:
    """One command: the dead letters, what decides about each, the most of them, the most a second, and who ordered it."""

    reach: Reach
    meant: Filter
    planner: Planner
    number: int | None = None
    rate: float = 50
    by: str = ""
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def plan(self, progress: Callable[[int], None] = lambda _: None) -> Tally:
        """Look at all, send nothing, and say what would go where."""
        return self._go(self._count, progress)

    def run(self, progress: Callable[[int], None] = lambda _: None) -> Tally:
        """Do it."""
        return self._go(self._send, progress)

    def _go(self, deal: "Callable[[Look, Sequence[Verdict], Tally], None]", progress: Callable[[int], None]) -> Tally:
        tally = Tally()
        with looking(self.reach.sqs, self.reach.settings.dead_letter_queue_url) as look:
            for messages in look.batches():
                dead_letters = [DeadLetter.read(message) for message in messages]
                tally.looked += len(dead_letters)
                meant = [dead_letter for dead_letter in dead_letters if self.meant.takes(dead_letter, self.planner.now)]
                verdicts = self.planner.verdicts(meant)
                deal(look, self._within_number(verdicts, tally), tally)
                progress(tally.looked)
                if self.number is not None and tally.goes.total() >= self.number:
                    break
            tally.hidden = look.hidden
        return tally

    def _within_number(self, verdicts: Sequence[Verdict], tally: Tally) -> list[Verdict]:
        """Those that stay, and as many of those that go as there is room for."""
        kept, room = list[Verdict](), None if self.number is None else self.number - tally.goes.total()
        for verdict in verdicts:
            if verdict.message is not None and room is not None:
                if room <= 0:
                    continue
                room -= 1
            kept.append(verdict)
        return kept

    def _count(self, _look: Look, verdicts: Sequence[Verdict], tally: Tally) -> None:
        for verdict in verdicts:
            tally.add(verdict)

    def _send(self, look: Look, verdicts: Sequence[Verdict], tally: Tally) -> None:
        begun = self.monotonic()
        going = [verdict for verdict in verdicts if verdict.message is not None]
        self._note(going)
        confirmed = self._copied(going)
        deleted = look.delete([verdict.dead_letter.message for verdict in confirmed])
        for verdict in [*(each for each in verdicts if each.message is None), *confirmed]:
            tally.add(verdict)
        tally.failed += len(going) - sum(deleted)
        if going:
            self.sleep(max(0.0, len(going) / self.rate - (self.monotonic() - begun)))

    def _copied(self, going: Sequence[Verdict]) -> list[Verdict]:
        """Those whose copy a queue has confirmed."""
        queue, confirmed = Queue(self.reach.sqs, SystemClock()), list[Verdict]()
        for to in dict.fromkeys(verdict.to for verdict in going):
            mine = [verdict for verdict in going if verdict.to == to]
            url = self.reach.settings.results_queue_url if to == RESULTS else self.reach.queue(to)
            sent = queue.send(url, [verdict.message for verdict in mine if verdict.message is not None])
            confirmed += [verdict for verdict, sure in zip(mine, sent, strict=True) if sure]
        return confirmed

    def _note(self, going: Sequence[Verdict]) -> None:
        """Write on each record who redrives its message, and as history, before it is sent. Raises TableUnavailable, Ended.

        Of a message without a record, as the queue's own policy moves them, there is the history alone.
        """
        timely(self.reach)
        orders = {
            verdict.key or self.reach.keys.key("message", verdict.dead_letter.message_id): {
                "order": "redrive",
                "by": self.by,
                "at": round(self.planner.now, 3),
                "redrive": verdict.dead_letter.redrive + 1,
                **({"force": True} if self.planner.force else {}),
            }
            for verdict in going
        }
        history = {key: sealable.order(key, order, self.planner.now) for key, order in orders.items()}
        on_records = [
            Write(
                key,
                sets={},
                adds={"orders": {json.dumps(order)}},
                condition="attribute_exists(#state)",
                beside=(history[key],),
            )
            for key, order in orders.items()
        ]
        ends = self.reach.ledger.write_all(on_records)
        without = [each for each, end in zip(history.values(), ends, strict=True) if end is Written.REFUSED]
        if Written.UNKNOWN in (*ends, *self.reach.ledger.write_all(without)):
            raise TableUnavailable("who redrives could not be noted; nothing more was sent")
