from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.responses import ResponseInputItemParam

from infra.local.studio.process import StudioHandle


@pytest.fixture
def model(studio: StudioHandle) -> str:
    return f"gpt://{studio.folder_id}/some-model"


def test_a_created_response_is_retrieved_and_deleted(studio: StudioHandle, sdk: OpenAI) -> None:
    made = sdk.responses.create(model=f"gpt://{studio.folder_id}/some-model", input="remember me")
    assert made.output_text == "You said: remember me"
    assert made.usage is not None
    assert (made.usage.input_tokens, made.usage.output_tokens) == (2, 4)

    found = sdk.responses.retrieve(made.id)
    assert (found.id, found.status, found.output) == (made.id, "completed", made.output)
    assert studio.stored() == [made.id]

    sdk.responses.delete(made.id)
    assert studio.stored() == []


def test_deleting_a_second_time_and_retrieving_are_not_found(studio: StudioHandle, sdk: OpenAI) -> None:
    studio.seed("once")
    sdk.responses.delete("once")

    with pytest.raises(openai.NotFoundError) as second:
        sdk.responses.delete("once")
    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve("once")

    assert second.value.type == "invalid_request_error"
    assert isinstance(second.value.body, dict)
    assert set(second.value.body) == {"code", "message", "param", "type"}
    assert second.value.request_id


def test_input_items_are_paged_through(studio: StudioHandle, sdk: OpenAI) -> None:
    asked: list[ResponseInputItemParam] = [{"role": "user", "content": f"line {number}"} for number in range(5)]
    made = sdk.responses.create(model=f"gpt://{studio.folder_id}/m", input=asked)

    read = list(sdk.responses.input_items.list(made.id, limit=2, order="asc"))

    assert [item.to_dict()["content"] for item in read] == [
        [{"type": "input_text", "text": f"line {number}"}] for number in range(5)
    ]


def test_what_is_not_stored_is_not_found(studio: StudioHandle, sdk: OpenAI) -> None:
    made = sdk.responses.create(model=f"gpt://{studio.folder_id}/m", input="forget me", store=False)

    with pytest.raises(openai.NotFoundError):
        sdk.responses.retrieve(made.id)
    assert studio.stored() == []


def test_a_model_of_another_folder_is_a_bad_request(studio: StudioHandle, sdk: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="folder ID does not match"):
        sdk.responses.create(model="gpt://another/m", input="x")
    assert studio.stored() == []


def test_a_wrong_key_is_unauthenticated_and_a_wrong_folder_forbidden(studio: StudioHandle, sdk: OpenAI) -> None:
    studio.seed("kept")

    with pytest.raises(openai.AuthenticationError):
        sdk.with_options(api_key="wrong").responses.delete("kept")
    with pytest.raises(openai.PermissionDeniedError):
        sdk.with_options(project="another").responses.delete("kept")
    with pytest.raises(openai.PermissionDeniedError):
        sdk.responses.delete("kept", extra_headers={"OpenAI-Project": openai.omit})

    assert studio.stored() == ["kept"]
    assert [call["status"] for call in studio.requests("kept")] == [401, 403, 403]


def test_a_response_in_the_background_is_queued_then_runs_then_is_completed(
    studio: StudioHandle, sdk: OpenAI, model: str
) -> None:
    studio.fault(response="pace", polls=3)
    made = sdk.responses.create(model=model, input="slowly", background=True)

    seen = [sdk.responses.retrieve(made.id) for _ in range(4)]

    assert (made.status, made.output, made.output_text) == ("queued", [], "")
    assert [found.status for found in seen] == ["in_progress", "in_progress", "completed", "completed"]
    assert seen[-1].output_text == "You said: slowly"
    assert [call["billed"] for call in studio.creates("slowly")] == [True]


def test_a_response_in_the_background_is_cancelled_once_and_stays_so(
    studio: StudioHandle, sdk: OpenAI, model: str
) -> None:
    made = sdk.responses.create(model=model, input="never mind", background=True)

    first, second = sdk.responses.cancel(made.id), sdk.responses.cancel(made.id)

    assert (first.status, first.output) == ("cancelled", [])
    assert second.to_dict() == first.to_dict() == sdk.responses.retrieve(made.id).to_dict()


def test_only_what_runs_in_the_background_can_be_cancelled(studio: StudioHandle, sdk: OpenAI, model: str) -> None:
    made = sdk.responses.create(model=model, input="at once")

    with pytest.raises(openai.BadRequestError, match="background"):
        sdk.responses.cancel(made.id)
    with pytest.raises(openai.NotFoundError):
        sdk.responses.cancel("never-was")
    assert sdk.responses.retrieve(made.id).status == "completed"


def test_a_cancel_of_what_is_over_changes_nothing(sdk: OpenAI, model: str) -> None:
    made = sdk.responses.create(model=model, input="done", background=True)
    while (found := sdk.responses.retrieve(made.id)).status != "completed":
        pass

    assert sdk.responses.cancel(made.id).to_dict() == found.to_dict()


def test_a_stream_has_the_apis_events_in_their_order_and_numbers(studio: StudioHandle, sdk: OpenAI, model: str) -> None:
    events = list(sdk.responses.create(model=model, input="good morning", stream=True))

    assert list(dict.fromkeys(event.type for event in events)) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.to_dict()["sequence_number"] for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert (len(deltas), "".join(deltas)) == (4, "You said: good morning")
    assert events[-1].type == "response.completed"
    last = events[-1].response
    assert sdk.responses.retrieve(last.id).to_dict() == last.to_dict()
    assert studio.stored() == [last.id]


