"""Creating responses: in every form, one create for one answer, and no id that was learned is ever lost."""

from typing import Any

import pytest

from aistudio import Response, Trace
from ledger import Record, RecordKey
from ledger.agenda import text_of
from ledger.states import DONE
from tests.integration.steps import LEASE, Ends
from tests.support.functions import bench_of
from tests.support.kit import Kit
from tests.support.messages import Entry, again
from tests.support.observations import reasons
from tests.support.seam import Action, killed_after, killed_before, refused, unseen
from worker.message_attributes import Signer
from worker.send.elsewhere import Elsewhere
from worker.send.queue_message import Carrier

CREATED, FETCHED = "yandex.aistudio.response.created", "yandex.aistudio.response.fetched"
PLAIN: dict[str, Any] = {}
STREAM: dict[str, Any] = {"stream": True}
BACKGROUND: dict[str, Any] = {"background": True}
FORMS = {"plain": PLAIN, "stream": STREAM, "background": BACKGROUND}


class Creating:
    """The function that creates, and the one that polls, on one ledger and one results queue."""

    def __init__(self, kit: Kit) -> None:
        self.creates, self.polls = bench_of("create_response", kit), bench_of("get_response", kit)
        self.studio, self.clock, self.keys = kit.studio, self.creates.clock, self.creates.keys
        self.polls.clock, self.polls.keys, self.polls.table = self.clock, self.keys, self.creates.table
        self.polls.own, self.polls.answers = self.creates.others, self.creates.answers
        self.polls.carrier = Carrier(Signer(self.creates.secret, "get_response"))
        urls = {"get_response": self.creates.others}
        self.creates.elsewhere = lambda queue: Elsewhere(queue, urls, "create_response")

    def message(self, key: str = "evt_1", **fields: Any) -> Entry:
        """A message that asks for a response."""
        body = {"event_id": key, "model": f"gpt://{self.studio.folder_id}/some-model", "input": key, **fields}
        return self.creates.message(body)

    def create(self, *messages: Entry, **options: Any) -> Ends:
        """Deliver these, and say how they ended."""
        return self.creates.deliver(*messages, **options).ends

    def poll(self) -> Ends:
        """Deliver all polls that wait, and say how they ended."""
        return self.polls.deliver(*self.polls.take_retry_messages()).ends

    def poll_to_the_end(self) -> None:
        """Poll until nothing waits any more."""
        for _ in range(9):
            if not self.polls.retry_messages():
                return
            self.poll()
        raise AssertionError("the polls have no end")

    def billed(self, key: str = "evt_1") -> int:
        """How often a model was run for this."""
        return sum(call["billed"] for call in self.studio.creates(key))

    def results(self) -> list[tuple[str, Any, str]]:
        """Type, status and cause of each result."""
        told = self.creates.results()
        return [(each["type"], each["data"]["status"], each["causationid"]) for each in told]

    def subjects(self) -> list[str]:
        """What each result names."""
        return [each["subject"] for each in self.creates.results()]

    def registered(self) -> list[Record]:
        """The records of stored responses."""
        found = [item["key"]["S"] for item in self.creates.records() if item["key"]["S"].startswith("response#")]
        return [self.creates.record_at(RecordKey(key)) for key in found]


@pytest.fixture
def creating(kit: Kit) -> Creating:
    return Creating(kit)


@pytest.mark.parametrize("form", [PLAIN, STREAM], ids=["plain", "stream"])
def test_a_response_is_created_told_and_registered_by_its_person_and_parent(
    creating: Creating, form: dict[str, Any]
) -> None:
    creating.studio.seed("resp_0")
    message = creating.message(
        **form, subject="alice", delete_after="2030-01-01T00:00:00Z", previous_response_id="resp_0"
    )

    assert creating.create(message) == [("done", "done")]

    (event,) = creating.creates.results()
    assert event["data"]["text"] == "You said: evt_1"
    assert (event["data"]["status"], event["data"]["usage"]["output_tokens"]) == ("completed", 3)
    (record,) = creating.registered()
    assert record.response_id == event["data"]["response"]["id"]
    assert record.key == creating.keys.key("response", str(record.response_id))
    assert record.subject == creating.keys.key("subject", "alice")
    assert (record.delete_after, record.due_at) == ("2030-01-01T00:00:00.000Z",) * 2
    assert record.rest["parent"] == creating.keys.key("response", "resp_0")
    own = creating.creates.record("evt_1")
    assert (own.state, own.response_id) == (DONE, None)


