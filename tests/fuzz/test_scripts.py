"""Whatever a script says and whatever goes wrong in its session: it ends by itself, and nothing is billed twice."""

import base64
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aistudio.realtime.client_events import KINDS
from tests.fuzz.inputs import fuzzed
from tests.support.bench import Bench
from tests.support.functions import realtime_bench_of
from tests.support.kit import Kit
from tests.unit.aistudio.clients import hurry
from worker.settle.breakers import DeploymentBreaker

pytestmark = pytest.mark.row(31)

_turn = itertools.count(1)
SOUND = base64.b64encode(bytes(4800)).decode()
ITEMS = st.sampled_from(["i1", "i2"])
TRANSCRIBED = {"input_audio_transcription": {"model": "general"}}
BILLED = {name for name, kind in KINDS.items() if kind.effect == "billed"}
STEPS = sorted(name for name, kind in KINDS.items() if kind.supported)
# A step that is in its own way rather late than never does not hold a test up.
QUICK = {name: 0.4 for name in KINDS if name != "response.create"}


def event(kind: str, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


def item(name: str) -> dict[str, Any]:
    return {"type": "message", "role": "user", "id": name, "content": [{"type": "input_text", "text": "hello"}]}


client_events = st.one_of(
    event(
        "session.update", session=st.sampled_from([{}, {"instructions": "Be brief."}, TRANSCRIBED, {"modalities": 1}])
    ),
    event("input_audio_buffer.append", audio=st.just(SOUND)),
    event("input_audio_buffer.commit"),
    event("conversation.item.create", item=ITEMS.map(item)),
    event("conversation.item.retrieve", item_id=ITEMS),
    event("conversation.item.truncate", item_id=ITEMS, content_index=st.just(0), audio_end_ms=st.just(10)),
    event("conversation.item.delete", item_id=ITEMS),
    event(
        "response.create", response=st.sampled_from([{}, {"output_modalities": ["text"]}, {"output_modalities": [1]}])
    ),
    event("response.cancel"),
)
codes = st.sampled_from([1000, 1006, 1008, 1011])
kinds_of_errors = st.sampled_from(["rate_limit_error", "server_error", "invalid_request_error", "permission_error"])
faults = st.one_of(
    st.fixed_dictionaries(
        {"realtime": st.just("close_before"), "at": st.sampled_from(["connect", *STEPS]), "close_code": codes}
    ).filter(lambda fault: fault["at"] != "response.create"),
    st.fixed_dictionaries({"realtime": st.just("close_after"), "close_code": codes, "after_events": st.integers(0, 6)}),
    st.fixed_dictionaries(
        {"realtime": st.just("error_event"), "at": st.sampled_from(STEPS), "error_type": kinds_of_errors}
    ),
    st.fixed_dictionaries(
        {
            "realtime": st.sampled_from(["unacknowledged", "close_unacknowledged", "silent_refusal"]),
            "at": st.sampled_from([step for step in STEPS if step != "response.create"]),
        }
    ),
    st.fixed_dictionaries({"realtime": st.just("slow"), "delay": st.just(0.01)}),
    st.fixed_dictionaries(
        {"realtime": st.just("done_status"), "done_status": st.sampled_from(["failed", "incomplete"])}
    ),
    st.fixed_dictionaries(
        {
            "realtime": st.sampled_from(
                [
                    "no_session_created",
                    "session_updated_missing",
                    "foreign_done",
                    "unknown_events",
                    "two_dones",
                    "late_transcription",
                    "no_transcription",
                    "cancel_illegal",
                    "cancel_too_late",
                ]
            )
        }
    ),
)


@pytest.fixture
def scripts(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("aistudio.realtime.script.PREPARED_WITHIN", 0.4)
    monkeypatch.setattr("aistudio.realtime.script.DOUBT", 0.2)
    monkeypatch.setattr("aistudio.realtime.turn.DOUBT", 0.2)
    monkeypatch.setattr("aistudio.realtime.turn.DOUBT_OF_ONE_THAT_GOES_ON", 0.4)
    monkeypatch.setattr("aistudio.realtime.waiting.TRANSCRIBED_WITHIN", 0.2)
    for kind, seconds in QUICK.items():
        hurry(monkeypatch, kind, seconds)
    with realtime_bench_of("realtime_client_event", kit) as bench:
        yield bench


@given(script=st.lists(client_events, min_size=1, max_size=6), struck=st.lists(faults, max_size=2))
@fuzzed(30)
def test_any_script_ends_and_nothing_of_it_is_billed_twice(
    scripts: Bench, script: list[dict[str, Any]], struck: list[dict[str, Any]]
) -> None:
    key = f"script-{next(_turn)}"
    sent = [{**each, "event_id": f"{key}-{number}"} for number, each in enumerate(script)]
    scripts.kit.sqs.purge_queue(QueueUrl=scripts.answers)
    scripts.breaker = DeploymentBreaker()  # which would take three refusals in a row for a wrong deployment
    scripts.studio.clear_faults()
    scripts.studio.faults(struck)

    scripts.deliver(scripts.message({"event_id": key, "script": sent}))
    for _ in range(8):  # each fault strikes once
        scripts.clock.advance(900)
        scripts.deliver(*scripts.take_retry_messages())

    frames = [frame for frame in scripts.studio.frames() if str(frame["event_id"]).startswith(f"{key}-")]
    billed = Counter(frame["event_id"] for frame in frames if frame["effect"] and frame["type"] in BILLED)
    assert {event_id: times for event_id, times in billed.items() if times > 1} == {}
    # What only changes a conversation may be sent again in another session: it went with the session before.
    effects = Counter((frame["session"], frame["event_id"]) for frame in frames if frame["effect"])
    assert {frame: times for frame, times in effects.items() if times > 1} == {}
    record = scripts.record(key)
    if record.state == "dead_lettered":
        assert (record.reason == "outcome_unknown") is bool(billed), record.reason
        assert record.reason in ("outcome_unknown", "rejected")
        return
    assert record.state == "done"
    (result,) = scripts.results()
    _is_whole(result["data"], sent)


def _is_whole(data: dict[str, Any], sent: list[dict[str, Any]]) -> None:
    """Every event has an outcome of its own, and so has every response that was given."""
    statuses = [each["status"] for each in data["events"]]
    assert [each["event_id"] for each in data["events"]] == [each["event_id"] for each in sent]
    given = [each for each in data["events"] if (each["type"], each["status"]) == ("response.create", "acknowledged")]
    assert len(data.get("responses", [])) == len(given)
    assert {each["status"] for each in data.get("responses", [])} <= {"completed", "failed", "incomplete", "cancelled"}
    if "error" in data:  # a refusal behind something billed, or a break behind an answer
        assert "refused" in statuses or data.get("responses") or data.get("transcriptions")
    else:
        assert not {"unknown", "not_sent"} & set(statuses)
        refused = {each["type"] for each in data["events"] if each["status"] == "refused"}
        assert refused <= {"response.cancel"}
