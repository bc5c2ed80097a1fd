"""Whatever a trigger's event holds: every message of it is settled, and no neighbour is harmed."""

import base64
import hashlib
import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import Keys
from tests.fuzz.inputs import bent, fuzzed, json_values, texts, written
from tests.fuzz.refusals import refusals
from tests.support.bench import Bench
from tests.support.functions import bench_of
from tests.support.kit import Kit
from tests.support.messages import Entry, entry, signed
from worker.message_attributes import Signer
from worker.receive.trigger_event import deliveries
from worker.send.elsewhere import Elsewhere
from worker.send.queue_message import Carrier
from worker.settle.breakers import DeploymentBreaker

pytestmark = pytest.mark.row(25)

_turn = itertools.count(1)
SENT = 1_795_334_400.0
SECRET = "a secret"
SIGNER = Signer(SECRET, "delete_response")
SAID = st.fixed_dictionaries(
    {},
    optional={
        "key": texts.filter(bool),
        "attempt": st.integers(0, 10),
        "copy": st.integers(0, 1_000),
        "redrive": st.integers(0, 3),
        "first_seen": st.floats(SENT - 100_000, SENT),
        "not_before": st.floats(SENT - 100_000, SENT),
        "force": st.booleans(),
        "dead": st.booleans(),
    },
)
"""What the attribute of a retry message or a dead letter may say."""
ATTRIBUTES: dict[str, str | int] = {
    "settlement": '{"v":1,"key":"resp_odd","attempt":1,"copy":2,"redrive":1,"encoding":"base64","mac":"00"}',
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "reason": "rejected",
    "attempt": 9,
    **{f"own-{n}": n for n in range(6)},
}

DELETION = {
    "response_id": "resp_odd",
    "reason": "erasure",
    "requested_at": "2026-11-22T08:00:00Z",
    "not_before": "2026-11-22T07:00:00Z",
    "subject": "someone",
    "cascade": True,
}
CREATE = {
    "type": "response.create",
    "event_id": "evt_odd",
    "response": {"instructions": "Say hello.", "output_modalities": ["text"], "metadata": {"a": "1"}},
    "context": {
        "session": {"instructions": "Be brief.", "output_modalities": ["text"]},
        "items": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
    },
    "on_unknown": "retry",
}

RESPONSE = {
    "model": "gpt://b1glocalfolder/some-model",
    "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
    "event_id": "evt_odd",
    "on_unknown": "retry",
    "subject": "someone",
    "policy": "session",
    "store": True,
    "stream": True,
    "background": True,
    "temperature": 0.5,
    "metadata": None,
    "stream_options": {"include_obfuscation": None},
    "previous_response_id": "resp_odd",
    "conversation": {"id": "conv_odd"},
}

CLIENT_EVENT = {
    "type": "conversation.item.create",
    "event_id": "evt_odd",
    "previous_item_id": "root",
    "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
    "on_unknown": "retry",
}
SCRIPT = {
    "event_id": "evt_odd",
    "script": [
        {"type": "session.update", "session": {"output_modalities": ["text"], "instructions": "Be brief."}},
        {"type": "input_audio_buffer.append", "audio": "AAAAAAAA"},
        {"type": "input_audio_buffer.commit"},
        {"type": "conversation.item.truncate", "item_id": "item_odd", "content_index": 0, "audio_end_ms": 10},
        {"type": "response.create", "event_id": "evt_odd_create", "response": {"metadata": {"a": "1"}}},
        {"type": "response.cancel", "response_id": "resp_odd"},
    ],
}


def enveloped(message: dict[str, Any]) -> dict[str, Any]:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    return {"specversion": "1.0", "id": "ce-1", "source": "/s", "type": "t", "traceparent": trace, "data": message}


def as_text(message: dict[str, Any]) -> dict[str, Any]:
    return {**enveloped(message), "data": json.dumps(message)}


def as_bytes(message: dict[str, Any]) -> dict[str, Any]:
    encoded = base64.b64encode(json.dumps(message).encode()).decode()
    return {**{name: value for name, value in enveloped(message).items() if name != "data"}, "data_base64": encoded}


def of_0_3(message: dict[str, Any]) -> dict[str, Any]:
    encoded = base64.b64encode(json.dumps(message).encode()).decode()
    return {**enveloped(message), "specversion": "0.3", "datacontentencoding": "base64", "data": encoded}