@pytest.mark.parametrize("store", [{"store": True}, {"store": None}, {}], ids=["stored", "null", "not said"])
def test_whether_it_is_stored_is_always_sent_and_the_body_is_else_untouched(
    creating: Creating, store: dict[str, Any]
) -> None:
    said: dict[str, Any] = {"temperature": 0.5, "tools": [], "text": {"format": {"type": "text"}}, "top_p": None}
    sent: list[Any] = []

    class Client:
        """Notes what is sent."""

        def create(self, body: Any, timeout: float, learned: Any) -> Response:
            sent.append(body)
            return Response({"id": "resp_1", "output": [], "status": "completed"}, Trace())

    asked = creating.message(**said, **store, subject="alice", on_unknown="retry")
    assert creating.create(asked, client=Client()) == [("done", "done")]

    assert sent == [{"model": f"gpt://{creating.studio.folder_id}/some-model", "input": "evt_1", **said, "store": True}]


def test_a_policy_dates_the_response_from_its_message_on(creating: Creating) -> None:
    creating.create(creating.message(policy="session", conversation={"id": "conv_1"}))

    (record,) = creating.registered()
    assert (record.rest["policy"], record.due_at) == ("session", text_of(creating.clock.now() + 86_400))
    assert record.conversation == creating.keys.key("conversation", "conv_1")


def test_what_is_not_stored_is_never_registered(creating: Creating) -> None:
    assert creating.create(creating.message(store=False, subject="alice")) == [("done", "done")]

    assert creating.registered() == []
    assert [each["data"]["status"] for each in creating.creates.results()] == ["completed"]


def test_a_background_response_over_five_polls_costs_one_create_and_has_one_result(creating: Creating) -> None:
    creating.studio.fault(response="pace", polls=5)
    message = creating.creates.message(
        {
            "specversion": "1.0",
            "id": "order-7",
            "source": "/shop",
            "type": "asked",
            "data": {"model": f"gpt://{creating.studio.folder_id}/m", "input": "evt_1", "background": True},
        }
    )

    assert creating.create(message) == [("done", "queued")]
    (record,) = creating.registered()
    assert record.response_id == creating.studio.stored()[0]
    assert creating.results() == []

    ends = [creating.poll() for _ in range(5)]

    assert ends == [*[[("deferred", "unfinished")]] * 4, [("done", "done")]]
    assert creating.polls.delays() == [0, 10, 20, 40, 80]
    assert creating.results() == [(FETCHED, "completed", '["/shop","order-7"]')]
    assert creating.billed() == 1


@pytest.mark.parametrize("subject", ["hash", "key"])
def test_the_result_of_a_background_response_names_what_its_create_was_asked_under(
    creating: Creating, subject: Any
) -> None:
    creating.studio.fault(response="pace", polls=1)
    creating.polls.subject = subject
    creating.create(creating.message("evt_1", **BACKGROUND), creating.message("evt_2", **BACKGROUND))

    creating.poll_to_the_end()

    keys = ("evt_1", "evt_2")
    named = {creating.keys.key("create_response", key) for key in keys} if subject == "hash" else set(keys)
    assert set(creating.subjects()) == named
    assert len({each["id"] for each in creating.creates.results()}) == len(keys)


NO_SUCH = {"code": None, "message": "No such response", "param": None, "type": "not_found"}


def test_a_response_that_is_not_found_at_first_is_asked_for_again(creating: Creating) -> None:
    creating.create(creating.message(**BACKGROUND))
    creating.studio.fault(match={"method": "GET"}, status=404, body=NO_SUCH)

    assert creating.poll() == [("deferred", "unfinished")]
    creating.clock.advance(10)
    creating.poll_to_the_end()

    assert [status for _, status, _ in creating.results()] == ["completed"]


def test_a_response_that_stays_away_is_told_absent_in_the_end(creating: Creating) -> None:
    creating.create(creating.message(**BACKGROUND))
    creating.studio.fault(match={"method": "GET"}, status=404, body=NO_SUCH, times=9)

    assert creating.poll() == [("deferred", "unfinished")]
    creating.clock.advance(120)
    assert creating.poll() == [("done", "done")]

    assert [status for _, status, _ in creating.results()] == ["absent"]


