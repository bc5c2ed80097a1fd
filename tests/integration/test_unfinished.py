"""Outcomes that are no ends: what they bring leaves, and their messages come back until a budget is used up."""

import json
from dataclasses import replace
from typing import Any

from aistudio import Trace
from ledger import RecordKey, Write
from ledger.conditions import FREE
from tests.integration.steps import deletion, question
from tests.support.bench import MAX_AGE, MAX_ATTEMPTS, Bench
from tests.support.functions import bench_of
from tests.support.kit import Kit
from tests.support.messages import Entry, again
from tests.support.seam import refused, unseen
from worker import Later, Outcome, Send
from worker.send.elsewhere import Elsewhere

POLL = Later(10, "not_finished", longest=300)
BESIDE = RecordKey("beside")


def unfinished(bench: Bench, later: Later, *, deployed: bool = True) -> None:
    """Let each call of the function find that the work is not finished."""

    def call(message: Any, client: Any, timeout: float) -> Outcome:
        sends = (Send("other", "cancel", {"response_id": "resp_1"}),)
        writes = (Write(BESIDE, sets={"state": "seen"}, condition=FREE),)
        return Outcome("running", Trace(), sends=sends, writes=writes, later=later)

    bench.function = replace(bench.function, call=call)
    bench.elsewhere = lambda queue: Elsewhere(queue, {"other": bench.others if deployed else ""}, bench.function.name)


def come_back(bench: Bench, seconds: float) -> Entry:
    """The one message that waits in the own queue, this much later."""
    (message,) = bench.take_retry_messages()
    bench.clock.advance(seconds)
    return message


def test_what_is_not_finished_sends_and_writes_and_comes_back_later_each_time(deletions: Bench) -> None:
    unfinished(deletions, POLL)
    message = deletion(deletions)
    for _ in range(7):
        assert deletions.deliver(message).ends == [("deferred", "not_finished")]
        message = come_back(deletions, 300)

    assert deletions.delays() == [10, 20, 40, 80, 160, 300, 300]
    assert deletions.record_at(BESIDE).state == "seen"
    assert deletions.record("resp_1").state == "open"
    assert deletions.results() == []


def test_each_coming_back_asks_the_other_function_afresh_and_a_repeat_does_not(deletions: Bench) -> None:
    unfinished(deletions, POLL)
    message = deletion(deletions)
    deletions.deliver(message)
    deletions.deliver(again(message))
    deletions.deliver(come_back(deletions, 300))

    key = deletions.record("resp_1").key
    sent = [json.loads(each.body) for each in deletions.kit.peek(deletions.others)]
    assert {each["id"] for each in sent} == {f"{key}#cancel#0#0", f"{key}#cancel#0#1"}
    assert {each["causationid"] for each in sent} == {message["details"]["message"]["message_id"]}


def test_what_is_not_finished_ends_at_its_age_with_the_function_s_own_reason(deletions: Bench) -> None:
    unfinished(deletions, replace(POLL, detail="still running"))
    deletions.deliver(deletion(deletions))

    assert deletions.deliver(come_back(deletions, MAX_AGE + 1)).ends == [("dead_lettered", "not_finished")]
    (dead_letter,) = deletions.dead_letters()
    assert dead_letter.attributes["detail"] == "still running"
    assert deletions.record("resp_1").reason == "not_finished"


def test_its_own_last_time_counts_in_place_of_its_age(deletions: Bench) -> None:
    unfinished(deletions, replace(POLL, last=deletions.clock.now() + MAX_AGE + 300))
    deletions.deliver(deletion(deletions))

    assert deletions.deliver(come_back(deletions, MAX_AGE + 1)).ends == [("deferred", "not_finished")]
    assert deletions.deliver(come_back(deletions, 300)).ends == [("dead_lettered", "not_finished")]


def test_what_is_counted_ends_at_its_last_attempt(deletions: Bench) -> None:
    unfinished(deletions, replace(POLL, counted=True))
    message = deletion(deletions)
    for _ in range(MAX_ATTEMPTS - 1):
        assert deletions.deliver(message).ends == [("retry", "not_finished")]
        message = come_back(deletions, 300)

    assert deletions.deliver(message).ends == [("dead_lettered", "not_finished")]
    assert deletions.record("resp_1").attempt == MAX_ATTEMPTS


