import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from infra.local.studio.process import StudioHandle
from tests.support.waiting import eventually

Body = dict[str, Any]


@pytest.fixture
def make(studio: StudioHandle, http: httpx.Client) -> Callable[..., httpx.Response]:
    def create(text: str = "hello", **fields: Any) -> httpx.Response:
        return http.post("responses", json={"model": f"gpt://{studio.folder_id}/m", "input": text, **fields})

    return create


Make = Callable[..., httpx.Response]


def events_of(answer: httpx.Response) -> list[Body]:
    blocks = answer.text.removesuffix("\n\n").split("\n\n")
    return [json.loads(block.partition("data: ")[2]) for block in blocks]


@pytest.mark.parametrize(
    ("fault", "error", "details"),
    [
        ({"error_code": "rate_limit_exceeded"}, "rate_limit_exceeded", None),
        ({"status": "failed"}, "server_error", None),
        ({"status": "incomplete"}, None, "max_output_tokens"),
        ({"status": "incomplete", "reason": "content_filter"}, None, "content_filter"),
        ({"status": "cancelled"}, None, None),
    ],
)
@pytest.mark.parametrize("background", [False, True])
def test_a_response_ends_as_it_was_told_to(
    studio: StudioHandle, http: httpx.Client, make: Make, fault: Body, error: Any, details: Any, background: bool
) -> None:
    studio.fault(response="ends", **fault)

    made = make(background=background).json()
    found = [http.get(f"responses/{made['id']}").json() for _ in range(2)][-1]

    assert found["status"] == fault.get("status", "failed")
    assert (found["error"] or {}).get("code") == error
    assert (found["incomplete_details"] or {}).get("reason") == details
    assert made["status"] == ("queued" if background else found["status"])


def test_only_the_input_that_matches_is_struck_and_what_follows_of_it(
    studio: StudioHandle, http: httpx.Client, make: Make
) -> None:
    studio.faults(
        [
            {"response": "ends", "match": {"text": "^unlucky$"}, "times": None},
            {"status": 429, "match": {"text": "^unlucky$", "path": "/cancel$"}},
        ]
    )
    lucky, unlucky = (make(text, background=True).json()["id"] for text in ("lucky", "unlucky"))

    cancelled = [http.post(f"responses/{one}/cancel").status_code for one in (lucky, unlucky, unlucky)]

    assert cancelled == [200, 429, 200]
    assert make("lucky").json()["status"] == "completed"
    assert make("unlucky").json()["status"] == "failed"


def test_a_background_response_may_run_for_so_many_polls(studio: StudioHandle, http: httpx.Client, make: Make) -> None:
    studio.faults([{"response": "pace", "polls": polls} for polls in (0, 5)])

    at_once, polled = (make(background=True).json() for _ in range(2))

    assert (at_once["status"], polled["status"]) == ("completed", "queued")
    seen = [http.get(f"responses/{polled['id']}").json()["status"] for _ in range(5)]
    assert seen == ["in_progress"] * 4 + ["completed"]


def test_a_background_response_may_run_for_so_long(studio: StudioHandle, http: httpx.Client, make: Make) -> None:
    studio.faults([{"response": "pace", "seconds": seconds} for seconds in (3600, 0.05)])

    long, short = (make(background=True).json()["id"] for _ in range(2))

    eventually(lambda: http.get(f"responses/{short}").json()["status"] == "completed", "its time is over")
    assert http.get(f"responses/{long}").json()["status"] == "in_progress"


def test_a_plain_response_may_be_answered_while_it_runs(studio: StudioHandle, http: httpx.Client, make: Make) -> None:
    studio.fault(response="pace", polls=1)

    made = make().json()

    assert (made["status"], made["output"], made["usage"]) == ("in_progress", [], None)
    assert http.get(f"responses/{made['id']}").json()["status"] == "completed"


def test_a_background_response_that_is_not_stored_can_never_be_polled(http: httpx.Client, make: Make) -> None:
    made = make(background=True, store=False).json()

    assert made["status"] == "queued"
    assert http.get(f"responses/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        ({"response": "long_text", "size": 1003}, lambda made: len(made["output_text"]) == 1003),
        ({"response": "empty_output_text"}, lambda made: made["output_text"] == "" and made["output"][0]["content"]),
        ({"response": "text_in_summary"}, lambda made: made["output"][0]["summary"][0]["text"] == "You said: hello"),
        ({"response": "unknown_items"}, lambda made: made["output"][0]["type"] == "crystal_ball_call"),
        ({"response": "refusal"}, lambda made: made["output"][0]["content"][0]["type"] == "refusal"),
        ({"response": "no_usage"}, lambda made: made["usage"] is None),
    ],
)
def test_a_response_may_look_odd(
    studio: StudioHandle, http: httpx.Client, make: Make, fault: Body, shown: Callable[[Body], object]
) -> None:
    studio.fault(**fault, times=2)

    assert shown(make().json())
    streamed = events_of(make(stream=True))[-1]
    assert streamed["type"] == "response.completed"
    assert shown(streamed["response"])
    assert shown(http.get(f"responses/{streamed['response']['id']}").json())


