"""Row 32 of the fault matrix: an instance that is told to end, as the platform does 50 ms before it kills it."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.catalog import functions
from infra.local.cloud.runtime import Reply
from infra.local.environment import Environment
from infra.local.studio.settings import Settings
from tests.support.messages import entry
from tests.support.planted import EVENT_ID, PROMPT, RESPONSE_ID, SUBJECT
from tests.support.waiting import eventually
from tests.support.watched import watched_environment

LATENCY = 0.6
MESSAGES: dict[str, dict[str, Any]] = {
    "delete_response": {"response_id": f"{RESPONSE_ID}1", "subject": f"{SUBJECT}1"},
    "realtime_response_create": {
        "type": "response.create",
        "event_id": f"{EVENT_ID}1",
        "response": {"instructions": PROMPT},
    },
}


@pytest.fixture
def environment() -> Iterator[Environment]:
    slow = Settings(latency=LATENCY, realtime_post="json")
    with watched_environment(functions(), studio=slow, settings={"LEASE_MARGIN": "0s"}) as watched:
        watched.environment.studio.seed(f"{RESPONSE_ID}1")
        yield watched.environment


def event(function: str) -> dict[str, Any]:
    return {"messages": [entry(MESSAGES[function], sent_at=time.time())]}


@pytest.mark.parametrize("function", MESSAGES)
@pytest.mark.row(32)
def test_a_signal_while_idle_changes_nothing(environment: Environment, function: str) -> None:
    runtime, same = environment.runtime(function), event(function)
    try:
        assert runtime.invoke(same).ok
        assert runtime.pid is not None
        os.kill(runtime.pid, signal.SIGTERM)
        eventually(lambda: runtime.pid is None, "the idle instance has ended")
        assert runtime.invoke(same).ok
    finally:
        runtime.stop()

    assert len(environment.studio.requests()) == 1


@pytest.mark.parametrize("function", MESSAGES)
@pytest.mark.row(32)
def test_a_signal_in_the_middle_of_a_call_is_like_any_crash(environment: Environment, function: str) -> None:
    runtime, same, replies = environment.runtime(function), event(function), list[Reply]()
    thread = threading.Thread(target=lambda: replies.append(runtime.invoke(same)))
    thread.start()
    eventually(environment.studio.requests, "the call is under way")
    assert runtime.pid is not None
    os.kill(runtime.pid, signal.SIGTERM)
    thread.join(20)
    try:
        assert [reply.ended for reply in replies] == ["killed"]
        assert runtime.invoke(same).ok
    finally:
        runtime.stop()

    records = environment.dynamodb.scan(TableName=environment.ledger, ConsistentRead=True)["Items"]
    effects = [call for call in environment.studio.requests() if call["effect"]]
    states = [record["state"]["S"] for record in records]
    if function == "delete_response":
        assert states == ["already_absent"]
        assert len(effects) == 1
    else:  # nobody calls while the caller may be alive
        assert states == ["claimed"]
        assert len(environment.servers.peek(environment.queues[function])) == 1
        assert len(environment.studio.requests()) == 1