def test_polls_end_with_the_greatest_age_and_say_so(creating: Creating) -> None:
    creating.studio.fault(response="pace", seconds=3600)
    creating.create(creating.message(**BACKGROUND))

    creating.poll()
    creating.clock.advance(90_000)

    assert creating.poll() == [("dead_lettered", "unfinished")]


@pytest.mark.parametrize("status", ["failed", "incomplete"])
@pytest.mark.parametrize("form", FORMS)
def test_a_response_that_does_not_complete_is_a_result_too(creating: Creating, form: str, status: str) -> None:
    creating.studio.fault(response="ends", status=status)

    creating.create(creating.message(**FORMS[form]))
    creating.poll_to_the_end()

    assert [told for _, told, _ in creating.results()] == [status]
    assert len(creating.registered()) == 1


BREAKS: dict[str, dict[str, Any]] = {
    "cut": {"response": "stream_breaks", "after_events": 2},
    "reset": {"response": "stream_breaks", "after_events": 2, "reset": True},
    "stopped": {"response": "stream_stops", "after_events": 2},
    "error event": {"response": "stream_error", "after_events": 2},
}


@pytest.mark.parametrize("fault", BREAKS)
def test_a_stream_that_breaks_after_the_id_is_known_is_looked_up(creating: Creating, fault: str) -> None:
    creating.studio.fault(**BREAKS[fault])

    assert creating.create(creating.message(**STREAM)) == [("done", "begun")]
    creating.poll_to_the_end()

    assert [(kind, status) for kind, status, _ in creating.results()] == [(FETCHED, "completed")]
    assert creating.billed() == 1
    assert [record.response_id for record in creating.registered()] == creating.studio.stored()


def test_an_answer_that_breaks_after_the_id_is_known_is_looked_up(creating: Creating) -> None:
    creating.studio.fault(drop="body")

    assert creating.create(creating.message()) == [("done", "begun")]
    creating.poll_to_the_end()

    assert [(kind, status) for kind, status, _ in creating.results()] == [(FETCHED, "completed")]
    assert creating.billed() == 1


def test_what_breaks_before_the_id_is_dead_lettered_with_what_to_look_it_up_by(creating: Creating) -> None:
    creating.studio.fault(status=504, effect="before", headers={"x-request-id": "their-id"})

    assert creating.create(creating.message()) == [("dead_lettered", "outcome_unknown")]

    (dead_letter,) = creating.creates.dead_letters()
    (call,) = creating.studio.creates("evt_1")
    detail = dead_letter.attributes["detail"]
    assert "a response with an unknown id may be stored: called 20" in detail
    assert f"x-client-request-id {call['headers']['x-client-request-id']}" in detail
    assert "x-request-id their-id" in detail


@pytest.mark.parametrize("fault", [{"status": 504, "effect": "before"}, {"drop": "body"}], ids=["no id", "id"])
def test_of_what_is_never_stored_nobody_is_told_to_look_it_up(creating: Creating, fault: dict[str, Any]) -> None:
    creating.studio.fault(**fault)

    assert creating.create(creating.message(store=False)) == [("dead_lettered", "outcome_unknown")]

    (dead_letter,) = creating.creates.dead_letters()
    assert "stored" not in dead_letter.attributes["detail"]


