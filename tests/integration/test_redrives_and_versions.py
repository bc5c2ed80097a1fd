"""Rows 28 and 33 of the fault matrix: messages that were redriven, and those of another version."""

import json

import pytest

from tests.integration.steps import DELETE, POST, delete, question
from tests.support.bench import Bench
from tests.support.observations import numbers


@pytest.mark.parametrize("mended", [True, False], ids=["mended", "not mended"])
@pytest.mark.row(28)
def test_a_redriven_deletion_settles_or_is_dead_lettered_again_with_its_history(stored: Bench, mended: bool) -> None:
    stored.studio.fault(match=DELETE, status=400, times=1 if mended else 2)
    delete(stored)
    (first,) = stored.dead_letters()

    ended = stored.deliver(*stored.redrive()).ends

    assert ended == [("done", "deleted") if mended else ("dead_lettered", "rejected")]
    dead_lettered_again = stored.dead_letters()
    assert [numbers(dead_letter)[2] for dead_letter in dead_lettered_again] == ([] if mended else [1])
    assert {dead_letter.body for dead_letter in dead_lettered_again} <= {first.body}
    assert stored.record("resp_1").redrive == 1


@pytest.mark.row(28)
def test_what_may_have_happened_is_refused_unless_forced(creates: Bench) -> None:
    creates.studio.fault(match=POST, drop="after")
    creates.deliver(question(creates))

    refused = creates.deliver(*creates.redrive()).ends
    forced = creates.deliver(*creates.redrive(force=True)).ends

    assert (refused, forced) == ([("dead_lettered", "outcome_unknown")], [("done", "done")])
    assert creates.billed() == 2


WRITTEN_BY_A_BRIDGE: dict[str, str | int] = {
    "key": "evt_9",
    "attempt": 8,
    "seq": 2,
    "redrive": 3,
    "Content-Type": "a/b",
}


def test_a_producers_attributes_of_any_name_are_only_carried_along(stored: Bench, creates: Bench) -> None:
    creates.studio.fault(times=1, status=429, headers={"Retry-After": "60"})
    deleting = stored.message({"response_id": "resp_1"}, attributes=WRITTEN_BY_A_BRIDGE)
    asking = creates.message({"event_id": "evt_1"}, attributes=WRITTEN_BY_A_BRIDGE)

    assert creates.deliver(asking).ends == [("deferred", "throttled")]
    assert stored.deliver(deleting).ends == [("done", "deleted")]

    (retry,) = creates.retry_messages()
    assert numbers(retry) == (0, 1, 0)
    assert {name: retry.attributes[name] for name in WRITTEN_BY_A_BRIDGE} == {
        name: str(value) for name, value in WRITTEN_BY_A_BRIDGE.items()
    }
    assert creates.deliver(*creates.take_retry_messages()).ends == [("done", "done")]


@pytest.mark.row(33)
def test_a_message_with_what_only_a_later_version_knows_is_kept_whole(stored: Bench) -> None:
    body = {"response_id": "resp_1", "a_field_of_tomorrow": True}
    stored.deliver(stored.message(body))

    (dead_letter,) = stored.dead_letters()

    assert (dead_letter.attributes["reason"], json.loads(dead_letter.body)) == ("invalid_message", body)
