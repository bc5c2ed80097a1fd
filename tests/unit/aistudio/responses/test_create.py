"""What the answers to a create mean, whole or broken, plain or as a stream of events."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from aistudio import APIError, Forbidden, OutcomeUnknown, Rejected, Response, Throttled, Unavailable
from aistudio.answers import Answer, Failure
from aistudio.exceptions import Trace
from aistudio.responses.create import Told, created, with_clues
from tests.unit.aistudio.test_answers import ERRORS_IN_A_2XX, STATUSES

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Hello"}, {"type": "output_text", "text": " there"}],
}
WHOLE: dict[str, Any] = {
    "id": "r1",
    "object": "response",
    "status": "completed",
    "model": "gpt://folder/model",
    "output": [MESSAGE],
    "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
}
BEGUN = {**WHOLE, "status": "in_progress", "output": [], "usage": None}
ITEM_DONE = {"type": "response.output_item.done", "output_index": 0, "item": MESSAGE}
EVENTS: list[dict[str, Any]] = [
    {"type": "response.created", "response": BEGUN},
    {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "Hello"},
    ITEM_DONE,
    {"type": "response.completed", "response": WHOLE},
]


def wire(events: Iterable[object]) -> bytes:
    return "".join(f"event: x\ndata: {json.dumps(event)}\n\n" for event in events).encode()


def plain(body: bytes, status: int = 200, cut: str = "", kind: str = "application/json") -> Response | APIError:
    return created(Answer(status, {"content-type": kind}, body, cut), None)


def streamed(body: bytes, cut: str = "", size: int = 10**6, kind: str = "text/event-stream") -> Response | APIError:
    told = Told()
    for at in range(0, len(body), size):
        if told.feed(body[at : at + size]):
            break
    return created(Answer(200, {"content-type": kind}, body, cut), told)


def the_error(found: Response | APIError) -> APIError:
    assert isinstance(found, APIError)
    return found


def test_the_response_is_the_same_plainly_and_as_a_stream_however_it_is_cut() -> None:
    answers = [plain(json.dumps(WHOLE).encode()), *(streamed(wire(EVENTS), size=size) for size in (1, 7, 4096))]

    for found in answers:
        assert isinstance(found, Response)
        assert found.body == WHOLE
        assert (found.id, found.status, found.over) == ("r1", "completed", True)
        assert (found.text, found.model, found.usage) == ("Hello there", "gpt://folder/model", WHOLE["usage"])


@pytest.mark.parametrize("status", ["completed", "failed", "incomplete"])
def test_each_end_of_a_stream_is_the_response(status: str) -> None:
    ended = {**WHOLE, "status": status, "error": {"code": "server_error", "message": "m"}}
    found = streamed(wire([*EVENTS[:-1], {"type": f"response.{status}", "response": ended}]))
    assert isinstance(found, Response)
    assert (found.status, found.body) == (status, ended)


def test_a_stream_may_be_answered_plainly_and_a_plain_create_by_a_stream() -> None:
    for found in (
        streamed(json.dumps(WHOLE).encode(), kind="application/json"),
        streamed(json.dumps(WHOLE, indent=1).encode(), kind=""),
        streamed(wire(EVENTS), kind=""),
        plain(wire(EVENTS), kind="text/event-stream; charset=utf-8"),
    ):
        assert isinstance(found, Response)
        assert found.body == WHOLE


def test_what_an_end_leaves_out_is_taken_from_the_events_before_it() -> None:
    told: list[dict[str, Any] | None] = [
        {},
        None,
        {"output": []},
        {"id": "r1", "output": None, "status": "in_progress"},
    ]
    for response in told:
        found = streamed(wire([*EVENTS[:-1], {"type": "response.completed", "response": response}]))
        assert isinstance(found, Response)
        assert (found.id, found.status, found.text) == ("r1", "completed", "Hello there")


@pytest.mark.parametrize("cut", ["", "broken off", "not there in time"])
@pytest.mark.parametrize("events", range(1, 4))
def test_a_stream_that_ends_after_the_id_came_is_unknown_and_names_the_response(events: int, cut: str) -> None:
    error = the_error(streamed(wire(EVENTS[:events]), cut))
    assert type(error) is OutcomeUnknown
    assert error.response_id == "r1"
    assert "r1" not in str(error)


@pytest.mark.parametrize("body", [b"", b": hello\n\n", b"data: [DONE]\n\n", wire([{"type": "ping"}])])
def test_a_stream_that_ends_before_is_unknown_and_names_none(body: bytes) -> None:
    error = the_error(streamed(body, "broken off"))
    assert type(error) is OutcomeUnknown
    assert error.response_id is None


def test_the_last_event_may_lack_its_empty_line() -> None:
    found = streamed(wire(EVENTS).removesuffix(b"\n\n"))
    assert isinstance(found, Response)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("rate_limit_exceeded", Throttled), ("invalid_argument", Rejected), ("permission_denied", Forbidden)],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_an_error_event_is_that_error_before_anything_began_and_unknown_after(
    code: str, kind: type[APIError], wrapped: bool
) -> None:
    error = {"code": code, "message": "secret", "param": None}
    event = {"type": "error", "error": error} if wrapped else {"type": "error", **error}
    before, after = the_error(streamed(wire([event]))), the_error(streamed(wire([*EVENTS[:2], event])))
    assert type(before) is kind
    assert (type(after), after.response_id) == (OutcomeUnknown, "r1")
    assert "secret" not in f"{before}{after}"


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":"r1","object":"response","status":"compl',
        b'{"object":"response","id":"r1","output":[{"type":"mess',
        b'{"output":[{"id":"msg_1"}],"id":"r1","status":',
    ],
)
def test_a_plain_answer_that_breaks_after_the_id_came_names_the_response(body: bytes) -> None:
    for found in (plain(body, cut="broken off"), plain(body), streamed(body, "broken off", kind="application/json")):
        error = the_error(found)
        assert type(error) is OutcomeUnknown
        assert error.response_id == "r1"


def test_a_plain_answer_that_breaks_before_names_none() -> None:
    for body in (b"", b'{"object":"response","id":"r', b'{"output":[{"id":"msg_1"}', b'{"id":"a b"', b'{"id":7'):
        assert the_error(plain(body, cut="broken off")).response_id is None


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_response_that_is_not_over_is_known_by_its_id(status: str) -> None:
    found = plain(json.dumps({**BEGUN, "status": status}).encode(), 202)
    assert isinstance(found, Response)
    assert (found.id, found.status, found.over) == ("r1", status, False)
    nameless = {name: value for name, value in BEGUN.items() if name != "id"}
    assert type(plain(json.dumps(nameless).encode())) is OutcomeUnknown


def test_an_answer_without_an_id_is_an_answer_where_it_is_over() -> None:
    found = plain(b'{"object":"response","status":"completed","output":[]}')
    assert isinstance(found, Response)
    assert found.id is None


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"[]", b'{"hello":1}', b'{"id":"r1"}', b'"r1"'])
def test_a_2xx_that_is_no_response_is_unknown(body: bytes) -> None:
    assert type(plain(body)) is OutcomeUnknown
    assert type(streamed(body)) is OutcomeUnknown


@pytest.mark.parametrize(("body", "kind", "_"), ERRORS_IN_A_2XX.values(), ids=ERRORS_IN_A_2XX)
def test_a_2xx_that_carries_an_error_is_that_error(body: object, kind: type[APIError], _: object) -> None:
    # Throttled, as 503 is for calls that may be repeated, stays unknown for one that must not.
    expected = {kind} | ({OutcomeUnknown} if kind is Throttled else set())
    assert type(plain(json.dumps(body).encode())) in expected
    assert type(streamed(json.dumps(body).encode(), kind="application/json")) in expected


@pytest.mark.parametrize("status", STATUSES, ids=lambda status: f"HTTP {status}")
def test_other_statuses_mean_what_they_mean_for_any_call_that_must_not_repeat(status: int) -> None:
    assert type(plain(b"", status)) is STATUSES[status][1]
    assert type(created(Answer(status, {"content-type": "text/event-stream"}, wire(EVENTS)), Told())) in (
        STATUSES[status][1],
    )


def test_no_answer_says_whether_anything_was_sent() -> None:
    assert type(created(Failure(sent=True, what="ReadTimeout"), Told())) is OutcomeUnknown
    assert type(created(Failure(sent=False, what="ConnectError"), None)) is Unavailable


def test_what_a_lost_response_is_found_by_is_told_however_long_the_services_own_words_are() -> None:
    error = json.dumps({"error": {"code": "c" * 64, "type": "t" * 64, "status": "s" * 64, "message": "m"}}).encode()
    lost = created(Answer(500, {}, error, trace=Trace("client", "server", status=500)), None)
    assert isinstance(lost, OutcomeUnknown)
    told = with_clues(lost, called_at=0).detail
    assert told.startswith("HTTP 500 code=c")
    assert told.endswith("called 1970-01-01T00:00:00.000Z, x-client-request-id client, x-request-id server")