def test_a_field_that_was_refused_as_unsupported_is_sent_once_the_settings_allow_it(creating: Creating) -> None:
    assert creating.create(creating.message(metadata={"a": "b"})) == [("dead_lettered", "invalid_message")]
    (moved_back,) = creating.creates.redrive()
    creating.creates.settings = creating.creates.settings.model_copy(
        update={"aistudio_allow_fields": frozenset({"metadata"})}
    )

    # The local AI Studio refuses it, as the reference says.
    assert creating.creates.deliver(moved_back).ends == [("dead_lettered", "rejected")]
    assert len(creating.studio.creates("evt_1")) == 1


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"metadata": {"a": "b"}}, "metadata is not supported"),
        ({"truncation": "auto", "service_tier": "x"}, "service_tier is not supported by the API; truncation is not"),
        ({"stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation is not supported"),
        ({"temperature": 1.5}, "temperature is not a number from 0 to 1"),
        ({"temperature": True}, "temperature is not a number from 0 to 1"),
        ({"stream": "yes"}, "stream is not true or false"),
        ({"previous_response_id": 5}, "previous_response_id is not a text"),
        ({"delete_afer": "2030-01-01T00:00:00Z"}, "1 unknown fields"),
        ({"delete_after": "tomorrow"}, "body.delete_after"),
        ({"policy": "two words"}, "body.policy"),
        ({"policy": "unheard_of"}, "policy: is none of default, session"),
        ({"policy": "session", "delete_after": "2030-01-01T00:00:00Z"}, "delete_after: name it or a policy, not both"),
    ],
)
def test_what_the_reference_is_sure_of_is_refused_by_name(
    creating: Creating, fields: dict[str, Any], told: str
) -> None:
    assert creating.create(creating.message(**fields)) == [("dead_lettered", "invalid_message")]

    (dead_letter,) = creating.creates.dead_letters()
    assert told in dead_letter.attributes["detail"]
    assert creating.studio.requests() == []


def test_nulls_are_the_apis_own_way_to_say_nothing(creating: Creating) -> None:
    assert creating.create(creating.message(metadata=None, temperature=None, store=None)) == [("done", "done")]


def test_a_deleted_response_is_not_registered_again_by_a_repeated_outcome(creating: Creating) -> None:
    creating.creates.ledger.arm("TransactWriteItems", unseen)

    assert creating.create(creating.message()) == [("done", "done")]
    assert len(creating.registered()) == 1


@pytest.mark.draft(23)
def test_an_outcome_is_written_alone_where_the_response_has_a_receipt_already(creating: Creating) -> None:
    def deleted(*_: Any) -> None:
        (response_id,) = creating.studio.stored()
        key = creating.keys.key("response", response_id)
        creating.creates.kit.spectator.put_item(
            TableName=creating.creates.table, Item={"key": {"S": key}, "state": {"S": "deleted"}}
        )

    creating.creates.ledger.arm("TransactWriteItems", deleted)

    assert creating.create(creating.message()) == [("done", "done")]

    (record,) = creating.registered()
    assert (record.state, record.response_id) == ("deleted", None)
    assert creating.creates.record("evt_1").state == DONE


def test_an_outcome_is_written_however_often_its_write_is_lost_while_there_is_time(creating: Creating) -> None:
    creating.creates.ledger.arm("UpdateItem", lambda *_: None, refused)  # the claim, and the response's id
    creating.creates.ledger.arm("TransactWriteItems", refused, refused, refused, refused)

    assert creating.create(creating.message()) == [("done", "done")]
    assert [record.response_id for record in creating.registered()] == creating.studio.stored()


