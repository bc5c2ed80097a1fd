"""Holes that simpler designs have (and this code once had), each put back into the code by an edit of its text."""

from tests.simulation.mutants_creates import OF_CREATES
from tests.simulation.mutants_deletions import OF_DELETIONS
from tests.simulation.mutation import hole

CONDITIONS = "ledger.conditions"

OF_BOTH = (
    hole(
        "H17",
        "sent is written without naming which parking",
        (
            CONDITIONS,
            'PARKED_BY = "#state = :dead_lettered AND #owner = :owner"',
            'PARKED_BY = "#state = :dead_lettered"',
        ),
        by="a deletion refused, redriven, refused again, a crash",
    ),
    hole(
        "H21",
        "every copy counts as an attempt",
        (
            "worker.settle.effects",
            "attempt = item.delivery.attempt + again.counted",
            "attempt = item.delivery.attempt + 1",
        ),
        by="neighbours",
    ),
    hole(
        "H22",
        "a 429 counts as an attempt",
        (
            "worker.settle.retry_policy",
            "if isinstance(error, OutcomeUnknown):",
            "if isinstance(error, (OutcomeUnknown, Throttled)):",
        ),
        by="storm",
    ),
    hole(
        "unconfirmed",
        "a copy that the queue did not confirm counts as sent",
        ("worker.settle.effects", "[confirmed.get(index, False) for", "[confirmed.get(index, False) or True for"),
        by="create",
    ),
)

MUTANTS = (*OF_CREATES, *OF_DELETIONS, *OF_BOTH)
