"""Messages: bare or in an envelope, and what is said of those that can't be used."""

import base64
import json
from typing import Any, Literal

import pytest

from delete_response import DeleteResponse
from tests.support.ask import Ask
from worker.receive.envelope import MAX_KEY, Invalid
from worker.receive.message import Message, Time, parse
from worker.receive.trigger_event import Delivery

SECRET = "planted-secret-0451"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def delivered(body: object, **options: Any) -> Delivery:
    return Delivery("message-id", body if isinstance(body, str) else json.dumps(body), origin="first-id", **options)


def envelope(data: object, **fields: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "envelope-id", "source": "/s", "type": "t", "data": data, **fields}


def test_a_bare_message_is_read() -> None:
    parsed = parse(DeleteResponse, delivered({"response_id": "resp_1"}))

    assert (parsed.key, parsed.message.reason, parsed.identity) == ("resp_1", "retention", "first-id")


def test_all_its_fields_are_read() -> None:
    times = {"requested_at": "2026-11-01T00:00:00Z", "not_before": "2026-11-22T11:00:00+03:00"}

    message = parse(
        DeleteResponse, delivered({"response_id": "resp_1", "reason": "erasure", "subject": "someone", **times})
    ).message

    assert (message.due, message.about) == (1_795_334_400, "someone")
    assert message.audit() == {"reason": "erasure", "requested_at": "2026-11-01T00:00:00Z"}


def test_an_envelope_gives_its_source_and_id_and_its_trace() -> None:
    parsed = parse(DeleteResponse, delivered(envelope({"response_id": "resp_1"}, traceparent=TRACE)))

    assert (parsed.key, parsed.identity, parsed.traceparent) == ("resp_1", '["/s","envelope-id"]', TRACE)


