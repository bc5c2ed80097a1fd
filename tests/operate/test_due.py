"""`ops due`: the agenda, the next first."""

import re
import time

from infra.local.environment import Environment
from ledger import Keys, Ledger
from ledger.registration import Registration
from retention.registering import register
from tests.operate.conftest import Ops

HOUR = 3600


def registered(environment: Environment, *hours: int) -> None:
    """Register responses that are to be deleted in so many hours."""
    keys, ledger, now = (
        Keys(environment.settings["HASH_KEY"]),
        Ledger(environment.dynamodb, environment.ledger),
        time.time(),
    )
    for hour in hours:
        name = f"resp_due_{hour}"
        registration = Registration(name, int(now * 1000), "", created_at=now, delete_after=now + hour * HOUR)
        for write in register(registration, ledger, keys, now):
            ledger.write(write)


def test_what_is_due_is_listed_the_next_first(ops: Ops, environment: Environment) -> None:
    registered(environment, 5, 1, 30, 3, 2, 4)

    def listed(options: str) -> list[str]:
        """The ids, without those that other tests put on the agenda."""
        found = [each["response_id"] for each in ops(f"due --json {options}").data]
        return [name for name in found if name.startswith("resp_due_")]

    assert listed("") == [f"resp_due_{hour}" for hour in (1, 2, 3, 4, 5)]
    assert listed("--within 3d")[-1] == "resp_due_30"
    assert len(ops("due --json --number 2").data) == 2
    assert re.search(r"\(in \d+ min\)  delete resp_due_1$", ops("due").out, re.MULTILINE)