STEPS: dict[str, tuple[str, str, Action]] = {
    "before the claim": ("ledger", "UpdateItem", killed_before),
    "after the claim": ("ledger", "UpdateItem", killed_after),
    "before its id is kept": ("ledger", "2 UpdateItem", killed_before),
    "after its id is kept": ("ledger", "2 UpdateItem", killed_after),
    "before the first message": ("queues", "SendMessageBatch", killed_before),
    "after the first message": ("queues", "SendMessageBatch", killed_after),
    "before the outcome": ("ledger", "TransactWriteItems", killed_before),
    "after the outcome": ("ledger", "TransactWriteItems", killed_after),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("step", STEPS)
def test_a_create_killed_at_any_step_is_made_once_and_keeps_the_id_that_it_learned(
    creating: Creating, form: str, step: str
) -> None:
    wire, operation, killed = STEPS[step]
    nth, _, operation = operation.rpartition(" ")
    seam = getattr(creating.creates, wire)
    seam.arm(operation, *[lambda *_: None] * (int(nth or 1) - 1), killed)
    message = creating.message(**FORMS[form])
    assert not creating.creates.deliver(message).acknowledged
    seam.reset()

    creating.clock.advance(LEASE + 1)
    returned = creating.create(again(message))
    creating.poll_to_the_end()

    assert creating.billed() == len(creating.studio.stored()) == (step != "after the claim")
    if step in ("after the claim", "before its id is kept"):  # nothing was learned that could be kept
        assert returned == [("dead_lettered", "outcome_unknown")]
        assert "it was about to call at 20" in creating.creates.dead_letters()[0].attributes["detail"]
        assert creating.registered() == []
        return
    assert returned[0][0] == "done"
    assert [record.response_id for record in creating.registered()] == creating.studio.stored()
    assert {cause for _, _, cause in creating.results()} == {message["details"]["message"]["message_id"]}
    assert len(creating.results()) == (2 if form != "background" and step in SENT_BEFORE else 1)


SENT_BEFORE = ("after the first message", "before the outcome")
"""Where the result has left, and no record says so: the poll tells it once more, under another id."""


def test_polls_that_cannot_be_sent_leave_the_create_to_be_found_by_its_id(creating: Creating) -> None:
    creating.creates.queues.arm("SendMessageBatch", refused, refused)
    message = creating.message(**BACKGROUND)

    assert creating.create(message) == [("unsettled", "another queue")]
    creating.clock.advance(LEASE + 1)

    assert creating.create(again(message)) == [("done", "begun")]
    creating.poll_to_the_end()
    assert [status for _, status, _ in creating.results()] == ["completed"]
    assert creating.billed() == 1


def test_a_create_whose_id_is_known_is_not_forced_but_looked_up(creating: Creating) -> None:
    creating.creates.queues.arm("SendMessageBatch", killed_before)
    message = creating.message(**BACKGROUND)
    creating.creates.deliver(message)
    creating.clock.advance(LEASE + 1)
    body = message["details"]["message"]["body"]
    forced = creating.creates.retry_message(body, key="evt_1", redrive=1, force=True)

    assert creating.create(forced) == [("done", "begun")]
    assert creating.billed() == 1


def test_a_create_that_is_looked_up_for_a_redriven_message_is_polled_and_told_once(creating: Creating) -> None:
    creating.creates.queues.arm("SendMessageBatch", killed_after)
    message = creating.message(**BACKGROUND)
    creating.creates.deliver(message)
    creating.clock.advance(LEASE + 1)
    redriven = creating.creates.retry_message(message["details"]["message"]["body"], key="evt_1", redrive=1)

    assert creating.create(redriven) == [("done", "begun")]
    creating.poll_to_the_end()
    assert len(creating.results()) == 1


def test_the_same_key_with_other_content_is_dead_lettered(creating: Creating) -> None:
    assert creating.create(creating.message()) == [("done", "done")]

    assert creating.create(creating.message(temperature=0.1)) == [("dead_lettered", "key_reused")]
    assert reasons(creating.creates.dead_letters()) == ["key_reused"]
    assert creating.billed() == 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("step", ["", "before its outcome is written"])
def test_a_response_s_tokens_are_counted_once_however_often_it_is_read(
    creating: Creating, form: str, step: str
) -> None:
    message = creating.message(**FORMS[form])
    if step:
        creating.creates.ledger.arm("TransactWriteItems", *[refused] * 40)
    delivered = [creating.creates.deliver(message)]
    creating.creates.ledger.reset()
    if step:
        creating.clock.advance(LEASE + 1)
        delivered.append(creating.creates.deliver(again(message)))
    delivered += [creating.polls.deliver(*creating.polls.take_retry_messages()) for _ in range(3)]
    (response_id,) = creating.studio.stored()
    cancels = bench_of("cancel_response", creating.creates.kit)
    reads = ({"response_id": response_id}, {"response_id": response_id, "until_over": True})
    delivered += [creating.polls.deliver(creating.polls.message(read)) for read in reads]
    delivered.append(cancels.deliver(cancels.message({"response_id": response_id, "where_possible": True})))

    lines = [line for each in delivered for line in each.lines if "end" in line]
    assert [line["usage"]["output_tokens"] for line in lines if "usage" in line] == [3]


def test_the_settled_line_has_model_status_and_usage_by_kind(creating: Creating) -> None:
    delivered = creating.creates.deliver(creating.message())

    (line,) = [line for line in delivered.lines if "end" in line]
    assert line["model"] == f"gpt://{creating.studio.folder_id}/some-model"
    assert line["response_status"] == "completed"
    assert set(line["usage"]) == {
        *("input_tokens", "input_tokens_details", "output_tokens", "output_tokens_details", "total_tokens")
    }
    assert "evt_1" not in str(delivered.lines)
    assert creating.studio.stored()[0] not in str(delivered.lines)