def test_the_sdks_own_reading_of_a_stream_ends_in_the_same_response(sdk: OpenAI, model: str) -> None:
    with sdk.responses.stream(model=model, input="put me together") as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()

    assert kinds[-1] == "response.completed"
    assert final.output_text == "You said: put me together"
    assert sdk.responses.retrieve(final.id).output_text == final.output_text


def test_a_stream_is_replayed_behind_any_of_its_events(sdk: OpenAI, model: str) -> None:
    made = sdk.responses.create(model=model, input="once more", background=True, stream=True)
    first = [event.to_dict() for event in made]
    response: Any = first[0]["response"]

    again = [event.to_dict() for event in sdk.responses.retrieve(response["id"], stream=True)]
    rest = [event.to_dict() for event in sdk.responses.retrieve(response["id"], stream=True, starting_after=3)]

    assert [event["type"] for event in first[:3]] == ["response.created", "response.queued", "response.in_progress"]
    assert again == first
    assert rest == first[4:]
    assert response["status"] == "queued"
    assert sdk.responses.retrieve(response["id"]).status == "completed", "it was over when its stream was"


def test_input_items_come_newest_first_in_pages_of_twenty(studio: StudioHandle, sdk: OpenAI, model: str) -> None:
    asked: list[ResponseInputItemParam] = [{"role": "user", "content": f"line {number}"} for number in range(45)]
    made = sdk.responses.create(model=model, input=asked)

    first = sdk.responses.input_items.list(made.id)
    sizes = [len(page.data) for page in first.iter_pages()]
    texts: list[Any] = [item.to_dict()["content"] for item in first]

    assert sizes == [20, 20, 5]
    assert [parts[0]["text"] for parts in texts] == [f"line {number}" for number in reversed(range(45))]
    whole = first.to_dict()
    assert (whole["first_id"], whole["last_id"]) == (first.data[0].to_dict()["id"], first.data[-1].to_dict()["id"])


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_has_one_to_a_hundred_items(studio: StudioHandle, sdk: OpenAI, limit: int) -> None:
    studio.seed("a")

    with pytest.raises(openai.BadRequestError, match="limit"):
        sdk.responses.input_items.list("a", limit=limit)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 1.5),
        ("metadata", {"a": "b"}),
        ("truncation", "auto"),
        ("service_tier", "auto"),
        ("safety_identifier", "user-1"),
        ("prompt_cache_key", "key"),
        ("prompt_cache_retention", "24h"),
        ("reasoning", {"effort": "low"}),
        ("stream_options", {"include_obfuscation": True}),
        ("top_logprobs", 21),
        ("model", "some-model"),
        ("model", "gpt://b1glocalfolder/gpt-oss-120b"),
        ("tools", [{"type": "computer_use_preview"}]),
        ("tools", [{"type": "function", "name": "a.b", "parameters": {}}]),
        ("text", {"format": {"type": "json_schema", "name": "no spaces", "schema": {}}}),
        ("surprise", 1),
    ],
)
def test_what_the_reference_rules_out_is_a_bad_request_and_nothing_is_run(
    studio: StudioHandle, sdk: OpenAI, model: str, field: str, value: Any
) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        sdk.responses.create(model=model, input="x", extra_body={field: value})

    assert refusal.value.param is not None
    assert refusal.value.param.startswith(field)
    assert studio.stored() == []
    assert not any(call["billed"] for call in studio.requests())


def test_null_is_as_good_as_nothing(sdk: OpenAI, model: str) -> None:
    absent = {"temperature": None, "metadata": None, "reasoning": None, "tools": None, "text": None}

    assert sdk.responses.create(model=model, input="x", extra_body=absent).status == "completed"


def test_an_answer_that_is_too_long_is_incomplete(sdk: OpenAI, model: str) -> None:
    made = sdk.responses.create(model=model, input="many more words", max_output_tokens=3)

    assert (made.status, made.output_text) == ("incomplete", "You said: many")
    assert made.incomplete_details is not None
    assert made.incomplete_details.reason == "max_output_tokens"


def test_a_function_is_called_where_the_request_demands_it(sdk: OpenAI, model: str) -> None:
    made = sdk.responses.create(
        model=model,
        input="x",
        tools=[{"type": "function", "name": "look_up", "parameters": {}, "strict": False}],
        tool_choice="required",
    )

    call = made.output[0]
    assert call.type == "function_call"
    assert (call.name, call.arguments, made.output_text) == ("look_up", "{}", "")


def test_a_response_goes_on_from_another_and_in_a_conversation(sdk: OpenAI, model: str) -> None:
    first = sdk.responses.create(model=model, input="one", conversation="conv-1")
    second = sdk.responses.create(model=model, input="two", previous_response_id=first.id)

    assert first.conversation is not None
    assert (first.conversation.id, second.previous_response_id) == ("conv-1", first.id)
    sdk.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError, match="Previous response"):
        sdk.responses.create(model=model, input="three", previous_response_id=first.id)
    assert sdk.responses.retrieve(second.id).status == "completed"


def test_a_response_that_the_content_filter_stopped_is_no_previous_one(
    studio: StudioHandle, sdk: OpenAI, model: str
) -> None:
    studio.fault(response="ends", status="incomplete", reason="content_filter")
    stopped = sdk.responses.create(model=model, input="x")

    with pytest.raises(openai.BadRequestError, match="content filter"):
        sdk.responses.create(model=model, input="y", previous_response_id=stopped.id)
