"""Getting, cancelling and listing under the faults that concern calls which may repeat."""

from typing import Any

import pytest

from ledger.states import DEAD_LETTERED, DONE
from tests.support.bench import Bench
from tests.support.functions import bench_of
from tests.support.kit import Kit
from tests.support.messages import Entry, again
from tests.support.observations import numbers, reasons
from tests.support.seam import killed_after, killed_before, refused, unseen

FUNCTIONS = ("get_response", "cancel_response", "list_input_items")
BODY = {"response_id": "resp_1"}


@pytest.fixture(params=FUNCTIONS)
def bench(kit: Kit, request: pytest.FixtureRequest) -> Bench:
    """Each of the functions, and a response that runs in the background and was asked three things."""
    made = bench_of(request.param, kit)
    said = [{"role": "user", "content": f"line {number}"} for number in range(3)]
    made.studio.seed("resp_1", status="in_progress", background=True, input=said)
    return made


def event(bench: Bench, name: str = "event-1") -> Entry:
    data = {"specversion": "1.0", "id": name, "source": "/shop", "type": "asked", "data": BODY}
    return bench.message(data)


def test_a_response_is_asked_about_as_often_as_messages_ask(bench: Bench) -> None:
    for name in ("event-1", "event-2"):
        assert bench.deliver(event(bench, name)).ends == [("done", "done")]

    first, second = bench.results()
    assert (first["causationid"], second["causationid"]) == ('["/shop","event-1"]', '["/shop","event-2"]')
    assert first["id"] != second["id"]
    assert bench.calls("resp_1") == 2


@pytest.mark.parametrize("source", ["/shop", "/aistudio-functions/create_response"])
def test_only_another_function_says_what_a_result_names(bench: Bench, source: str) -> None:
    told = {"causationid": "cause", "causationkey": "evt_1", "causationrecord": "create_response#1"}
    sent = {"specversion": "1.0", "id": "1", "source": source, "type": "asked", "data": BODY}

    assert bench.deliver(bench.message(sent | told)).ends == [("done", "done")]

    (result,) = bench.results()
    own = bench.keys.key(bench.function.name, f'["{source}","1"]')
    assert result["subject"] == (own if source == "/shop" else "create_response#1")


def test_a_cancelled_response_is_told_as_a_whole(kit: Kit) -> None:
    bench = bench_of("cancel_response", kit)
    bench.studio.seed("resp_1", status="in_progress", background=True, model="gpt://folder/some-model")

    assert bench.deliver(event(bench)).ends == [("done", "done")]

    (result,) = bench.results()
    assert result["data"]["status"] == "cancelled"
    assert result["data"]["response"]["id"] == "resp_1"
    assert {"text", "usage"} <= result["data"].keys()


@pytest.mark.row(1)
def test_a_message_delivered_twice_is_called_once(bench: Bench) -> None:
    first = event(bench)

    assert bench.deliver(first).ends == [("done", "done")]
    assert bench.deliver(again(first)).ends == [("done", "done")]
    assert (bench.calls("resp_1"), len(bench.results())) == (1, 1)


@pytest.mark.row(6)
@pytest.mark.row(5)
@pytest.mark.parametrize("killed", [killed_before, killed_after])
def test_killed_around_the_record_nothing_is_lost_and_a_repeated_result_has_the_same_id(
    bench: Bench, killed: Any
) -> None:
    first = event(bench)
    bench.ledger.arm("UpdateItem", killed)

    assert not bench.deliver(first).acknowledged
    assert bench.deliver(again(first)).ends == [("done", "done")]
    assert len({result["id"] for result in bench.results()}) == 1


@pytest.mark.row(11)
@pytest.mark.row(10)
def test_a_call_that_fails_comes_back_and_is_done(bench: Bench) -> None:
    bench.studio.fault(match={"id": "resp_1"}, status=429, headers={"Retry-After": "60"})
    bench.studio.fault(match={"id": "resp_1"}, status=500)

    assert bench.deliver(event(bench)).ends == [("deferred", "throttled")]
    bench.clock.advance(900)
    assert bench.deliver(*bench.take_retry_messages()).ends == [("retry", "outcome_unknown")]
    assert [numbers(retry) for retry in bench.retry_messages()] == [(1, 2, 0)]
    bench.clock.advance(900)
    assert bench.deliver(*bench.take_retry_messages()).ends == [("done", "done")]
    assert bench.record('["/shop","event-1"]').state == DONE


@pytest.mark.row(14)
@pytest.mark.row(12)
@pytest.mark.parametrize(("status", "reason"), [(422, "rejected"), (404, "rejected")])
def test_what_is_refused_is_dead_lettered(bench: Bench, status: int, reason: str) -> None:
    bench.studio.fault(match={"id": "resp_1"}, status=status, html=True)

    assert bench.deliver(event(bench)).ends == [("dead_lettered", reason)]
    assert reasons(bench.dead_letters()) == [reason]
    assert bench.record('["/shop","event-1"]').state == DEAD_LETTERED


@pytest.mark.row(16)
@pytest.mark.parametrize("body", ["", "{}", '{"id": "resp_2", "object": "response"}', "[]"])
def test_a_2xx_that_says_something_else_is_asked_again(bench: Bench, body: str) -> None:
    bench.studio.fault(match={"id": "resp_1"}, status=200, body=body)

    assert bench.deliver(event(bench)).ends == [("retry", "outcome_unknown")]


