"""Scripts: what is sent when, what ends them, and what is had of one that ended early."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from aistudio import APIError, OutcomeUnknown, Rejected, Throttled, Unavailable
from aistudio.realtime import Realtime, Request, ScriptResult
from tests.unit.aistudio.clients import ITEM, an_api, hurry, turn
from tests.unit.aistudio.rawserver import raw_server
from tests.unit.aistudio.wsserver import Event, Script, Service, Session

pytestmark = pytest.mark.row(31)

SOUND = {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(4800)).decode(), "event_id": "sound"}
COMMIT = {"type": "input_audio_buffer.commit", "event_id": "commit"}
CREATE = {"type": "response.create", "event_id": "create"}
CANCEL = {"type": "response.cancel", "event_id": "cancel"}
PUT = {"type": "conversation.item.create", "item": {**ITEM, "id": "i1"}, "event_id": "put"}
RETRIEVE = {"type": "conversation.item.retrieve", "item_id": "i1", "event_id": "retrieve"}
DELETE = {"type": "conversation.item.delete", "item_id": "i1", "event_id": "delete"}
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"
REFUSED = {"type": "invalid_request_error", "code": "odd", "message": "the user asked"}


def request(*events: Event) -> Request:
    return Request.model_validate({"script": events})


@contextmanager
def service(script: Script) -> Iterator[tuple[Realtime, Service]]:
    def follow(session: Session) -> None:
        session.open()
        script(session)
        session.until_closed()

    with turn(follow) as served:
        yield served


def run(script: Script, *events: Event, timeout: float = 30.0) -> ScriptResult:
    with service(script) as (realtime, _):
        return realtime.send(request(*events), timeout)


def take_an_item(session: Session) -> None:
    session.take_item()


def commit(session: Session) -> None:
    session.take("input_audio_buffer.append")
    session.take("input_audio_buffer.commit")
    session.emit("input_audio_buffer.committed", item_id="sound-1")


def respond(session: Session, response_id: str = "resp_1", status: str = "completed") -> None:
    session.take("response.create")
    session.created(response_id)
    session.text("output_text.done", f"says {response_id}", response_id)
    session.done(response_id, status, usage={"total_tokens": 2, "input_token_details": {"text_tokens": 1}})


def statuses(result: ScriptResult) -> list[tuple[str | None, str]]:
    return [(event.event_id, event.status) for event in result.events]


def test_a_response_that_never_begins_ends_the_script_long_before_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch, "response.create", 0.3)

    def script(session: Session) -> None:
        session.take("response.create")
        session.emit("rate_limits.updated", rate_limits=[])

    with pytest.raises(OutcomeUnknown, match=r"no response\.created in time"):
        run(script, CREATE, timeout=60)


# Scripts that go well


def test_each_event_is_sent_once_the_one_before_is_acknowledged() -> None:
    def script(session: Session) -> None:
        session.take_item()
        session.take("conversation.item.retrieve")
        assert no_frame_waits(session)
        session.emit("conversation.item.retrieved", item={"id": "i1", "content": "as the service has it"})
        session.take("conversation.item.delete")
        session.emit("conversation.item.deleted", item_id="i1")

    result = run(script, PUT, RETRIEVE, DELETE)

    assert statuses(result) == [("put", "acknowledged"), ("retrieve", "acknowledged"), ("delete", "acknowledged")]
    assert (result.items, result.status) == ([{"id": "i1", "content": "as the service has it"}], "completed")


def no_frame_waits(session: Session) -> bool:
    try:
        session.connection.recv(timeout=0.2)
    except TimeoutError:
        return True
    return False


def test_items_in_a_row_go_together_and_the_next_event_waits_for_all_of_them() -> None:
    def script(session: Session) -> None:
        frames = [session.take("conversation.item.create") for _ in range(2)]
        for told in ("added", "created", "done"):  # all of the first item
            session.emit(f"conversation.item.{told}", item={"id": frames[0]["event_id"]})
        assert no_frame_waits(session)
        session.emit("conversation.item.created", item={"id": frames[1]["event_id"]})
        respond(session)

    first, second = ({"type": "conversation.item.create", "item": ITEM, "event_id": name} for name in ("a", "b"))
    assert [status for _, status in statuses(run(script, first, second, CREATE))] == ["acknowledged"] * 3


def test_each_response_has_its_own_result_and_the_usage_is_of_all() -> None:
    def script(session: Session) -> None:
        respond(session, "resp_1")
        session.text("output_text.done", "late", "resp_1")
        respond(session, "resp_2", "incomplete")

    result = run(script, CREATE, {**CREATE, "event_id": "create-2"})

    assert [(each.text, each.status) for each in result.responses] == [
        ("says resp_1", "completed"),
        ("says resp_2", "incomplete"),
    ]
    assert result.usage == {"total_tokens": 4, "input_token_details": {"text_tokens": 2}}
    assert (result.status, result.document()["text"]) == ("incomplete", "says resp_1\nsays resp_2")


def test_the_end_of_an_earlier_response_that_is_told_again_is_no_doubt_about_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aistudio.realtime.turn.DOUBT_OF_ONE_THAT_GOES_ON", 0.1)

    def script(session: Session) -> None:
        respond(session)
        session.take("response.create")
        session.created("resp_2")
        session.done("resp_1", "failed")
        session.service.stopping.wait(0.5)
        session.done("resp_2")

    result = run(script, CREATE, {**CREATE, "event_id": "create-2"})
    assert [response.status for response in result.responses] == ["completed", "completed"]


def test_a_session_begins_without_turn_detection_and_what_the_script_says_of_it_comes_first() -> None:
    update = {"type": "session.update", "session": {"instructions": "be brief"}, "event_id": "mine"}
    with service(respond) as (realtime, seen):
        own = realtime.send(request(CREATE), 30)
        given = realtime.send(request(update, CREATE), 30)
    off = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
    updates = [frame for frame in seen.frames if frame["type"] == "session.update"]
    assert [frame["session"] for frame in updates] == [off, {**off, "instructions": "be brief"}]
    assert [len(result.events) for result in (own, given)] == [1, 2]
    assert updates[1]["event_id"] == "mine"


UPDATE = {"type": "session.update", "session": {"instructions": "be brief"}, "event_id": "first"}
FURTHER = {"type": "session.update", "session": {"voice": "another"}, "event_id": "second"}


def test_an_update_that_is_acknowledged_twice_does_not_acknowledge_the_next_one() -> None:
    def script(session: Session) -> None:
        session.take("session.update")
        assert no_frame_waits(session)
        session.emit("error", error={**REFUSED, "event_id": "second"})

    with service(script) as (realtime, seen), pytest.raises(Rejected):
        realtime.send(request(UPDATE, FURTHER, CREATE), 30)
    assert seen.asked == []


@pytest.mark.parametrize("told", [[{"voice": "another"}], [{}], [{}, {}], []], ids=["new", "old", "twice", "late"])
def test_an_update_is_acknowledged_whatever_the_service_shows_of_it(
    told: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aistudio.realtime.script.DOUBT", 0.2)

    def script(session: Session) -> None:
        session.take("session.update")
        for shown in told:
            session.emit("session.updated", session=shown)
        respond(session)

    assert statuses(run(script, UPDATE, FURTHER, CREATE)) == [
        ("first", "acknowledged"),
        ("second", "acknowledged"),
        ("create", "acknowledged"),
    ]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_update_that_the_service_drops_without_a_word_is_not_taken_for_done(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch, "session.update", 0.5)
    voice = {"voice": "one"}

    def script(session: Session) -> None:
        session.emit("session.created", session=voice)
        session.take("session.update")
        session.emit("session.updated", session=voice)
        session.take("session.update")
        for _ in range(times):
            session.emit("session.updated", session=voice)
        session.until_closed()

    with turn(script) as (realtime, seen), pytest.raises(Unavailable, match=r"no session\.updated in time"):
        realtime.send(request(UPDATE, FURTHER, CREATE), 30)
    assert seen.asked == []


@pytest.mark.parametrize(
    "asked",
    [{"input_audio_transcription": {"model": "m"}}, {"audio": {"input": {"transcription": {"model": "m"}}}}],
    ids=["flat", "nested"],
)
@pytest.mark.parametrize("how", ["completed", "failed"])
def test_a_transcript_that_was_asked_for_is_waited_for_behind_the_end(asked: Event, how: str) -> None:
    def script(session: Session) -> None:
        commit(session)
        respond(session)
        session.emit("conversation.item.input_audio_transcription.completed", item_id="another", transcript="x")
        session.service.stopping.wait(0.3)
        session.emit(f"conversation.item.input_audio_transcription.{how}", item_id="sound-1", transcript="said")

    result = run(script, {"type": "session.update", "session": asked}, SOUND, COMMIT, CREATE)

    assert result.transcriptions[-1] == {"item_id": "sound-1", "transcript": "said"}
    assert result.status == "completed"


def test_a_transcript_that_never_comes_does_not_cost_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aistudio.realtime.waiting.TRANSCRIBED_WITHIN", 0.1)

    def script(session: Session) -> None:
        commit(session)
        respond(session)

    asked = {"type": "session.update", "session": {"input_audio_transcription": {"model": "m"}}}
    result = run(script, asked, SOUND, COMMIT, CREATE)
    assert (len(result.responses), result.transcriptions, result.status) == (1, [], "completed")


def test_a_transcript_without_being_asked_for_is_told_if_it_comes_and_not_waited_for() -> None:
    def script(session: Session) -> None:
        session.take("input_audio_buffer.append")
        session.take("input_audio_buffer.commit")
        session.emit("input_audio_buffer.committed", item_id="sound-0")
        commit(session)
        session.emit(TRANSCRIBED, item_id="sound-1", transcript="said", content_index=0)
        respond(session)
        session.service.stopping.wait(0.5)
        session.emit(TRANSCRIBED, item_id="sound-0", transcript="late")

    twice = [{**event, "event_id": f"{event['event_id']}-2"} for event in (SOUND, COMMIT)]
    assert run(script, SOUND, COMMIT, *twice, CREATE).transcriptions == [
        {"item_id": "sound-1", "transcript": "said", "content_index": 0}
    ]


def test_long_sound_goes_in_frames_of_less_than_a_mebibyte_and_is_whole() -> None:
    sound = bytes(range(256)) * 10_000
    with service(commit_of(4)) as (realtime, seen):
        result = realtime.send(request({**SOUND, "audio": base64.b64encode(sound).decode()}, COMMIT), 10)
    pieces = [frame for frame in seen.frames if frame["type"] == "input_audio_buffer.append"]
    assert b"".join(base64.b64decode(frame["audio"], validate=True) for frame in pieces) == sound
    assert max(len(frame["audio"]) for frame in pieces) < 2**20
    assert (pieces[0]["event_id"], len({frame["event_id"] for frame in pieces})) == ("sound", 4)
    assert statuses(result) == [("sound", "sent"), ("commit", "acknowledged")]


def commit_of(pieces: int) -> Script:
    def script(session: Session) -> None:
        for _ in range(pieces - 1):
            session.take("input_audio_buffer.append")
        commit(session)

    return script


# Cancelling


def test_a_cancel_goes_out_when_its_response_has_begun() -> None:
    def script(session: Session) -> None:
        session.take("response.create")
        assert no_frame_waits(session)
        session.created()
        session.take("response.cancel")
        session.done(status="cancelled")

    result = run(script, CREATE, CANCEL)
    assert statuses(result) == [("create", "acknowledged"), ("cancel", "acknowledged")]
    assert result.status == "cancelled"


@pytest.mark.parametrize("about", ["cancel", None])
def test_a_response_that_can_not_be_cancelled_goes_on_to_its_end_and_so_does_the_script(about: str | None) -> None:
    def script(session: Session) -> None:
        session.take("response.create")
        session.created()
        session.take("response.cancel")
        session.emit("error", error={**REFUSED, "code": "illegal_state", "event_id": about})
        session.text("output_text.done", "all of it")
        session.done()
        session.take("conversation.item.delete")
        session.emit("conversation.item.deleted", item_id="i1")

    result = run(script, CREATE, CANCEL, DELETE)
    assert statuses(result) == [("create", "acknowledged"), ("cancel", "refused"), ("delete", "acknowledged")]
    assert (result.responses[0].text, result.status) == ("all of it", "completed")


def test_a_cancel_that_came_too_late_is_no_error() -> None:
    def script(session: Session) -> None:
        session.take("response.create")
        session.created()
        session.done()
        session.take("response.cancel")
        session.emit("error", error={**REFUSED, "code": "response_cancel_not_active", "event_id": "cancel"})
        session.take("conversation.item.delete")
        session.emit("conversation.item.deleted", item_id="i1")

    result = run(script, CREATE, CANCEL, DELETE)
    assert [status for _, status in statuses(result)][::2] == ["acknowledged", "acknowledged"]
    assert result.status == "completed"


# Scripts that end early


def refuse(session: Session, kind: str, **error: Any) -> None:
    frame = session.take(kind)
    session.emit("error", error={**REFUSED, "event_id": frame["event_id"], **error})


def test_a_refusal_before_anything_is_billed_says_that_nothing_happened() -> None:
    def script(session: Session) -> None:
        session.take_item()
        refuse(session, "conversation.item.retrieve", code="item_not_found")

    with service(script) as (realtime, seen), pytest.raises(Rejected, match="item_not_found"):
        realtime.send(request(PUT, RETRIEVE, SOUND, COMMIT), 30)
    assert "input_audio_buffer.append" not in [frame["type"] for frame in seen.frames]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"type": "rate_limit_error"}, "throttled"),
        ({"type": "invalid_request_error"}, "rejected"),
        ({"code": "conversation_already_has_active_response"}, "unavailable"),
    ],
    ids=["throttled", "rejected", "busy"],
)
def test_a_refusal_behind_something_billed_is_told_with_what_was_had_and_never_tried_again(
    error: dict[str, str], status: str
) -> None:
    def script(session: Session) -> None:
        commit(session)
        session.emit(TRANSCRIBED, item_id="sound-1", transcript="said")
        refuse(session, "response.create", **error)

    result = run(script, SOUND, COMMIT, CREATE, DELETE)
    assert statuses(result) == [
        ("sound", "sent"),
        ("commit", "acknowledged"),
        ("create", "refused"),
        ("delete", "not_sent"),
    ]
    assert result.status == status
    assert [told["transcript"] for told in result.transcriptions] == ["said"]
    assert "asked" not in str(result.document())


def test_a_refusal_of_the_only_billed_event_says_that_it_did_not_happen() -> None:
    def script(session: Session) -> None:
        session.take_item()
        refuse(session, "response.create", type="rate_limit_error")

    with pytest.raises(Throttled):
        run(script, PUT, CREATE)


@pytest.mark.parametrize("end", ["close", "silence", "error"])
def test_a_break_behind_something_billed_is_unknown(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch, "input_audio_buffer.commit", 0.2)

    def script(session: Session) -> None:
        session.take("input_audio_buffer.append")
        session.take("input_audio_buffer.commit")
        if end == "close":
            session.connection.close(1011)
        elif end == "error":
            session.emit("error", error={"type": "server_error", "message": "m", "event_id": "commit"})

    with service(script) as (realtime, seen), pytest.raises(OutcomeUnknown):
        realtime.send(request(SOUND, COMMIT, CREATE), 30)
    assert seen.asked == []


@pytest.mark.parametrize("lone", [SOUND, COMMIT, CREATE, CANCEL, PUT, RETRIEVE, DELETE], ids=lambda lone: lone["type"])
def test_a_session_that_closes_may_have_done_what_is_billed_and_nothing_else(lone: Event) -> None:
    def script(session: Session) -> None:
        session.take(lone["type"])
        session.connection.close(1011)

    billed = lone in (SOUND, COMMIT, CREATE)
    with pytest.raises(OutcomeUnknown if billed else Unavailable):
        run(script, lone, {**RETRIEVE, "event_id": "last"})


def test_a_break_behind_an_answer_does_not_cost_that_answer() -> None:
    def script(session: Session) -> None:
        respond(session)
        session.take("response.create")
        session.created("resp_2")
        session.connection.close(1011)

    result = run(script, CREATE, {**CREATE, "event_id": "second"}, DELETE)
    assert [each.text for each in result.responses] == ["says resp_1"]
    assert statuses(result) == [("create", "acknowledged"), ("second", "unknown"), ("delete", "not_sent")]
    assert (result.status, "1011" in str(result.document()["error"])) == ("outcome_unknown", True)


@pytest.mark.parametrize("named", [True, False])
def test_an_error_that_names_no_event_is_about_the_event_that_is_not_acknowledged(
    *, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aistudio.realtime.script.DOUBT", 0.2)

    def script(session: Session) -> None:
        session.take("input_audio_buffer.append")
        session.take("input_audio_buffer.commit")
        session.emit("error", error={**REFUSED, "event_id": "commit" if named else None})

    result = run(script, SOUND, COMMIT)
    assert statuses(result) == [("sound", "sent"), ("commit", "refused")]
    assert result.status == "rejected"


def test_what_is_not_acknowledged_in_time_before_anything_is_billed_did_not_happen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hurry(monkeypatch, "conversation.item.delete", 0.1)

    with pytest.raises(Unavailable, match=r"no conversation\.item\.deleted"):
        run(take_an_item, PUT, DELETE, CREATE)


def test_an_item_that_is_not_acknowledged_holds_nothing_up_unless_it_is_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hurry(monkeypatch, "conversation.item.create", 0.1)

    def script(session: Session) -> None:
        session.take("conversation.item.create")
        respond(session)

    assert statuses(run(script, PUT, CREATE)) == [("put", "sent"), ("create", "acknowledged")]
    with pytest.raises(Unavailable):
        run(lambda session: None, PUT)


def test_a_script_takes_no_longer_than_it_may() -> None:
    def script(session: Session) -> None:
        commit(session)
        while not session.service.stopping.wait(0.05):
            session.emit("rate_limits.updated")

    with service(script) as (realtime, seen):
        with pytest.raises(OutcomeUnknown):
            realtime.send(request(SOUND, COMMIT, RETRIEVE), 1)
        seen.stopping.set()


@pytest.mark.parametrize(
    "events",
    [
        [{"type": "session.update", "session": {"instructions": "x" * 8_400_000}}],
        [{**PUT, "event_id": str(n), "item": {**ITEM, "x": "x" * 8_000_000}} for n in range(5)],
        [{"type": "input_audio_buffer.append", "audio": "AAAA" * 9_000_000}],
    ],
    ids=["a frame", "all frames", "all sound"],
)
def test_more_than_a_session_carries_is_rejected_before_anything_is_opened(events: list[Event]) -> None:
    with service(respond) as (realtime, seen), pytest.raises(Rejected, match="nothing was sent"):
        realtime.send(request(*events), 30)
    assert seen.handshakes == []


def test_a_script_needs_the_websocket() -> None:
    with (
        raw_server(lambda peer: None) as server,
        an_api(server.url, realtime_transport="http") as api,
        pytest.raises(Rejected, match="nothing was sent"),
    ):
        Realtime(api).send(request(CREATE), 30)
    assert server.connections == 0


def test_no_content_of_a_script_is_in_its_error() -> None:
    def script(session: Session) -> None:
        refuse(session, "conversation.item.create", param="planted")

    with pytest.raises(APIError) as caught:
        run(script, {**PUT, "item": {**ITEM, "content": [{"type": "input_text", "text": "planted"}]}})
    assert "planted" not in repr(caught.value) + str(caught.value)
