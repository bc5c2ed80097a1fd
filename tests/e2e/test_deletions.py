"""Deletions by the hundred from queue to receipt, through real servers, with the function in a process of its own."""

import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from infra.local.catalog import LocalFunction
from infra.local.cloud.trigger import Batching
from infra.local.environment import Environment
from infra.local.studio.settings import Settings
from ledger import Keys
from tests.support.planted import RESPONSE_ID, SUBJECT
from tests.support.waiting import eventually
from tests.support.watched import watched_environment

LATENCY = 0.05
KILLED_AT = (250, 700)
"""The responses whose calls hang until the process is killed; others of their batch are deleted by then."""


def receipts(environment: Environment) -> list[dict[str, Any]]:
    pages = environment.dynamodb.get_paginator("scan").paginate(TableName=environment.ledger, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


@pytest.mark.row(5)
@pytest.mark.parametrize(
    ("how_many", "killed_at"), [(1000, KILLED_AT), (200, ())], ids=["a thousand, killed twice", "undisturbed"]
)
def test_all_deletions_end_in_one_receipt_each(how_many: int, killed_at: Sequence[int]) -> None:
    function = LocalFunction(
        "delete_response",
        "delete_response.handler",
        timeout=60,
        receives=10,
        batching=Batching(size=100, cutoff=0.2, visibility=61, returns=1),
    )
    ids = [f"{RESPONSE_ID}{number}" for number in range(how_many)]
    bodies = [json.dumps({"response_id": each, "subject": each.replace(RESPONSE_ID, SUBJECT)}) for each in ids]
    settled: set[str] = set()

    def told(line: str) -> None:
        # A process killed while it writes leaves half a line.
        said = json.loads(line) if line.startswith("{") and line.endswith("}") else {}
        if said.get("end") == "done":
            settled.add(said["key"])

    with watched_environment([function], studio=Settings(latency=LATENCY), told=told) as watched:
        environment = watched.environment
        environment.studio.seed(*ids)
        environment.send("delete_response", *bodies)
        for number in killed_at:
            environment.studio.fault(match={"id": ids[number]}, delay=600, times=1)
        environment.start()
        for number in killed_at:
            # In the middle of a batch's calls: part of it is deleted, and nothing of it recorded.
            eventually(partial(environment.studio.requests, ids[number]), "a call hangs")
            eventually(
                lambda: how_many - len(environment.studio.stored()) > len(settled), "others of its batch are deleted"
            )
            environment.triggers["delete_response"].kill()
        eventually(lambda: len(settled) == how_many, "all are settled", seconds=500)
        records = {record["key"]["S"]: record for record in receipts(environment)}
        requests = environment.studio.requests()
        results = environment.servers.peek(environment.results)
        environment.stop()

        keys = Keys(environment.settings["HASH_KEY"])
        assert all("expires_at" not in record for record in records.values())
        states = {each: records.pop(keys.key("response", each))["state"]["S"] for each in ids}
        assert records == {}
        # What was deleted, and not recorded, is absent when it is deleted again. That takes a kill; or it takes a table
        # server that stands still for longer than a function waits for it (documents.time_budget), as one here does at times.
        absent = {each for each, state in states.items() if state == "already_absent"}
        asked = Counter(entry["id"] for entry in requests)
        assert set(states.values()) - {"already_absent"} == {"deleted"}
        assert {each for each in absent if asked[each] < 2} == set()
        assert absent or not killed_at
        effects = [entry["id"] for entry in requests if entry["effect"]]
        assert sorted(effects) == sorted(ids), "each response is deleted once"
        assert len({json.loads(result.body)["id"] for result in results}) == how_many
        assert not environment.servers.peek(environment.dead_letters)