@pytest.mark.row(19)
@pytest.mark.parametrize("drop", ["before", "after", "body"])
def test_a_connection_that_breaks_is_tried_again(bench: Bench, drop: str) -> None:
    bench.studio.fault(match={"id": "resp_1"}, drop=drop)

    (end,) = bench.deliver(event(bench)).ends
    if end != ("done", "done"):
        assert end == ("retry", "outcome_unknown")
        bench.clock.advance(900)
        assert bench.deliver(*bench.take_retry_messages()).ends == [("done", "done")]


@pytest.mark.row(21)
def test_a_ledger_that_is_silent_lets_nothing_be_called(bench: Bench) -> None:
    bench.ledger.arm("BatchGetItem", *[refused] * 3)

    assert bench.deliver(event(bench)).ends == [("unsettled", "ledger")]
    assert bench.calls("resp_1") == 0
    bench.ledger.reset()


def test_a_result_that_no_queue_confirms_leaves_the_message_unsettled(bench: Bench) -> None:
    first = event(bench)
    bench.queues.arm("SendMessageBatch", *[unseen] * 2)

    assert bench.deliver(first).ends == [("unsettled", "results queue")]
    bench.queues.reset()
    assert bench.deliver(again(first)).ends == [("done", "done")]


def test_the_settled_line_tells_status_and_model_the_result_the_tokens_too(kit: Kit) -> None:
    bench = bench_of("get_response", kit)
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    said = {"status": "completed", "output_text": "A secret.", "usage": usage, "model": "gpt://folder/some-model"}
    bench.studio.seed("resp_1", **said)

    delivered = bench.deliver(bench.message(BODY))

    (line,) = [line for line in delivered.lines if "end" in line]
    assert (line["response_status"], line["model"]) == ("completed", "gpt://folder/some-model")
    assert "usage" not in line
    assert "secret" not in str(delivered.lines)
    (result,) = bench.results()
    assert result["data"]["response"]["id"] == "resp_1"
    assert (result["data"]["text"], result["data"]["status"], result["data"]["usage"]) == (
        "A secret.",
        "completed",
        usage,
    )


@pytest.mark.parametrize(
    ("name", "status", "ends", "level"),
    [
        ("cancel_response", "in_progress", "cancelled", "INFO"),
        ("get_response", "in_progress", "in_progress", "INFO"),
        ("get_response", "cancelled", "cancelled", "INFO"),
        ("get_response", "failed", "failed", "WARN"),
        ("get_response", "incomplete", "incomplete", "WARN"),
        ("get_response", "halfway", "halfway", "WARN"),
    ],
)
def test_only_a_response_that_went_wrong_is_a_warning(kit: Kit, name: str, status: str, ends: str, level: str) -> None:
    bench = bench_of(name, kit)
    bench.studio.seed("resp_1", status=status, background=True)

    (line,) = bench.deliver(bench.message(BODY)).lines

    assert (line["end"], line["response_status"], line["level"]) == ("done", ends, level)


def test_a_response_that_is_not_there_is_no_warning(kit: Kit) -> None:
    bench = bench_of("get_response", kit)

    assert [line["level"] for line in bench.deliver(bench.message(BODY)).lines] == ["INFO"]


def test_a_model_that_is_no_name_is_not_logged(kit: Kit) -> None:
    bench = bench_of("get_response", kit)
    bench.studio.seed("resp_1", model="a secret, in words")

    assert "secret" not in str(bench.deliver(bench.message(BODY)).lines)


def test_a_cancel_ends_what_runs_and_leaves_what_is_over(kit: Kit) -> None:
    bench = bench_of("cancel_response", kit)
    bench.studio.seed("runs", status="in_progress", background=True)
    bench.studio.seed("over", status="completed", background=True)
    bench.studio.seed("never", status="completed", background=False)
    names = ("runs", "over", "never", "gone")

    delivered = bench.deliver(*[bench.message({"response_id": name}) for name in names])

    assert sorted(delivered.ends) == [("dead_lettered", "rejected"), *[("done", "done")] * 3]
    assert sorted(result["data"]["status"] for result in bench.results()) == ["absent", "cancelled", "completed"]


def test_a_list_has_the_items_in_order_and_a_limit(kit: Kit) -> None:
    bench = bench_of("list_input_items", kit)
    said = [{"role": "user", "content": f"line {number}"} for number in range(120)]
    bench.studio.seed("resp_1", background=True, input=said)

    bench.deliver(bench.message({**BODY, "limit": 110, "order": "asc"}))

    (result,) = bench.results()
    texts = [item["content"][0]["text"] for item in result["data"]["data"]]
    assert texts == [f"line {number}" for number in range(110)]
    assert result["data"]["has_more"] is True


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": "5"}, {"limit": True}, {"order": "up"}, {"after": ""}])
def test_a_list_that_makes_no_sense_is_dead_lettered_and_says_where(kit: Kit, wrong: dict[str, Any]) -> None:
    bench = bench_of("list_input_items", kit)

    assert bench.deliver(bench.message({**BODY, **wrong})).ends == [("dead_lettered", "invalid_message")]
    assert next(iter(wrong)) in bench.dead_letters()[0].attributes["detail"]
    assert bench.calls() == 0
