"""What is told of an answer, to who waits for it, in the ledger and the log; and how a missing POST is found out."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.studio.settings import PostMode
from tests.e2e.scene import REALTIME, Scene, Transport, function, running_scene
from tests.support.messages import entry
from tests.support.planted import EVENT_ID, PROMPT
from tests.support.waiting import eventually

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
FORMS: list[tuple[Transport, PostMode]] = [("http", "json"), ("http", "sse"), ("websocket", "404")]


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with running_scene(function()) as running:
        yield running


def lines_of(scene: Scene, text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in scene.lines if text in line and line.startswith("{")]


def enveloped(scene: Scene, event_id: str) -> dict[str, Any]:
    envelope = {
        "specversion": "1.0",
        "id": f"cause of {event_id}",
        "source": "/shop",
        "type": "example.asked",
        "traceparent": TRACE,
        "data": json.loads(scene.message(event_id)),
    }
    return {"messages": [entry(envelope, sent_at=time.time())]}


@pytest.mark.parametrize(("transport", "mode"), FORMS)
def test_an_answer_is_told_as_an_event_and_its_tokens_in_record_and_log_line(
    scene: Scene, transport: Transport, mode: PostMode
) -> None:
    event_id = f"{EVENT_ID}{transport}-{mode}"
    scene.environment.studio.realtime_post(mode, event_id)
    with scene.instance(REALTIME_TRANSPORT=transport) as instance:
        assert instance.invoke(enveloped(scene, event_id)).ok

    (event,) = scene.results(event_id)
    assert event["specversion"] == "1.0"
    assert event["type"] == "yandex.aistudio.realtime.response.done"
    assert (event["subject"], event["id"]) == (scene.record_key(event_id), f"{scene.record_key(event_id)}#0")
    assert (json.loads(event["causationid"]), event["traceparent"]) == (["/shop", f"cause of {event_id}"], TRACE)
    data = event["data"]
    assert (data["object"], data["status"], data["text"]) == ("realtime.response", "completed", f"You said: {PROMPT}")
    usage = {name: data["usage"][name] for name in ("input_tokens", "output_tokens", "total_tokens")}
    assert all(count > 0 for count in usage.values())
    assert scene.record(event_id).rest["usage"] == usage
    (line,) = eventually(lambda: lines_of(scene, scene.record_key(event_id)), "its log line")
    assert (line["end"], line["usage"]) == ("done", usage)


def test_the_event_names_the_key_itself_where_the_setting_says_so(scene: Scene) -> None:
    by_key = f"{EVENT_ID}by-key"
    with scene.instance(RESULTS_SUBJECT="key") as instance:
        assert instance.invoke(scene.delivery(by_key)).ok

    told = [json.loads(each.body) for each in scene.environment.servers.peek(scene.environment.results)]
    assert [each["id"] for each in told if each["subject"] == by_key] == [f"{scene.record_key(by_key)}#0"]


def test_an_instance_finds_out_once_that_there_is_no_post_and_says_so_once(scene: Scene) -> None:
    studio = scene.environment.studio
    learnt = [f"{EVENT_ID}learnt-{number}" for number in range(3)]
    studio.realtime_post("404")
    with scene.instance(REALTIME_TRANSPORT="auto") as instance:
        for event_id in learnt:
            assert instance.invoke(scene.delivery(event_id)).ok
    studio.realtime_post("json")

    posts = [call["id"] for call in studio.requests() if call["method"] == "POST" and call["status"] == 404]
    assert posts.count(learnt[0]) == 1
    assert not set(learnt[1:]) & set(posts)
    assert [scene.billed(event_id) for event_id in learnt] == [1, 1, 1]
    assert len(lines_of(scene, "by WebSocket from now on")) == 1
    assert {line["function"] for line in lines_of(scene, "by WebSocket from now on")} == {REALTIME}