def test_an_answer_may_name_an_id_that_is_not_stored(studio: StudioHandle, make: Make) -> None:
    studio.fault(response="other_id")

    assert make().json()["id"] not in studio.stored()


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_stream_that_breaks_leaves_a_response_that_goes_on(
    studio: StudioHandle, http: httpx.Client, make: Make, after: int, reset: bool
) -> None:
    studio.fault(response="stream_breaks", after_events=after, reset=reset)
    received: list[bytes] = []
    body = {"model": f"gpt://{studio.folder_id}/m", "input": "broken", "stream": True}

    with (
        http.stream("POST", "responses", json=body) as answer,
        pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)),
    ):
        received.extend(answer.iter_raw())

    assert b"".join(received).count(b"\n\n") == after
    (response_id,) = studio.stored()
    assert [call["billed"] for call in studio.creates("broken")] == [True]
    assert http.get(f"responses/{response_id}").json()["status"] == "completed"


def test_what_was_written_before_a_stream_breaks_arrives_whole(studio: StudioHandle, http: httpx.Client) -> None:
    studio.faults([{"response": "long_text", "size": 2_000_000}, {"response": "stream_breaks", "after_events": 105}])
    received: list[bytes] = []
    body = {"model": f"gpt://{studio.folder_id}/m", "input": "x", "stream": True}

    with http.stream("POST", "responses", json=body) as answer, pytest.raises(httpx.RemoteProtocolError):
        received.extend(answer.iter_raw())

    assert b"".join(received).count(b"event: ") == 105


def test_a_stream_may_stop_as_if_it_were_whole(studio: StudioHandle, make: Make) -> None:
    studio.fault(response="stream_stops", after_events=2)

    assert [event["type"] for event in events_of(make(stream=True))] == ["response.created", "response.in_progress"]


def test_a_stream_may_end_in_an_error_event(studio: StudioHandle, http: httpx.Client, make: Make) -> None:
    studio.fault(response="stream_error", after_events=3, error_code="server_error")

    events = events_of(make(stream=True))

    assert [event["sequence_number"] for event in events] == [0, 1, 2, 3]
    assert (events[-1]["type"], events[-1]["code"]) == ("error", "server_error")
    assert http.get(f"responses/{events[0]['response']['id']}").json()["status"] == "completed"


@pytest.mark.parametrize("status", ["failed", "incomplete", "cancelled"])
def test_a_stream_tells_how_the_response_ended(studio: StudioHandle, make: Make, status: str) -> None:
    studio.fault(response="ends", status=status)

    kinds = [event["type"] for event in events_of(make(stream=True))]

    assert kinds[0] == "response.created"
    assert "response.completed" not in kinds
    if status == "cancelled":  # the reference has no event for it
        assert "response.cancelled" not in kinds
    else:
        assert kinds[-1] == f"response.{status}"


def test_a_stream_may_hold_what_nobody_knows_and_come_in_any_pieces(studio: StudioHandle, make: Make) -> None:
    studio.faults(
        [
            {"response": "stream_unknown_events"},
            {"response": "stream_pieces", "size": 1},
            {"response": "stream_sentinel"},
        ]
    )

    text = make("ж", stream=True).text

    assert text.endswith("data: [DONE]\n\n")
    assert "response.thinking_aloud.delta" in text
    assert "You said: ж" in text


def test_a_slow_stream_is_a_running_response_for_all_others(studio: StudioHandle, http: httpx.Client) -> None:
    studio.fault(response="stream_slow", delay=0.05)
    body = {"model": f"gpt://{studio.folder_id}/m", "input": "x", "stream": True}

    with http.stream("POST", "responses", json=body) as answer:
        pieces = answer.iter_lines()
        assert next(pieces) == "event: response.created"
        (response_id,) = studio.stored()
        status = httpx.delete(
            f"{studio.base_url}/responses/{response_id}", headers=studio.headers, trust_env=False
        ).status_code
        rest = list(pieces)

    assert status == 200
    assert rest[-3] == "event: response.completed"
    assert http.get(f"responses/{response_id}").status_code == 404


def test_a_cancel_may_lose_against_the_end_of_the_response(
    studio: StudioHandle, http: httpx.Client, make: Make
) -> None:
    studio.fault(response="cancel_loses")
    made = make(background=True).json()

    assert http.post(f"responses/{made['id']}/cancel").json()["status"] == "completed"


def test_a_cancel_may_take_its_time(studio: StudioHandle, http: httpx.Client, make: Make) -> None:
    studio.fault(response="cancel_slow", polls=2)
    made = make(background=True).json()

    seen = [http.post(f"responses/{made['id']}/cancel").json()["status"]]
    seen += [http.get(f"responses/{made['id']}").json()["status"] for _ in range(2)]

    assert seen == ["queued", "in_progress", "cancelled"]


