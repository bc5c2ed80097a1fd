"""Where content goes, and where it does not: large results, and secrets planted in everything the function touches."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from infra.local.settings import RESULTS_BUCKET
from tests.e2e.scene import REALTIME, Scene, function, running_scene
from tests.support.planted import API_KEY, EVENT_ID, PLANTED, PROMPT, leaks_of
from tests.support.waiting import eventually
from worker.send.large_results import LARGEST

WORDS = " ".join([PROMPT, *["word"] * 60])
WRONG_KEY = "planted-wrong-key"
LARGE, LIGHT, REFUSED = f"{EVENT_ID}large", f"{EVENT_ID}light", f"{EVENT_ID}not-stored"
SPOKEN = {
    "session": {"output_modalities": ["audio"], "instructions": PROMPT},
    "items": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": WORDS}]}],
}


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with running_scene(function(), LOG_LEVEL="DEBUG") as running:
        yield running


def the_result(scene: Scene, event_id: str) -> dict[str, Any]:
    (result,) = scene.results(event_id)
    assert scene.record(event_id).state == "done"
    return result


def test_a_large_result_is_in_the_bucket_and_its_message_says_where_how_large_and_its_digest(scene: Scene) -> None:
    with scene.instance() as instance:
        assert instance.invoke(scene.delivery(LARGE, context=SPOKEN)).ok
    event = the_result(scene, LARGE)
    told = event["data"]
    with closing(scene.environment.servers.s3) as s3:
        body = s3.get_object(Bucket=told["bucket"], Key=told["key"])["Body"].read()
    stored = json.loads(body)

    assert set(told) == {"bucket", "key", "size", "sha256"}
    assert told["bucket"] == RESULTS_BUCKET
    assert told["key"] == f"results/{scene.record_key(LARGE).replace('#', '/')}/0.json"
    assert (told["size"], told["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert told["size"] > LARGEST
    assert (event["id"], event["type"], event["dataref"]) == (
        stored["id"],
        stored["type"],
        f"s3://{told['bucket']}/{told['key']}",
    )
    assert stored["data"]["text"] == stored["data"]["transcript"] == f"You said: {WORDS}"
    assert len(base64.b64decode(stored["data"]["audio"])) == 4800 * len(stored["data"]["text"].split(" "))


def test_without_a_bucket_a_large_result_is_sent_without_its_audio_and_says_so(scene: Scene) -> None:
    with scene.instance(RESULTS_BUCKET="") as instance:
        assert instance.invoke(scene.delivery(LIGHT, context=SPOKEN)).ok
    data = the_result(scene, LIGHT)["data"]

    assert data["omitted"] == ["audio"]
    assert "audio" not in data
    assert data["text"] == f"You said: {WORDS}"
    assert data["usage"]["output_tokens"] == 63


def test_a_large_result_that_the_bucket_refuses_is_not_acknowledged_as_sent(scene: Scene) -> None:
    with scene.instance(RESULTS_BUCKET="no-such-bucket") as instance:
        # The result is tried again until there is no time left.
        reply = instance.invoke(scene.delivery(REFUSED, context=SPOKEN), timeout=10)

    assert (reply.ended, reply.error) == ("raised", "Unsettled")
    assert (scene.record(REFUSED).state, scene.results(REFUSED)) == ("claimed", [])
    assert scene.billed(REFUSED) == 1


def test_no_secret_and_no_content_is_in_log_lines_ledger_records_or_details_of_dead_letters(scene: Scene) -> None:
    """Every end, over both transports, with errors that quote what was sent, and at the most talkative log level."""
    studio, environment = scene.environment.studio, scene.environment
    quoting = {
        "code": "invalid_argument",
        "message": f"You sent {PROMPT} with {API_KEY}",
        "param": PROMPT,
        "type": "invalid_request_error",
    }
    spoken, written = {"context": SPOKEN}, {"response": {"instructions": PROMPT}}
    studio.faults(
        [
            {"match": {"id": f"{EVENT_ID}refused"}, "status": 400, "body": quoting},
            {
                "match": {"id": f"{EVENT_ID}throttled"},
                "status": 429,
                "headers": {"Retry-After": "900"},
                "body": quoting,
            },
            {"match": {"id": f"{EVENT_ID}lost"}, "status": 500, "body": quoting},
            {"match": {"id": f"{EVENT_ID}again"}, "drop": "after"},
            {"match": {"id": f"{EVENT_ID}error"}, "realtime": "error_event", "error_code": "server_error"},
            {"match": {"id": f"{EVENT_ID}closed"}, "realtime": "close_after", "close_code": 1011, "after_events": 6},
        ]
    )
    bodies = [
        *(scene.message(f"{EVENT_ID}{name}", **written) for name in ("done", "refused", "lost", "throttled")),
        scene.message(f"{EVENT_ID}again", **written, on_unknown="retry"),
        *(scene.message(f"{EVENT_ID}{name}", **spoken) for name in ("spoken", "error", "closed")),
        scene.message(f"{EVENT_ID}done", response={"instructions": f"{PROMPT} and more"}),
        scene.message(f"{EVENT_ID}unknown-field", **{PROMPT: PROMPT}),
        scene.message(f"{EVENT_ID}type").replace("response.create", PROMPT),
        f'{{"type": "response.create", "event_id": "{EVENT_ID}cut", "response": "{PROMPT}',
    ]
    environment.start()
    environment.send(REALTIME, *bodies)
    eventually(lambda: len(scene.waiting()) == 1, "all but the throttled one have ended")
    unauthorized = scene.environment.runtime(REALTIME, AISTUDIO_API_KEY=WRONG_KEY)
    assert unauthorized.invoke(scene.delivery(f"{EVENT_ID}401", **spoken)).ok
    unauthorized.stop()
    environment.stop()

    records = environment.dynamodb.scan(TableName=environment.ledger, ConsistentRead=True)["Items"]
    dead = environment.servers.peek(environment.dead_letters)
    assert {dead_letter.attributes["reason"] for dead_letter in dead} == {
        "rejected", "outcome_unknown", "key_reused", "invalid_message",
    }  # fmt: skip
    assert len(records) >= len(bodies)
    assert len([line for line in scene.lines if '"end"' in line]) >= len(bodies)
    assert any(PROMPT in dead_letter.body for dead_letter in dead), "the net would catch it: queues do carry content"

    assert leaks_of(environment, scene.lines, {**PLANTED, "a wrong key": WRONG_KEY}) == []