@pytest.mark.parametrize(
    ("body", "carried", "key"),
    [
        ({"event_id": "own"}, "carried", "own"),
        (envelope({"event_id": "own"}), "carried", "own"),
        (envelope({}), "carried", '["/s","envelope-id"]'),
        (envelope({}, source="/Ж\n"), None, '["/Ж\\n","envelope-id"]'),
        ({}, "carried", "carried"),
        ({}, None, "message-id"),
    ],
)
def test_the_key_is_its_own_else_the_envelopes_else_the_one_carried_else_the_message_id(
    body: dict[str, Any], carried: str | None, key: str
) -> None:
    assert parse(Ask, delivered(body, key=carried)).key == key


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{", "body: not JSON"),
        ('{"response_id": NaN}', "body: not JSON"),
        ("", "body: not JSON"),
        ("[]", "body: a list of 0"),
        ("[1]", "body: a list of 1"),
        ('[{"response_id": "r"}]', "body: a list of 1"),
        ([envelope({"response_id": "r"})] * 3, "body: a list of 3; send each message, or each CloudEvent"),
        ("null", "body: null, not a JSON object"),
        ("7", "body: a number, not a JSON object"),
        ("true", "body: true or false, not a JSON object"),
        ('"text"', "body: a text, not a JSON object"),
        ('{"response_id": "r", "response_id": "s"}', "body: a field stands twice"),
        ('{"response_id": "r", "subject": {"a": 1, "a": 1}}', "body: a field stands twice"),
        ({}, "body.response_id: Field required"),
        ({"response_id": 5}, "body.response_id: Input should be a valid string"),
        ({"response_id": None}, "body.response_id: Input should be a valid string"),
        ({"response_id": "."}, "body.response_id: Value error"),
        ({"response_id": "a\\b"}, "body.response_id: Value error"),
        ({"response_id": "r", "reason": "two words"}, "body.reason: String should match"),
        ({"response_id": "r", "reason": "x" * 65}, "body.reason: String should match"),
        ({"response_id": "r", "requested_at": "2026-11-22T08:00:00"}, "body.requested_at: Input should have timezone"),
        ({"response_id": "r", "not_before": 1_700_000_000}, "body.not_before: Value error, a time is text as RFC 3339"),
        ({"response_id": "r", "not_before": "1700000000"}, "body.not_before: Value error, a time is text as RFC 3339"),
        ({"response_id": "r", "not_before": 1.5}, "body.not_before: Value error, a time is text as RFC 3339"),
        ({"response_id": "r", "requested_at": 5}, "body.requested_at: Value error, a time is text as RFC 3339"),
        ({"response_id": "r", "requested_at": "2026-11-22"}, "body.requested_at: Value error, a time is text"),
        ({"response_id": "r", "subject": ""}, "body.subject: String should have at least 1 character"),
        ({"response_id": "r", SECRET: 1, "b": 2}, "body: 2 unknown fields (known: response_id, reason, requested_at"),
        (envelope({}, specversion="2.0"), "body.specversion"),
        (envelope({}, specversion="0.2"), "body.specversion"),
        (envelope({}, specversion=1.0), "body.specversion"),
        (envelope({}, specversion=None), "body.specversion"),
        (envelope({}, specversion=["1.0"]), "body.specversion"),
        (envelope({"response_id": "r"}, source=""), "body.source: a CloudEvents envelope needs"),
        (envelope({"response_id": "r"}, source=None), "body.source: a CloudEvents envelope needs"),
        (envelope({}, id=""), "body.id"),
        (envelope({}, id=5), "body.id"),
        (envelope(None), "body.data: the message is missing"),
        (envelope("text"), "body.data: not JSON"),
        (envelope("[]"), "body.data: a list, not a JSON object"),
        (envelope('"{}"'), "body.data: a text, not a JSON object"),
        (envelope('{"response_id": "r", "response_id": "s"}'), "body.data: a field stands twice"),
        (envelope([]), "body.data: a list, not a JSON object"),
        (envelope({"response_id": "r"}, data_base64="e30="), "body.data, body.data_base64: both are given"),
        (envelope(None, data_base64="no!"), "body.data_base64: not base64 of UTF-8"),
        (envelope(None, data_base64="/w=="), "body.data_base64: not base64 of UTF-8"),
        (envelope(None, data_base64="e30"), "body.data_base64: not base64 of UTF-8"),
        (envelope(None, data_base64="W10="), "body.data_base64: a list, not a JSON object"),
        (envelope(None, data_base64={"a": 1}), "body.data_base64: an object, not base64 text"),
        (envelope(None, specversion="0.3", data_base64="e30="), "body.data: the message is missing"),
        (envelope("e30=", specversion="0.3", datacontentencoding="gzip"), "body.datacontentencoding: not base64"),
        (envelope({}, specversion="0.3", datacontentencoding="base64"), "body.data: an object, not base64 text"),
        (envelope({"response_id": 5}), "body.data.response_id"),
        (envelope({"response_id": "r", "other": 1}), "body.data: 1 unknown fields"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(body: object, told: str) -> None:
    with pytest.raises(Invalid) as raised:
        parse(DeleteResponse, delivered(body))

    assert str(raised.value).startswith(told)
    assert len(str(raised.value)) <= 256


@pytest.mark.parametrize(
    "body",
    [
        f"{{{SECRET}",
        f'{{"response_id": "{SECRET}\\ud800"}}',
        f'{{"response_id": "{SECRET}\ud800"}}',
        f'{{"response_id": "{SECRET}\x00"}}',
        {"response_id": f"{SECRET}\\"},
        {"response_id": [SECRET]},
        {"response_id": {SECRET: SECRET}},
        {"response_id": "r", "reason": f"{SECRET} "},
        {"response_id": "r", "not_before": SECRET},
        {"response_id": "r", "subject": SECRET * 20},
        {"response_id": "r", SECRET: SECRET},
        envelope({"response_id": f"{SECRET}\\"}),
        envelope({}, id=[SECRET]),
        envelope({}, specversion=SECRET),
    ],
)
def test_nothing_of_the_content_is_told(body: object) -> None:
    with pytest.raises(Invalid) as raised:
        parse(DeleteResponse, delivered(body))

    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("response_id", ["resp_1", "x" * 512, "a/b", "идентификатор", "a%2Fb", "a?b#c", "...", "😀"])
def test_ids_are_validated_loosely(response_id: str) -> None:
    assert parse(DeleteResponse, delivered({"response_id": response_id})).key == response_id


@pytest.mark.parametrize("response_id", ["", ".", "..", "a\\b", "x" * 513, "a b", "a\tb", "a\n", "a\x7f"])
def test_what_could_be_a_path_is_refused(response_id: str) -> None:
    with pytest.raises(Invalid, match="response_id"):
        parse(DeleteResponse, delivered({"response_id": response_id}))


@pytest.mark.parametrize("key", ["x" * (MAX_KEY + 1), "a\x0bb", "\ufffe"])
def test_a_key_that_is_too_long_or_has_control_characters_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match="event_id"):
        parse(Ask, delivered({"event_id": key}))


def test_an_envelope_whose_source_and_id_are_too_long_for_a_key_is_refused() -> None:
    fits = envelope({}, source="s" * (MAX_KEY - len('["","i"]')), id="i")
    assert len(parse(Ask, delivered(fits)).key) == MAX_KEY

    with pytest.raises(Invalid, match=r"body\.source, body\.id: over 2048 characters"):
        parse(Ask, delivered({**fits, "id": "ii"}))


def encoded(message: object) -> str:
    return base64.b64encode(json.dumps(message).encode()).decode()


MESSAGE = {"response_id": "resp_1"}
READ: dict[str, object] = {
    "a byte order mark": "\ufeff" + json.dumps(MESSAGE),
    "data as text": envelope(json.dumps(MESSAGE)),
    "data as text with a byte order mark": envelope("\ufeff" + json.dumps(MESSAGE)),
    "data as text of another type": envelope(json.dumps(MESSAGE), datacontenttype="text/plain; charset=utf-8"),
    "data_base64": envelope(None, data_base64=encoded(MESSAGE)),
    "data_base64 without data": {k: v for k, v in envelope(0, data_base64=encoded(MESSAGE)).items() if k != "data"},
    "version 0.3": envelope(MESSAGE, specversion="0.3", schemaurl="https://example/s"),
    "version 0.3 with base64": envelope(encoded(MESSAGE), specversion="0.3", datacontentencoding="base64"),
    "a batch of one": [envelope(MESSAGE)],
    "extensions": envelope(MESSAGE, partitionkey="a", sequence="7", dataschema="https://example/s", time="yesterday"),
}


@pytest.mark.parametrize("what", READ)
def test_what_cloudevents_allows_is_read(what: str) -> None:
    assert parse(DeleteResponse, delivered(READ[what])).key == "resp_1"


def test_events_of_two_sources_with_the_same_id_are_two_messages() -> None:
    sources = ("/topics/a", "/topics/b")
    keys = {parse(Ask, delivered(envelope({}, source=each, id="partition:0/offset:7"))).key for each in sources}

    assert len(keys) == 2


class Plain(Message, key="name"):
    name: str
    not_before: Time | None = None
    subject: str | None = None
    on_unknown: str | None = None


class Named(Message, key="name", due="since", about="person", unknown="then", recorded=("name",)):
    name: str
    since: Time | None = None
    person: str | None = None
    then: str | None = None


class NamedLater(Named, about="human"):
    human: str | None = None


SINCE = "2026-11-22T08:00:00Z"


def test_a_field_means_something_only_where_its_message_declares_it() -> None:
    plain = Plain.model_validate({"name": "n", "not_before": SINCE, "subject": "s", "on_unknown": "retry"})
    named = Named.model_validate({"name": "n", "since": SINCE, "person": "s", "then": "retry"})
    later = NamedLater.model_validate({"name": "n", "since": SINCE, "person": "s", "human": "h", "then": "retry"})

    assert (plain.due, plain.about, plain.retries_unknown) == (0, None, False)
    assert (named.due, named.about, named.retries_unknown) == (1_795_334_400, "s", True)
    assert (later.due, later.about, later.retries_unknown, later.audit()) == (1_795_334_400, "h", True, {"name": "n"})


def test_a_damaged_delivery_is_refused_whatever_its_body_says() -> None:
    with pytest.raises(Invalid, match="damaged"):
        parse(DeleteResponse, delivered({"response_id": "resp_1"}, flaw="damaged"))


@pytest.mark.parametrize("same", [{"text": "hello", "event_id": "e"}, {"event_id": "e", "text": "hello"}])
def test_the_same_content_is_the_same_however_it_was_written(same: dict[str, Any]) -> None:
    spaced = json.dumps(same, indent=4)
    bare, wrapped = parse(Ask, delivered(spaced)).message, parse(Ask, delivered(envelope(same))).message

    assert bare.canonical() == wrapped.canonical()
    assert bare.canonical() != parse(Ask, delivered({**same, "text": "bye"})).message.canonical()


def test_a_field_that_a_later_release_adds_leaves_the_content_of_older_messages_the_same() -> None:
    class Later(Ask, key="event_id"):
        priority: Literal["normal", "high"] = "normal"

    body = {"event_id": "evt_1", "text": "hello"}
    before, after = parse(Ask, delivered(body)).message, parse(Later, delivered(body)).message

    assert before.canonical() == after.canonical()
    assert parse(Later, delivered({**body, "priority": "high"})).message.canonical() != after.canonical()