def test_a_cancel_of_what_is_over_may_be_refused(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a", background=True)
    studio.fault(response="cancel_refused")

    assert [http.post("responses/a/cancel").status_code for _ in range(2)] == [400, 200]


def test_a_seeded_response_runs_until_it_is_cancelled(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a", status="in_progress", background=True)

    seen = [http.get("responses/a").json()["status"] for _ in range(3)]

    assert seen == ["in_progress"] * 3
    assert http.post("responses/a/cancel").json()["status"] == "cancelled"


def test_a_deletion_may_conflict_while_the_response_runs(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a", status="in_progress", background=True)
    studio.fault(response="delete_conflict", match={"id": "a"}, times=None)

    first = http.delete("responses/a")
    http.post("responses/a/cancel")
    second = http.delete("responses/a")

    assert (first.status_code, first.json()["type"], second.status_code) == (409, "conflict_error", 200)
    assert studio.stored() == []


def test_a_deleted_response_may_come_back_when_its_run_ends(
    studio: StudioHandle, http: httpx.Client, make: Make
) -> None:
    studio.fault(response="delete_comes_back", polls=2)
    made = make(background=True).json()["id"]

    assert http.delete(f"responses/{made}").status_code == 200
    assert studio.stored() == []
    assert [http.get(f"responses/{made}").status_code for _ in range(3)] == [404, 404, 200]
    assert http.delete(f"responses/{made}").status_code == 200
    assert http.get(f"responses/{made}").status_code == 404


def test_pages_may_repeat_or_be_empty_for_ever(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a", input=[{"role": "user", "content": str(number)} for number in range(4)])

    def page(after: str = "") -> Body:
        found: Body = http.get(
            "responses/a/input_items", params={"limit": 2, **({"after": after} if after else {})}
        ).json()
        return found

    whole = page()
    studio.fault(response="pages_repeat")
    repeated = page(whole["last_id"])
    studio.fault(response="page_empty")
    empty = page(whole["last_id"])

    assert (repeated["last_id"], repeated["has_more"]) == (whole["last_id"], True)
    assert (empty["data"], empty["has_more"]) == ([], True)
    assert [len(page(whole["last_id"])["data"]), page(whole["last_id"])["has_more"]] == [2, False]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 501, 503, 504])
@pytest.mark.parametrize(
    ("shape", "keys"),
    [
        ("flat", {"code", "message", "param", "type"}),
        ("wrapped", {"error"}),
        ("problem", {"type", "title", "status", "detail"}),
        ("grpc", {"code", "message", "details"}),
        ("grpc_wrapped", {"error"}),
    ],
)
def test_every_documented_error_comes_in_every_known_shape(
    studio: StudioHandle, make: Make, status: int, shape: str, keys: set[str]
) -> None:
    studio.fault(status=status, shape=shape)

    answer = make()

    assert (answer.status_code, set(answer.json())) == (status, keys)
    assert studio.stored() == []
    assert not studio.creates("hello")[0]["billed"]


def test_a_natural_error_and_a_success_with_an_error_in_it_have_shapes_too(
    studio: StudioHandle, http: httpx.Client, make: Make
) -> None:
    studio.seed("a")
    studio.faults([{"shape": "problem", "times": 2}, {"status": 200, "shape": "wrapped", "effect": "none"}])

    gone, there, lie = http.get("responses/b"), http.get("responses/a"), make()

    assert (gone.status_code, gone.json()["title"]) == (404, "Not Found")
    assert gone.headers["content-type"] == "application/problem+json"
    assert "'b' not found" in gone.json()["detail"]
    assert (there.status_code, there.json()["id"]) == (200, "a")
    assert (lie.status_code, set(lie.json()["error"])) == (200, {"code", "message", "param", "type"})
    assert studio.stored() == ["a"]


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"response": "pace"}, "either polls or seconds"),
        ({"response": "pace", "polls": 1, "seconds": 1}, "either polls or seconds"),
        ({"response": "refusal", "polls": 1}, "refusal has no polls"),
        ({"response": "no_such_fault"}, "response: "),
        ({"shape": "oval", "status": 400}, "shape: "),
        ({"shape": "flat", "status": 400, "html": True}, "shape makes the body"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(studio: StudioHandle, fault: Body, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        studio.fault(**fault)


def test_the_log_finds_a_create_by_its_input_without_showing_it(studio: StudioHandle, make: Make) -> None:
    studio.fault(drop="before")
    with pytest.raises(httpx.RemoteProtocolError):
        make("a secret question")
    make("a secret question")
    make("another")

    assert [call["billed"] for call in studio.creates("a secret question")] == [False, True]
    assert "secret" not in json.dumps(studio.requests())
