"""Rows 28 and 33 of the fault matrix: messages that were redriven, and those of another version."""

import json

import pytest

from tests.faults.steps import DELETE, POST, delete, question
from tests.support.bench import Bench
from tests.support.clock import START as SENT
from tests.support.messages import entry
from tests.support.observations import numbers


@pytest.mark.parametrize("mended", [True, False], ids=["mended", "not mended"])
def test_row28_a_redriven_deletion_settles_or_is_parked_again_with_its_history(stored: Bench, mended: bool) -> None:
    stored.studio.fault(match=DELETE, status=400, times=1 if mended else 2)
    delete(stored)
    (first,) = stored.letters()

    ended = stored.deliver(*stored.redrive()).ends

    assert ended == [("done", "deleted") if mended else ("dead_lettered", "rejected")]
    again_parked = stored.letters()
    assert [numbers(letter)[2] for letter in again_parked] == ([] if mended else [1])
    assert {letter.body for letter in again_parked} <= {first.body}
    assert stored.row("resp_1").redrive == (0 if mended else 1)


def test_row28_what_may_have_happened_is_refused_unless_forced(creates: Bench) -> None:
    creates.studio.fault(match=POST, drop="after")
    creates.deliver(question(creates))

    refused = creates.deliver(*creates.redrive()).ends
    forced = creates.deliver(*creates.redrive(force="true")).ends

    assert (refused, forced) == ([("dead_lettered", "outcome_unknown")], [("done", "done")])
    assert creates.billed() == 2


OF_THE_FIRST_VERSION: dict[str, str | int] = {
    "attempt": 1,
    "seq": 2,
    "redrive": 0,
    "first_seen": 1_795_334_000,
    "not_before": 1_795_334_300,
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}


def test_row33_copies_of_the_first_version_are_understood(stored: Bench, creates: Bench) -> None:
    deleting = entry({"response_id": "resp_1"}, sent_at=SENT, attributes={"key": "resp_1", **OF_THE_FIRST_VERSION})
    asking = entry({"text": "Hello"}, sent_at=SENT, attributes={"key": "evt_1", **OF_THE_FIRST_VERSION})

    assert stored.deliver(deleting).ends == [("done", "deleted")]
    assert creates.deliver(asking).ends == [("done", "done")]
    assert creates.row("evt_1").watermark == (0, 2)


def test_row33_a_message_with_what_only_a_later_version_knows_is_kept_whole(stored: Bench) -> None:
    body = {"response_id": "resp_1", "a_field_of_tomorrow": True}
    stored.deliver(stored.message(body))

    (letter,) = stored.letters()

    assert (letter.attributes["reason"], json.loads(letter.body)) == ("invalid_message", body)