def in_a_batch(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [enveloped(message)]


SHAPES = (enveloped, as_text, as_bytes, of_0_3, in_a_batch)

ENVELOPE_FIELDS = st.dictionaries(
    st.sampled_from(
        ["id", "traceparent", "source", "time", "data", "data_base64", "specversion", "datacontentencoding"]
    ),
    texts | json_values | st.sampled_from(["", "x" * 300, "\x01"]),
    min_size=1,
)


def twice(text: str) -> str:
    """The object with its fields a second time."""
    return text[:-1] + "," + text[1:] if text.startswith("{") else text


def bodies(message: dict[str, Any]) -> st.SearchStrategy[str]:
    odd_envelopes = ENVELOPE_FIELDS.map(lambda fields: {**enveloped(message), **fields})
    shaped = st.sampled_from(SHAPES).flatmap(lambda shape: bent(shape(message)))
    odd = written(bent(message) | shaped | odd_envelopes | json_values)
    return odd | odd.map(lambda text: "\ufeff" + text) | odd.map(twice) | texts


@st.composite
def odd_messages(draw: st.DrawFn, message: dict[str, Any], function: str) -> Any:
    """A message whose body is odd, or one bent anywhere, or nothing like a message."""
    chosen = draw(st.dictionaries(st.sampled_from(sorted(ATTRIBUTES)), st.none(), max_size=4))
    body = draw(bodies(message))
    made = entry(body, sent_at=SENT, attributes={name: ATTRIBUTES[name] for name in chosen})
    made["details"]["message"]["message_id"] = f"odd-{next(_turn)}"
    said = draw(st.none() | SAID)
    if said is not None:
        signed(made, Signer(SECRET, function), **said)
    return draw(st.just(made) | bent(made))


def ends_of(bench: Bench, odd: list[Any], *good: Entry) -> dict[str, str]:
    """Deliver odd messages between good ones; how each record ended, once all of them did."""
    bench.keys = Keys(f"secret of turn {next(_turn)}")  # a ledger that knows nothing of earlier examples
    bench.carrier = Carrier(Signer(SECRET, bench.function.name))
    bench.queues.seen.clear()
    delivered = bench.deliver(good[0], *odd, *good[1:])
    assert delivered.acknowledged, delivered.error
    assert len(delivered.ends) == len(odd) + len(good)
    assert "unsettled" not in {end for end, _ in delivered.ends}
    assert refusals(bench.queues.seen) == []
    return {line["key"]: line["outcome"] for line in delivered.lines if line.get("end") == "done"}


@given(odd=st.lists(odd_messages(DELETION, "delete_response"), min_size=1, max_size=3))
@fuzzed(60)
def test_odd_deletions_are_settled_and_harm_no_neighbour(deletions: Bench, odd: list[Any]) -> None:
    ids = [f"resp_good_{next(_turn)}" for _ in range(2)]
    deletions.studio.seed(*ids)

    ends = ends_of(deletions, odd, *[deletions.message({"response_id": each}) for each in ids])

    assert [ends[deletions.keys.key("response", each)] for each in ids] == ["deleted"] * 2


@given(odd=st.lists(odd_messages(CREATE, "realtime_response_create"), min_size=1, max_size=2))
@fuzzed(40)
def test_odd_creates_are_settled_and_harm_no_neighbour(realtime: Bench, odd: list[Any]) -> None:
    ids = [f"evt_good_{next(_turn)}" for _ in range(2)]
    messages = [realtime.message({"type": "response.create", "event_id": each}) for each in ids]

    ends = ends_of(realtime, odd, *messages)

    assert [ends[realtime.keys.key("realtime_response_create", each)] for each in ids] == ["done"] * 2
    assert [realtime.studio.billed(each) for each in ids] == [1, 1]


@pytest.fixture
def bench(kit: Kit, function: str) -> Bench:
    return bench_of(function, kit)


@given(
    odd=st.lists(
        odd_messages(CLIENT_EVENT, "realtime_client_event") | odd_messages(SCRIPT, "realtime_client_event"),
        min_size=1,
        max_size=2,
    )
)
@fuzzed(20)
def test_odd_client_events_are_settled_and_harm_no_neighbour(client_events: Bench, odd: list[Any]) -> None:
    ids = [f"evt_good_{next(_turn)}" for _ in range(2)]
    create = {"type": "response.create", "response": {"output_modalities": ["text"]}}
    messages = [client_events.message({"event_id": each, "script": [{**create, "event_id": each}]}) for each in ids]

    ends = ends_of(client_events, odd, *messages)

    assert [ends[client_events.keys.key("realtime_client_event", each)] for each in ids] == ["done"] * 2
    assert [client_events.studio.billed(each) for each in ids] == [1, 1]


@pytest.mark.parametrize("function", ["create_response"])
@given(odd=st.lists(odd_messages(RESPONSE, "create_response"), min_size=1, max_size=2))
@fuzzed(20)
def test_odd_creates_of_stored_responses_are_settled_and_harm_no_neighbour(
    bench: Bench, function: str, odd: list[Any]
) -> None:
    bench.elsewhere = lambda queue: Elsewhere(queue, {"get_response": bench.others}, function)
    bench.breaker = (
        DeploymentBreaker()
    )  # the API refuses many of these, and three in a row look like a wrong deployment
    ids = [f"evt_good_{next(_turn)}" for _ in range(2)]
    asked = {"model": RESPONSE["model"], "store": False}
    messages = [bench.message({"event_id": each, "input": each, **asked}) for each in ids]

    ends = ends_of(bench, odd, *messages)

    assert [ends[bench.keys.key(function, each)] for each in ids] == ["done"] * 2
    assert [len(bench.studio.creates(each)) for each in ids] == [1, 1]


@pytest.mark.parametrize("function", ["get_response", "cancel_response", "list_input_items"])
@given(data=st.data())
@fuzzed(20)
def test_odd_questions_about_responses_are_settled_and_harm_no_neighbour(
    bench: Bench, function: str, data: st.DataObject
) -> None:
    message = {"response_id": "resp_odd"} | (
        {"limit": 7, "order": "asc", "after": "item_1"} if function == "list_input_items" else {}
    )
    odd = data.draw(st.lists(odd_messages(message, function), min_size=1, max_size=2))
    name = f"resp_good_{next(_turn)}"
    bench.studio.seed(name, status="in_progress", background=True)
    good = bench.message({"response_id": name})

    ends = ends_of(bench, odd, good)

    assert ends[bench.keys.key(function, good["details"]["message"]["message_id"])] == "done"


REGISTRY: dict[str, dict[str, Any]] = {
    "register_response": {
        "response_id": "resp_odd",
        "created_at": "2026-11-22T07:00:00Z",
        "subject": "someone",
        "policy": "session",
        "previous_response_id": "resp_odder",
        "conversation": "conv_odd",
    },
    "legal_hold": {"action": "place", "case": "case-odd", "response_id": "resp_odd", "ordered_by": "someone"},
    "verify_deletion": {"response_id": "resp_odd"},
    "erase_subject": {"subject": "someone", "erasure_id": "erasure-odd", "requested_at": "2026-11-22T07:00:00Z"},
}
GOOD: dict[str, dict[str, Any]] = {
    "register_response": {"response_id": "resp_good"},
    "legal_hold": {"action": "release", "case": "case-good", "subject": "somebody"},
    "verify_deletion": {"response_id": "resp_good"},
    "erase_subject": {"subject": "somebody"},
}


@pytest.mark.parametrize("function", sorted(REGISTRY))
@given(data=st.data())
@fuzzed(20)
def test_odd_orders_about_what_is_kept_are_settled_and_harm_no_neighbour(
    bench: Bench, function: str, data: st.DataObject
) -> None:
    bench.settings = bench.settings.model_copy(update={"erase_settle": 0.0})
    odd = data.draw(st.lists(odd_messages(REGISTRY[function], function), min_size=1, max_size=2))
    good = bench.message(GOOD[function])

    ends = ends_of(bench, odd, good)

    assert ends[bench.keys.key(function, good["details"]["message"]["message_id"])] == "done"
    assert bench.calls() == 0


@given(event=json_values | bent({"messages": [entry("{}", sent_at=SENT)], "sample": {}}))
@fuzzed(200)
def test_what_is_no_event_of_a_queue_makes_the_batch_return(event: Any) -> None:
    if isinstance(event, dict) and isinstance(event.get("messages"), list):
        assert len(deliveries(event, SENT, SIGNER)) == len(event["messages"])
    else:
        with pytest.raises(ValueError, match="not a list"):
            deliveries(event, SENT, SIGNER)


@given(body=texts.filter(bool), md5=st.none() | texts | st.just("right"))
@fuzzed(100)
def test_a_body_that_is_not_what_was_sent_is_never_acted_upon(body: str, md5: str | None) -> None:
    made = entry(body, sent_at=SENT)
    real = hashlib.md5(body.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
    made["details"]["message"]["md5_of_body"] = real if md5 == "right" else md5

    (delivery,) = deliveries({"messages": [made]}, SENT, SIGNER)

    assert (delivery.flaw is None) == (md5 in {None, "", "right", real})
