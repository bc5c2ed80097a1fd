"""Holes in how calls are settled that must not repeat."""

from tests.simulation.mutation import hole

CLAIMED = "worker.settle.claimed"
STEPS = "worker.settle.claimed_row"
CLAIMS = "ledger.claims"
CONDITIONS = "ledger.conditions"

OF_CREATES = (
    hole("H1", "the claim itself raises the mark", (CLAIMS, '"seq": claim.seq,', '"seq": claim.seq + 1,'), by="create"),
    hole(
        "H2",
        "a create's claim is released with the next number although no copy was confirmed",
        (CLAIMED, "claims.release(claim, claim.seq, self", "claims.release(claim, claim.seq + 1, self"),
        by="create",
    ),
    hole(
        "H3",
        "a busy delivery is acknowledged without a copy",
        (CLAIMED, "                return self._busy(row)", '                return Settlement(End.DONE, "busy")'),
        by="busy",
    ),
    hole(
        "H4",
        "a parked create counts as settled before its dead letter was sent",
        (STEPS, "Step.REMIND if row.dlq == PENDING else Step.ANSWERED", "Step.ANSWERED"),
        by="create",
    ),
    hole(
        "H5",
        "a redriven create meets its own parked row and is acknowledged",
        (STEPS, "if item.delivery.redrive > row.redrive:", "if item.delivery.redrive > row.redrive + 9:"),
        by="create",
    ),
    hole(
        "H6",
        "an unforced redrive of outcome_unknown is acknowledged",
        (STEPS, "Step.REFUSE if row.reason", "Step.ANSWERED if row.reason"),
        by="create",
    ),
    hole(
        "H7",
        "a force is good for ever",
        (
            CONDITIONS,
            'REDRIVEN_BY_FORCE = "#state = :dead_lettered AND #redrive < :redrive"',
            'REDRIVEN_BY_FORCE = "#state = :dead_lettered AND #redrive <= :redrive"',
        ),
        (
            STEPS,
            "    if item.delivery.redrive > row.redrive:\n",
            "    if item.delivery.redrive > row.redrive or item.delivery.forced:\n",
        ),
        by="a create forced",
    ),
    hole(
        "H8",
        "the owner of a claim is the instance, not the delivery",
        ("worker.settle.batch", "owner=inv.new_id(),", 'owner="this instance",'),
        by="create",
    ),
    hole(
        "H9",
        "a copy does not say its key, so it stands for itself",
        ("worker.send.retry_message", "key=letter.key or letter.message_id", "key=letter.message_id"),
        by="unnamed",
    ),
    hole(
        "H10",
        "a 503 is taken for a refusal where the call must not repeat",
        ("aistudio.error_bodies", "(status == 503 and idempotent)", "status == 503"),
        by="create",
    ),
    hole(
        "H12",
        "an ended lease is parked without naming the owner that was seen",
        (
            CLAIMS,
            "condition=when.MINE,\n        given=when.given(owner=owner)",
            'condition="",\n        given=when.given(owner=owner)',
        ),
        by="a create twice at once, writes go astray",
    ),
    hole(
        "H13",
        "a create's result message follows the ledger",
        (
            CLAIMED,
            "        while not inv.results.send([result], insist=True)[0]:\n",
            (
                '        early = claims.done(claim, now, notes_of(self.item, inv) | {"outcome": outcome.state})\n'
                "        inv.store.write(early)\n"
                "        while not inv.results.send([result], insist=True)[0]:\n"
            ),
        ),
        by="create",
    ),
    hole(
        "H14",
        "the dead letter goes before the row says parked",
        (
            CLAIMED,
            "        if self.inv.store.write(write) is not Written.YES:\n",
            (
                "        send_letters([Letter(self.item, attempt, redrive, park.reason, park.detail)], self.inv)\n"
                "        if self.inv.store.write(write) is not Written.YES:\n"
            ),
        ),
        by="create",
    ),
    hole(
        "H19",
        "the claim is kept after a 429",
        (CLAIMED, "        self.inv.store.write(release)  # best effort", "        # best effort"),
        by="storm",
    ),
    hole(
        "H20",
        "a busy delivery's copy raises no mark",
        (
            CLAIMED,
            "            self.inv.store.write(mark)  # best effort: without it the copy lives all the same\n",
            "",
        ),
        by="busy",
    ),
    hole(
        "H20",
        "a throttled create's claim is released with its own number although its copy was confirmed",
        (CLAIMED, "claims.release(claim, claim.seq + 1, self", "claims.release(claim, claim.seq, self"),
        by="throttled",
    ),
    hole(
        "H24",
        "the lease ends with the invocation",
        (CLAIMED, "lease_until=self.inv.lease_until", "lease_until=self.inv.deadline.killed_at"),
        by="create",
    ),
    hole(
        "H26",
        "a dead caller's mark outlives every copy",
        (STEPS, "row.state == CLAIMED and now >= row.lease_until + QUEUE_RETENTION", "False"),
        by="forgotten",
    ),
    hole(
        "faults 21",
        "a claim whose end is unknown is taken for granted",
        (
            CLAIMED,
            "row = None if written is Written.YES else self._read()",
            "row = None if written is not Written.REFUSED else self._read()",
        ),
        by="create",
    ),
)
