"""Rows 15 and 31 of the fault matrix: what a Realtime session may say instead of an answer, or beside it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.bench import Bench, Delivered
from tests.support.functions import realtime_bench_of
from tests.support.kit import Kit
from tests.support.observations import numbers
from tests.support.waiting import GENEROUS

ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
MESSAGE = {"type": "response.create", "event_id": "evt_1", "context": {"items": [ITEM]}}
ANSWER = "You said: Hello"


@pytest.fixture
def session(kit: Kit) -> Iterator[Bench]:
    """The realtime function; a message with context goes by WebSocket."""
    with realtime_bench_of("realtime_response_create", kit) as bench:
        yield bench


def deliver(bench: Bench, seconds: float = 60, **fault: Any) -> Delivered:
    bench.studio.fault(**fault)
    return bench.deliver(bench.message(MESSAGE), seconds=seconds)


@pytest.mark.row(15)
def test_a_post_that_finds_the_conversation_busy_is_asked_again_later_and_once(session: Bench) -> None:
    error = {"type": "invalid_request_error", "code": "conversation_already_has_active_response", "message": "busy"}
    session.studio.fault(match={"method": "POST"}, status=200, body={"error": error}, effect="none")

    delivered = session.deliver(session.message({"type": "response.create", "event_id": "evt_1"}))

    assert delivered.ends == [("deferred", "unavailable")]
    assert [numbers(retry) for retry in session.retry_messages()] == [(0, 1, 0)]
    assert session.deliver(*session.take_retry_messages()).ends == [("done", "done")]
    assert session.billed() == 1


def test_the_settled_line_of_a_session_has_its_model(session: Bench) -> None:
    (line,) = [line for line in session.deliver(session.message(MESSAGE)).lines if "end" in line]

    assert (line["model"], line["response_status"]) == (session.studio.realtime_model_uri, "completed")


@pytest.mark.parametrize("code", [1006, 1011])
@pytest.mark.parametrize("at", ["connect", "session.update", "conversation.item.create"])
@pytest.mark.row(31)
def test_a_close_before_the_frame_is_deferred(session: Bench, at: str, code: int) -> None:
    delivered = deliver(session, realtime="close_before", at=at, close_code=code)

    assert delivered.ends == [("deferred", "unavailable")]
    assert (session.billed(), session.record("evt_1").state) == (0, "open")


@pytest.mark.parametrize("silence", ["no_session_created", "session_updated_missing"])
@pytest.mark.row(31)
def test_a_session_that_never_begins_is_deferred(session: Bench, silence: str) -> None:
    assert deliver(session, seconds=GENEROUS, realtime=silence).ends == [("deferred", "unavailable")]
    assert session.billed() == 0


@pytest.mark.parametrize("code", [1006, 1011])
@pytest.mark.parametrize("after_events", [0, 1, 5])
@pytest.mark.row(31)
def test_a_close_after_the_frame_is_unknown_and_never_asked_again(session: Bench, after_events: int, code: int) -> None:
    delivered = deliver(session, realtime="close_after", after_events=after_events, close_code=code)

    assert delivered.ends == [("dead_lettered", "outcome_unknown")]
    assert (session.billed(), session.retry_messages()) == (1, [])


@pytest.mark.parametrize(
    ("kind", "code", "end"),
    [
        ("rate_limit_error", "rate_limit_exceeded", ("deferred", "throttled")),
        ("authentication_error", "invalid_api_key", ("deferred", "unauthorized")),
        ("permission_error", None, ("deferred", "forbidden")),
        ("invalid_request_error", None, ("dead_lettered", "rejected")),
        ("server_error", None, ("dead_lettered", "outcome_unknown")),
        ("invalid_request_error", "session_expired", ("dead_lettered", "outcome_unknown")),
        ("something_new", None, ("dead_lettered", "outcome_unknown")),
    ],
)
@pytest.mark.row(31)
def test_an_error_event_is_classed_by_its_type(
    session: Bench, kind: str, code: str | None, end: tuple[str, str]
) -> None:
    assert deliver(session, realtime="error_event", error_type=kind, error_code=code).ends == [end]


@pytest.mark.parametrize("status", ["failed", "cancelled", "incomplete"])
@pytest.mark.row(31)
def test_a_response_of_any_status_is_a_result(session: Bench, status: str) -> None:
    delivered = deliver(session, realtime="done_status", done_status=status)

    assert delivered.ends == [("done", "done")]
    (result,) = session.results()
    assert result["data"]["status"] == status


@pytest.mark.parametrize(("status", "level"), [("failed", "WARN"), ("cancelled", "WARN"), ("incomplete", "WARN")])
def test_a_response_that_was_not_completed_is_a_warning_that_names_its_status(
    session: Bench, status: str, level: str
) -> None:
    (line,) = deliver(session, realtime="done_status", done_status=status).lines

    assert (line["end"], line["response_status"], line["level"]) == ("done", status, level)


@pytest.mark.parametrize("what", ["foreign_done", "two_dones", "unknown_events"])
@pytest.mark.row(31)
def test_only_our_own_response_counts_and_once(session: Bench, what: str) -> None:
    assert deliver(session, realtime=what).ends == [("done", "done")]
    assert [result["data"]["text"] for result in session.results()] == [ANSWER]
    assert session.billed() == 1
