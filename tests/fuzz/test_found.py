"""What made-up inputs have found, each as the one message that did it: dead-lettered or settled, and its neighbour too."""

from typing import Any

import pytest

from tests.fuzz.refusals import refusals
from tests.support.bench import Bench
from tests.support.clock import START
from tests.support.messages import Entry, entry

DONE, DEAD_LETTERED = ("done", "already_absent"), ("dead_lettered", "invalid_message")


def message(body: object, own: dict[str, str | int] | None = None, **fields: Any) -> Entry:
    """A message with attributes of its own, and with anything in place of what the platform says of it."""
    made = entry(body, sent_at=START, attributes=own)
    made["details"]["message"].update(fields)
    return made


def enveloped(**fields: str) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "ce-1", "source": "/s", **fields, "data": {"response_id": "resp_1"}}


@pytest.mark.parametrize(
    ("odd", "end"),
    [
        (message("not ASCII: \x80", {"settlement": '{"v":1,"encoding":"base64","mac":"0"}'}), DEAD_LETTERED),
        (message("not JSON", message_id="a\x0fb"), DEAD_LETTERED),
        (message("not JSON", message_id="\ud800"), DEAD_LETTERED),
        (message("not JSON", message_id=""), DEAD_LETTERED),
        (message({"response_id": "resp_1"}, attributes={"SentTimestamp": 10**5000}), DONE),
        (message(enveloped(traceparent="\x01")), DONE),
        (message(enveloped(traceparent="x" * 300)), DONE),
    ],
    ids=["encoding", "control character", "surrogate", "no id", "huge time", "traceparent", "long traceparent"],
)
def test_one_odd_message_ends_and_so_does_its_neighbour(deletions: Bench, odd: Entry, end: tuple[str, str]) -> None:
    delivered = deletions.deliver(odd, deletions.message({"response_id": "resp_2"}))

    assert delivered.acknowledged, delivered.error
    assert sorted(delivered.ends) == sorted([end, DONE])
    assert refusals(deletions.queues.seen) == []
