"""What is due is deleted by itself: the timer of the sweep, and the functions that it sends to, each in a process of its own."""

import time
from dataclasses import replace

from infra.local.catalog import timers
from infra.local.environment import running_environment
from ledger import Keys, Ledger
from ledger.registration import Registration
from retention.registering import registered
from tests.support.waiting import eventually


def test_a_response_whose_date_has_come_is_deleted_and_then_looked_for() -> None:
    sweep = next(each for each in timers() if each.name == "retention_sweep")
    lines: list[tuple[str, str]] = []
    with running_environment([replace(sweep, every=0.2)], log=lambda *line: lines.append(line)) as environment:
        environment.studio.seed("resp_due", "resp_later")
        store, keys = Ledger(environment.dynamodb, environment.ledger), Keys(environment.settings["HASH_KEY"])
        now = time.time()
        for name, date in (("resp_due", now), ("resp_later", now + 3_600)):
            said = Registration(name, round(now * 1000), "h", delete_after=date, verify_after=1.0)
            registered(said, store, keys, now)
        environment.start()

        key = keys.key("response", "resp_due")
        eventually(lambda: "verified_at" in store.get(key).rest)

        assert (store.get(key).receipts, store.get(key).due_at) == (2, None)
        assert environment.studio.stored() == ["resp_later"]
        assert environment.tick("retention_sweep").ok
        assert not [line for _, line in lines if "resp_due" in line]
