"""Holes that simpler designs have (and this code once had), each put back into the code by an edit of its text."""

from tests.simulation.mutation import Mutant

CLAIMED, STEPS, VERDICT = "worker.claimed", "worker.steps", "worker.verdict"
RECORDING, REPEATABLE, JUDGE = "worker.recording", "worker.repeatable", "worker.judge"
CLAIMS, CONDITIONS, DELETIONS = "ledger.claims", "ledger.conditions", "ledger.deletions"

MUTANTS = (
    Mutant(
        "H1",
        "the claim itself raises the mark",
        ((CLAIMS, '"seq": claim.seq,\n            "attempt"', '"seq": claim.seq + 1,\n            "attempt"'),),
    ),
    Mutant(
        "H2",
        "a create's claim is released with the next number although no copy was confirmed",
        ((CLAIMED, "claims.release(claim, claim.seq, self", "claims.release(claim, claim.seq + 1, self"),),
    ),
    Mutant(
        "H2",
        "a deletion's mark is raised although no copy was confirmed",
        (
            (
                RECORDING,
                '            ended.append((item, Settlement(End.UNSETTLED, "queue", trace=failed.trace)))\n'
                "            continue\n",
                '            ended.append((item, Settlement(End.UNSETTLED, "queue", trace=failed.trace)))\n',
            ),
        ),
    ),
    Mutant(
        "H3",
        "a busy delivery is acknowledged without a copy",
        ((CLAIMED, "                return self._busy(row)", '                return Settlement(End.DONE, "busy")'),),
    ),
    Mutant(
        "H4",
        "a parked create counts as settled before its dead letter was sent",
        ((STEPS, "Step.REMIND if row.dlq == PENDING else Step.ANSWERED", "Step.ANSWERED"),),
    ),
    Mutant(
        "H4",
        "a parked deletion counts as settled before its dead letter was sent",
        (
            (
                VERDICT,
                "Remind(row) if row.dlq == PENDING else Answered(row, str(row.reason))",
                "Answered(row, str(row.reason))",
            ),
        ),
    ),
    Mutant(
        "H5",
        "a redriven create meets its own parked row and is acknowledged",
        ((STEPS, "if item.delivery.redrive > row.redrive:", "if item.delivery.redrive > row.redrive + 9:"),),
    ),
    Mutant(
        "H6",
        "an unforced redrive of outcome_unknown is acknowledged",
        ((STEPS, "Step.REFUSE if row.reason", "Step.ANSWERED if row.reason"),),
    ),
    Mutant(
        "H7",
        "a force is good for ever",
        (
            (
                CONDITIONS,
                'REDRIVEN_BY_FORCE = "#state = :parked AND #redrive < :redrive"',
                'REDRIVEN_BY_FORCE = "#state = :parked AND #redrive <= :redrive"',
            ),
            (
                STEPS,
                "    if item.delivery.redrive > row.redrive:\n",
                "    if item.delivery.redrive > row.redrive or item.delivery.forced:\n",
            ),
        ),
    ),
    Mutant(
        "H8",
        "the owner of a claim is the instance, not the delivery",
        (("worker.batch", "owner=inv.new_id(),", 'owner="this instance",'),),
    ),
    Mutant(
        "H10",
        "a 503 is taken for a refusal where the call must not repeat",
        (("aistudio.answers", "(outcome.status == 503 and idempotent)", "outcome.status == 503"),),
    ),
    Mutant(
        "H11",
        "receipts are written whatever is there",
        (
            (
                DELETIONS,
                "        condition=when.NO_FACT,\n        given=_STATES,\n    )\n\n\ndef held",
                '        condition="",\n        given=_STATES,\n    )\n\n\ndef held',
            ),
        ),
    ),
    Mutant(
        "H11",
        "a deletion's mark is written over whatever is there",
        (
            (
                DELETIONS,
                "            when.FREE, when.OPEN_BELOW_COPY, when.OPEN_FOR_ANOTHER",
                '            when.FREE, "NOT #state IN (:open)"',
            ),
        ),
    ),
    Mutant(
        "H12",
        "an ended lease is parked without naming the owner that was seen",
        (
            (
                CLAIMS,
                '            "dlq": PENDING,\n            "parked_at": now,\n            "expires_at": int(now) + KEPT,\n'
                "        },\n        condition=when.MINE,",
                '            "dlq": PENDING,\n            "parked_at": now,\n'
                '            "expires_at": int(now) + KEPT,\n        },\n        condition="",',
            ),
        ),
    ),
    Mutant(
        "H13",
        "a create's result message follows the ledger",
        (
            (
                CLAIMED,
                "        while not inv.results.send([result])[0]:\n",
                '        early = claims.done(claim, now, facts_of(self.item, inv) | {"outcome": outcome.state})\n'
                "        inv.store.write(early)\n"
                "        while not inv.results.send([result])[0]:\n",
            ),
        ),
    ),
    Mutant(
        "H14",
        "the dead letter goes before the row says parked",
        (
            (
                CLAIMED,
                "        if self.inv.store.write(write) is not Written.YES:\n            return None\n        return self._send_letter(",
                "        send_letters([Letter(self.item, attempt, redrive, park.reason, park.detail)], self.inv)\n"
                "        if self.inv.store.write(write) is not Written.YES:\n            return None\n        return self._send_letter(",
            ),
        ),
    ),
    Mutant(
        "H15",
        "held blocks for ever",
        (
            (
                VERDICT,
                "    if row.state in FACTS:\n        return Answered(row, str(row.state))\n",
                '    if row.state in FACTS or row.state == "held":\n        return Answered(row, str(row.state))\n',
            ),
        ),
    ),
    Mutant(
        "H15",
        "a parked deletion answers every later message",
        ((VERDICT, "if row.state == PARKED and not newer:", "if row.state == PARKED:"),),
    ),
    Mutant(
        "H16",
        "held is recorded without a look whether it is still there",
        ((REPEATABLE, "    if call is None:\n", "    if held:\n"),),
    ),
    Mutant(
        "H17",
        "sent is written without naming which parking",
        ((CONDITIONS, 'PARKED_BY = "#state = :parked AND #owner = :owner"', 'PARKED_BY = "#state = :parked"'),),
    ),
    Mutant(
        "H18",
        "a deletion is parked over held",
        ((DELETIONS, "            when.NEWER_THAN_HELD,\n", '            "#state = :held",\n'),),
    ),
    Mutant(
        "H19",
        "the claim is kept after a 429",
        (
            (
                CLAIMED,
                "        self.inv.store.write(release)  # best effort: the copy lives, or the message returns\n",
                "",
            ),
        ),
    ),
    Mutant(
        "H20",
        "copies of a deletion raise no mark",
        (
            (
                RECORDING,
                "    inv.store.write_all(marks)  # best effort: without its mark a copy lives all the same\n",
                "",
            ),
        ),
    ),
    Mutant(
        "H20",
        "a busy delivery's copy raises no mark",
        (
            (
                CLAIMED,
                "            self.inv.store.write(mark)  # best effort: without it the copy lives all the same\n",
                "",
            ),
        ),
    ),
    Mutant(
        "H22",
        "a 429 counts as an attempt",
        (
            (
                JUDGE,
                "    if isinstance(error, OutcomeUnknown):\n        if attempt",
                "    if isinstance(error, (OutcomeUnknown, Throttled)):\n        if attempt",
            ),
        ),
    ),
    Mutant(
        "H23",
        "what could not begin before the deadline is left unsettled",
        (
            (
                REPEATABLE,
                "        return ended if ended.stale else after_waiting(ended, item, inv)",
                '        if not ended.stale and ended.because is None:\n            return ValueError("no time")\n'
                "        return ended if ended.stale else after_waiting(ended, item, inv)",
            ),
        ),
    ),
    Mutant(
        "H24",
        "the lease ends with the invocation",
        (("tests.simulation.plan", "LEASE_MARGIN = _DEFAULTS.lease_margin", "LEASE_MARGIN = 0.0"),),
    ),
    Mutant(
        "I5",
        "holds are read once a batch, however long it takes",
        ((REPEATABLE, "inv.clock.monotonic() - read_at < inv.hold_window", "True"),),
    ),
    Mutant(
        "faults 21",
        "a claim whose end is unknown is taken for granted",
        (
            (
                CLAIMED,
                "row = None if written is Written.YES else self._read()",
                "row = None if written is not Written.REFUSED else self._read()",
            ),
        ),
    ),
    Mutant(
        "results",
        "a refused fact is taken for one whose result another delivery publishes",
        ((RECORDING, " + _defer_to_fact(refused, inv)", " + refused"),),
    ),
    Mutant(
        "unconfirmed",
        "a copy that the queue did not confirm counts as sent",
        (("worker.outbox", "[confirmed.get(index, False) for", "[confirmed.get(index, False) or True for"),),
    ),
)