def test_a_function_that_is_not_deployed_is_sent_nothing(deletions: Bench) -> None:
    unfinished(deletions, POLL, deployed=False)

    assert deletions.deliver(deletion(deletions)).ends == [("deferred", "not_finished")]
    assert deletions.kit.peek(deletions.others) == []


def test_nothing_comes_back_whose_message_to_another_function_is_not_confirmed(deletions: Bench) -> None:
    unfinished(deletions, POLL)
    message = deletion(deletions)
    deletions.queues.arm("SendMessageBatch", refused, refused)

    assert deletions.deliver(message).ends == [("unsettled", "another queue")]
    assert deletions.retry_messages() == []


def test_nothing_comes_back_whose_record_may_not_be_written(deletions: Bench) -> None:
    unfinished(deletions, POLL)
    message = deletion(deletions)
    deletions.ledger.arm("UpdateItem", unseen)

    assert deletions.deliver(message).ends == [("unsettled", "ledger")]
    assert deletions.retry_messages() == []


def test_a_call_that_must_not_repeat_can_t_come_back(creates: Bench) -> None:
    unfinished(creates, POLL)

    assert creates.deliver(question(creates)).ends == [("unsettled", "defect")]
    assert creates.retry_messages() == []


def test_what_is_not_finished_may_have_a_result_each_time(deletions: Bench) -> None:
    unfinished(deletions, POLL)
    half = deletions.function.call
    deletions.function = replace(deletions.function, call=lambda *asked: replace(half(*asked), result={"text": "half"}))
    deletions.deliver(deletion(deletions))
    deletions.deliver(come_back(deletions, 300))

    first, second = deletions.results()
    assert (first["data"], second["data"]) == ({"text": "half"}, {"text": "half"})
    assert first["id"] != second["id"]


def test_a_response_that_still_runs_is_cancelled_and_then_deleted(deletions: Bench, kit: Kit) -> None:
    deletions.studio.seed("resp_1", status="in_progress", background=True)
    deletions.studio.fault(response="delete_conflict", match={"id": "resp_1"}, times=None)
    deletions.elsewhere = lambda queue: Elsewhere(queue, {"cancel_response": deletions.others}, "delete_response")
    cancels = bench_of("cancel_response", kit)

    assert deletions.deliver(deletion(deletions)).ends == [("retry", "conflict")]
    (cancel,) = kit.peek(deletions.others)
    assert cancels.deliver(cancels.message(cancel.body)).ends == [("done", "done")]
    assert deletions.deliver(come_back(deletions, 60)).ends == [("done", "deleted")]
    assert deletions.studio.stored() == []


def test_a_deletion_of_what_runs_elsewhere_than_in_the_background_leaves_no_dead_letter(
    deletions: Bench, kit: Kit
) -> None:
    deletions.studio.seed("resp_1", status="in_progress", background=False)
    deletions.studio.fault(response="delete_conflict", match={"id": "resp_1"}, times=1)
    deletions.elsewhere = lambda queue: Elsewhere(queue, {"cancel_response": deletions.others}, "delete_response")
    cancels = bench_of("cancel_response", kit)

    assert deletions.deliver(deletion(deletions)).ends == [("retry", "conflict")]
    (cancel,) = kit.peek(deletions.others)
    assert cancels.deliver(cancels.message(cancel.body)).ends == [("done", "done")]
    assert [result["data"]["status"] for result in cancels.results()] == ["in_progress"]
    assert deletions.deliver(come_back(deletions, 60)).ends == [("done", "deleted")]
    assert cancels.dead_letters() == []


def test_a_response_that_runs_on_is_deleted_again_and_again_where_nothing_cancels(deletions: Bench) -> None:
    deletions.studio.seed("resp_1", status="in_progress", background=True)
    deletions.studio.fault(response="delete_conflict", match={"id": "resp_1"}, times=None)
    deletions.elsewhere = lambda queue: Elsewhere(queue, {"cancel_response": ""}, "delete_response")
    message = deletion(deletions)
    for _ in range(MAX_ATTEMPTS - 1):
        assert deletions.deliver(message).ends == [("retry", "conflict")]
        message = come_back(deletions, 900)

    assert deletions.deliver(message).ends == [("dead_lettered", "conflict")]
    assert deletions.studio.stored() == ["resp_1"]
