"""Outcomes that bring messages to other functions and records of their own: all of it happens, and in this order."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger import RecordKey, Write
from ledger.conditions import FREE
from tests.integration.steps import deletion, question
from tests.support.bench import Bench
from tests.support.messages import Entry, again
from tests.support.seam import refused
from worker import Outcome, Send
from worker.send.elsewhere import Elsewhere

Changed = tuple[Bench, Callable[[Bench], Entry]]


def bringing(bench: Bench, result: bool) -> None:
    """Let the function's outcome bring a message, a record, and, where asked for, a result with content."""
    made = bench.function.call

    def call(message: Any, client: Any, timeout: float) -> Outcome:
        outcome = made(message, client, timeout)
        content = {"text": "planted"} if result else outcome.result
        sends = (Send("other", f"{message.key}-1", {"response_id": "from"}),)
        return replace(outcome, state="done", result=content, sends=sends, writes=(written(),))

    def written() -> Write:
        return Write(RecordKey("beside"), sets={"state": "registered"}, condition=FREE)

    bench.function = replace(bench.function, call=call, registry=None)
    bench.elsewhere = lambda queue: Elsewhere(queue, {"other": bench.others}, bench.function.name)


@pytest.fixture(params=["deletions", "creates"])
def changed(request: pytest.FixtureRequest) -> Changed:
    bench: Bench = request.getfixturevalue(request.param)
    bringing(bench, result=True)
    return bench, deletion if request.param == "deletions" else question


def test_messages_and_result_leave_and_the_record_is_written_with_the_outcome(changed: Changed) -> None:
    bench, message = changed

    assert bench.deliver(message(bench)).ends == [("done", "done")]

    assert [each["data"] for each in bench.results()] == [{"text": "planted"}]
    assert len(bench.kit.peek(bench.others)) == 1
    assert bench.record_at(RecordKey("beside")).state == "registered"


def test_a_message_that_is_not_confirmed_leaves_no_outcome(changed: Changed) -> None:
    bench, message = changed
    sent = message(bench)
    bench.queues.arm("SendMessageBatch", refused, refused)

    assert bench.deliver(sent).ends == [("unsettled", "another queue")]
    assert bench.record_at(RecordKey("beside")).state is None
    assert bench.results() == []


def test_a_result_with_content_that_is_not_confirmed_leaves_no_outcome_of_a_call_that_may_repeat(
    deletions: Bench,
) -> None:
    bringing(deletions, result=True)
    message = deletion(deletions)
    deletions.queues.arm("SendMessageBatch", lambda *_: None, refused, refused)

    assert deletions.deliver(message).ends == [("unsettled", "results queue")]
    assert deletions.record("resp_1").state is None
    assert deletions.deliver(again(message)).ends == [("done", "done")]
    assert [each["data"] for each in deletions.results()] == [{"text": "planted"}]


def test_a_result_with_content_is_not_sent_again_once_its_outcome_is_written(deletions: Bench) -> None:
    bringing(deletions, result=True)
    message = deletion(deletions)
    deletions.deliver(message)

    assert deletions.deliver(again(message)).ends == [("done", "done")]
    assert len(deletions.results()) == 1
