import json
from typing import Any

import httpx
import pytest

from infra.local.studio.process import StudioHandle
from infra.local.studio.settings import PostMode

PATH = "realtime/client-events/response.create"
EVENT = {"type": "response.create", "event_id": "event-1", "response": {"instructions": "Say it"}}


@pytest.mark.parametrize(("mode", "status"), [("404", 404), ("405", 405), ("501", 501)])
def test_a_service_without_the_path_bills_nothing(
    studio: StudioHandle, http: httpx.Client, mode: PostMode, status: int
) -> None:
    studio.realtime_post(mode)

    assert http.post(PATH, json=EVENT).status_code == status

    assert len(studio.requests("event-1")) == 1
    assert studio.billed("event-1") == 0


def test_the_path_is_not_there_unless_told_otherwise(http: httpx.Client) -> None:
    assert http.post(PATH, json=EVENT).status_code == 404


def test_an_empty_200_is_billed(studio: StudioHandle, http: httpx.Client) -> None:
    studio.realtime_post("empty")

    answer = http.post(PATH, json=EVENT)

    assert (answer.status_code, answer.content) == (200, b"")
    assert studio.billed("event-1") == 1


def test_a_json_answer_is_the_response_object(studio: StudioHandle, http: httpx.Client) -> None:
    studio.realtime_post("json")

    answer = http.post(PATH, json=EVENT).json()

    assert (answer["object"], answer["status"]) == ("realtime.response", "completed")
    assert answer["id"].startswith("resp_")
    assert answer["output"][0]["content"] == [{"type": "output_text", "text": "You said: Say it"}]
    assert answer["usage"] == {"input_tokens": 2, "output_tokens": 4, "total_tokens": 6}


def test_a_stream_is_server_events_up_to_response_done(studio: StudioHandle, http: httpx.Client) -> None:
    studio.realtime_post("sse")

    answer = http.post(PATH, json=EVENT)
    blocks = [block.split("\n") for block in answer.text.rstrip("\n").split("\n\n")]
    events = [json.loads(data.removeprefix("data: ")) for _, data in blocks]

    assert answer.headers["content-type"] == "text/event-stream"
    assert [name.removeprefix("event: ") for name, _ in blocks] == [event["type"] for event in events]
    assert (events[0]["type"], events[-1]["type"]) == ("response.created", "response.done")
    assert len({event["event_id"] for event in events}) == len(events)
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == "You said: Say it"


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {"type": "response.cancel"},
        {"type": "response.create", "context": {}},
        {"type": "response.create", "event_id": 7},
        {"type": "response.create", "response": "text"},
        {"type": "response.create", "response": {"output_modalities": ["smell"]}},
    ],
)
def test_what_is_no_response_create_is_a_bad_request(studio: StudioHandle, http: httpx.Client, event: Any) -> None:
    studio.realtime_post("json")

    answer = http.post(PATH, json=event)

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "param", "type"}
    assert not any(call["billed"] for call in studio.requests())


@pytest.mark.parametrize(
    ("fault", "billed"), [({"status": 503}, 0), ({"status": 503, "effect": "before"}, 1), ({"drop": "after"}, 1)]
)
def test_an_answer_that_failed_may_have_been_billed(
    studio: StudioHandle, http: httpx.Client, fault: dict[str, Any], billed: int
) -> None:
    studio.realtime_post("json")
    studio.fault(match={"id": "event-1"}, **fault)

    if "drop" in fault:
        with pytest.raises(httpx.RemoteProtocolError):
            http.post(PATH, json=EVENT)
    else:
        assert http.post(PATH, json=EVENT).status_code == 503

    assert studio.billed("event-1") == billed


def test_the_mode_is_one_of_those_known(studio: StudioHandle) -> None:
    with pytest.raises(ValueError, match="one of 404, 405, 501, empty, json, sse"):
        studio.realtime_post("teapot")  # type: ignore[arg-type]  # wrong on purpose


def test_one_event_can_have_a_mode_of_its_own_until_the_reset(studio: StudioHandle, http: httpx.Client) -> None:
    studio.realtime_post("json")
    studio.realtime_post("empty", "event-1")

    assert [http.post(PATH, json={**EVENT, "event_id": each}).content == b"" for each in ("event-1", "event-2")] == [
        True,
        False,
    ]
    studio.reset()
    assert http.post(PATH, json=EVENT).status_code == 404
