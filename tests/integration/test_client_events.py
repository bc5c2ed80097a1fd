"""The function that sends client events: what it repeats and what never, and what its results say."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from aistudio.realtime.client_events import KINDS
from tests.integration.steps import LEASE
from tests.support.bench import Bench
from tests.support.functions import realtime_bench_of
from tests.support.kit import Kit
from tests.support.messages import again
from tests.support.observations import reasons
from tests.support.seam import killed_after, killed_before

Event = dict[str, Any]
ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
SOUND = {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(4800)).decode()}
COMMIT = {"type": "input_audio_buffer.commit"}
CREATE = {"type": "response.create", "event_id": "create", "response": {"output_modalities": ["text"]}}
RETRIEVE = {"type": "conversation.item.retrieve", "item_id": "item_1"}
PUT = {"type": "conversation.item.create", "item": {**ITEM, "id": "item_1"}}
LONE: dict[str, Event] = {
    "session.update": {"session": {"instructions": "Be brief."}},
    "input_audio_buffer.append": {"audio": SOUND["audio"]},
    "input_audio_buffer.commit": {},
    "conversation.item.create": {"item": ITEM},
    "conversation.item.retrieve": {"item_id": "item_1"},
    "conversation.item.truncate": {"item_id": "item_1", "content_index": 0, "audio_end_ms": 10},
    "conversation.item.delete": {"item_id": "item_1"},
    "response.cancel": {"response_id": "resp_1"},
}
"""The fields of each client event that is sent alone."""


@pytest.fixture
def bench(kit: Kit) -> Iterator[Bench]:
    with realtime_bench_of("realtime_client_event", kit) as bench:
        yield bench


def script(*events: Event, event_id: str = "evt_1", **beside: Any) -> Event:
    return {"event_id": event_id, "script": events, **beside}


def lone(kind: str, event_id: str = "evt_1") -> Event:
    return {"type": kind, "event_id": event_id, **LONE[kind]}


def effects(bench: Bench) -> list[str]:
    """The client events that took effect, in order."""
    return [frame["type"] for frame in bench.studio.frames() if frame["effect"]]


@pytest.mark.parametrize("lost", ["answer", "process"])
@pytest.mark.parametrize("kind", LONE)
def test_of_what_may_have_happened_only_that_is_sent_again_which_leaves_nothing_behind(
    bench: Bench, kind: str, lost: str
) -> None:
    message = bench.message(lone(kind))
    if lost == "answer":
        bench.studio.fault(status=500)  # it says nothing of whether it happened
        first = bench.deliver(message)
    else:
        bench.ledger.arm("UpdateItem", killed_after)  # the claim is there, and then the end
        bench.deliver(message)
        bench.clock.advance(LEASE + 1)
        first = bench.deliver(again(message))
    again_allowed = KINDS[kind].effect == "none"

    assert first.ends == [("retry" if again_allowed else "dead_lettered", "outcome_unknown")]
    assert (len(bench.retry_messages()), reasons(bench.dead_letters())) == (
        (1, []) if again_allowed else (0, ["outcome_unknown"])
    )


@pytest.mark.parametrize(
    ("events", "end"), [((PUT, RETRIEVE), "retry"), ((PUT, RETRIEVE, SOUND), "dead_lettered")], ids=["kept", "billed"]
)
def test_a_script_whose_process_ends_is_run_again_if_nothing_of_it_is_billed(
    bench: Bench, events: tuple[Event, ...], end: str
) -> None:
    message = bench.message(script(*events))
    bench.queues.arm("SendMessageBatch", killed_before)
    bench.deliver(message)
    bench.clock.advance(LEASE + 1)

    assert bench.deliver(again(message)).ends == [(end, "outcome_unknown")]
    bench.clock.advance(900)
    later = [ended for copy in bench.take_retry_messages() for ended in bench.deliver(copy).ends]
    assert later == ([("done", "done")] if end == "retry" else [])
    assert effects(bench).count("input_audio_buffer.append") == events.count(SOUND)


def test_a_message_that_comes_twice_is_sent_once(bench: Bench) -> None:
    message = bench.message(script(SOUND, COMMIT, CREATE))

    assert [bench.deliver(message).ends, bench.deliver(again(message)).ends] == [[("done", "done")]] * 2
    assert effects(bench).count("response.create") == 1
    assert len(bench.results()) == 1


def test_a_result_has_each_response_and_beside_them_text_usage_and_status(bench: Bench) -> None:
    asked = {"type": "session.update", "session": {"input_audio_transcription": {"model": "general"}}}
    (line,) = bench.deliver(bench.message(script(asked, PUT, SOUND, COMMIT, CREATE, RETRIEVE))).lines

    (result,) = bench.results()
    data, response = result["data"], result["data"]["responses"][0]
    assert result["type"] == "yandex.aistudio.realtime.client_event.done"
    assert (data["status"], data["text"]) == ("completed", "You said: Hello 100 milliseconds of sound")
    assert (response["object"], response["text"], response["usage"]) == (
        "realtime.response",
        data["text"],
        data["usage"],
    )
    assert [told["transcript"] for told in data["transcriptions"]] == ["100 milliseconds of sound"]
    assert [item["content"] for item in data["items"]] == [ITEM["content"]]
    assert [each["type"] for each in data["events"]] == [
        "session.update",
        "conversation.item.create",
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "response.create",
        "conversation.item.retrieve",
    ]
    assert (line["response_status"], line["usage"]) == ("completed", data["usage"])


def test_a_function_that_a_response_calls_is_in_its_result(bench: Bench) -> None:
    tools = {"type": "session.update", "session": {"tools": [{"type": "function", "name": "weather"}]}}
    ask = {"type": "response.create", "response": {"tool_choice": {"type": "function", "name": "weather"}}}
    bench.deliver(bench.message(script(tools, ask, PUT, CREATE)))

    data = bench.results()[0]["data"]
    (call,), (answer,) = (response["output"] for response in data["responses"])
    assert (call["type"], call["name"], call["arguments"]) == ("function_call", "weather", "{}")
    assert (answer["type"], data["text"]) == ("message", "You said: Hello")


def test_a_lone_event_is_posted_and_its_result_is_what_acknowledged_it(bench: Bench) -> None:
    bench.deliver(bench.message(PUT | {"event_id": "evt_1"}))

    (event,) = bench.results()[0]["data"]["events"]
    assert (event["type"], event["event_id"], event["status"]) == ("conversation.item.create", "evt_1", "acknowledged")
    assert (event["answer"]["type"], event["answer"]["item"]["content"]) == (
        "conversation.item.created",
        ITEM["content"],
    )
    assert [(call["method"], call["path"]) for call in bench.studio.requests()] == [
        ("POST", "/v1/realtime/client-events/conversation.item.create")
    ]


@pytest.mark.parametrize("mode", ["empty", "json", "sse"])
@pytest.mark.parametrize("kind", ["session.update", "input_audio_buffer.append", "conversation.item.create"])
def test_a_post_is_taken_whatever_form_its_answer_has(bench: Bench, kind: str, mode: Any) -> None:
    bench.studio.realtime_post(mode)
    silent = mode == "empty" or kind == "input_audio_buffer.append"

    assert bench.deliver(bench.message(lone(kind))).ends == [("done", "accepted" if silent else "done")]
    assert bench.results()[0]["data"]["status"] == ("accepted" if silent else "completed")


def test_a_post_that_is_not_served_goes_by_websocket(bench: Bench) -> None:
    bench.studio.realtime_post("404")

    ends = [bench.deliver(bench.message(PUT | {"event_id": f"evt_{n}"})).ends for n in range(2)]

    assert ends == [[("done", "done")]] * 2
    assert [call["status"] for call in bench.studio.requests()] == [404, 101, 101]


def test_an_item_that_is_not_there_is_refused_and_the_post_is_taken_for_served(bench: Bench) -> None:
    body = {"code": "item_not_found", "message": "m", "type": "invalid_request_error", "param": "item_id"}
    bench.studio.fault(status=404, body=body)

    assert bench.deliver(bench.message(lone("conversation.item.delete"))).ends == [("dead_lettered", "rejected")]
    assert bench.deliver(bench.message(PUT | {"event_id": "evt_2"})).ends == [("done", "done")]
    assert [call["status"] for call in bench.studio.requests()] == [404, 200]


def test_a_script_that_ended_early_is_a_warning_that_says_why(bench: Bench) -> None:
    bench.studio.fault(realtime="error_event", at="response.create", error_type="rate_limit_error")

    (line,) = bench.deliver(bench.message(script(SOUND, COMMIT, CREATE))).lines

    assert (line["end"], line["response_status"], line["level"]) == ("done", "throttled", "WARN")
    (result,) = bench.results()
    assert [event["status"] for event in result["data"]["events"]] == ["sent", "acknowledged", "refused"]


def test_after_a_script_that_is_throttled_behind_an_answer_its_batch_begins_no_further_one(bench: Bench) -> None:
    bench.studio.fault(realtime="error_event", at="response.create", error_type="rate_limit_error")
    first, second = (bench.message(script(SOUND, COMMIT, CREATE, event_id=f"evt_{n}")) for n in range(2))

    assert sorted(bench.deliver(first, second).ends) == [("deferred", "throttled"), ("done", "done")]
    assert effects(bench).count("input_audio_buffer.append") == 1


@pytest.mark.parametrize("kind", [name for name, row in KINDS.items() if not row.supported])
def test_what_is_marked_as_not_supported_is_refused_by_name(bench: Bench, kind: str) -> None:
    ends = [
        bench.deliver(bench.message(body)).ends
        for body in ({"type": kind, "event_id": "evt_1"}, script(CREATE, {"type": kind}))
    ]

    assert ends == [[("dead_lettered", "invalid_message")]] * 2
    assert all(kind in dead.attributes["detail"] for dead in bench.dead_letters())
    assert bench.studio.frames() == []


def test_a_type_that_is_not_known_is_refused_without_being_quoted(bench: Bench) -> None:
    bench.deliver(bench.message({"type": "planted.words"}))

    (dead,) = bench.dead_letters()
    assert dead.attributes["reason"] == "invalid_message"
    assert "planted" not in dead.attributes["detail"]
