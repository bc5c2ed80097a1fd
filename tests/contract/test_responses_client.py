"""Our client of the Responses API against the local AI Studio: every endpoint, every way in which an answer can break."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from aistudio import API, Absent, Config, InputItems, OutcomeUnknown, Rejected, Response, Responses, Throttled
from infra.local.studio.process import StudioHandle


@pytest.fixture
def responses(studio: StudioHandle) -> Iterator[Responses]:
    with closing(API(Config(studio.base_url, studio.folder_id, studio.api_key), token=lambda: "")) as api:
        yield Responses(api)


def asking(studio: StudioHandle, **more: Any) -> dict[str, Any]:
    return {"model": f"gpt://{studio.folder_id}/some-model", "input": "Where is my order?", **more}


def got(found: Response | Absent) -> Response:
    assert isinstance(found, Response)
    return found


@pytest.mark.parametrize("stream", [False, True])
def test_a_create_is_its_response_plainly_and_as_a_stream(
    studio: StudioHandle, responses: Responses, stream: bool
) -> None:
    made = responses.create(asking(studio, stream=stream), 10)

    assert (made.status, made.over, made.model) == ("completed", True, f"gpt://{studio.folder_id}/some-model")
    assert made.text
    assert made.usage is not None
    assert made.id is not None
    assert got(responses.get(made.id, 10)).body == made.body
    assert len(studio.creates("Where is my order?")) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", ["failed", "incomplete"])
def test_a_response_that_fails_or_stops_short_is_a_response(
    studio: StudioHandle, responses: Responses, stream: bool, status: str
) -> None:
    studio.fault(response="ends", status=status)

    assert responses.create(asking(studio, stream=stream), 10).status == status


@pytest.mark.parametrize(
    "fault",
    [
        {"response": "stream_breaks", "after_events": 1},
        {"response": "stream_breaks", "after_events": 4, "reset": True},
        {"response": "stream_stops", "after_events": 2},
        {"response": "stream_error", "after_events": 3},
    ],
    ids=str,
)
def test_a_stream_that_breaks_after_the_id_names_the_response_that_a_get_then_finds(
    studio: StudioHandle, responses: Responses, fault: dict[str, Any]
) -> None:
    studio.fault(**fault)

    with pytest.raises(OutcomeUnknown) as caught:
        responses.create(asking(studio, stream=True), 10)

    assert studio.stored() == [caught.value.response_id]
    assert got(responses.get(str(caught.value.response_id), 10)).status == "completed"


def test_a_stream_that_breaks_before_its_first_event_names_none(studio: StudioHandle, responses: Responses) -> None:
    studio.fault(response="stream_breaks", after_events=0)

    with pytest.raises(OutcomeUnknown) as caught:
        responses.create(asking(studio, stream=True), 10)

    assert caught.value.response_id is None


def test_an_error_before_any_event_of_a_response_is_that_error(studio: StudioHandle, responses: Responses) -> None:
    studio.fault(response="stream_error", after_events=0, error_code="rate_limit_exceeded")

    with pytest.raises(Throttled):
        responses.create(asking(studio, stream=True), 10)


@pytest.mark.parametrize("odd", ["stream_unknown_events", "stream_sentinel", "stream_pieces"])
def test_odd_streams_are_read(studio: StudioHandle, responses: Responses, odd: str) -> None:
    studio.fault(response=odd)

    made = responses.create(asking(studio, input="Где мой заказ?", stream=True), 10)

    assert made.text
    assert made.id is not None
    assert got(responses.get(made.id, 10)).body == made.body


def test_a_plain_answer_that_breaks_in_its_body_names_the_response(studio: StudioHandle, responses: Responses) -> None:
    studio.fault(response="long_text", size=50_000)
    studio.fault(match={"method": "POST"}, drop="body")

    with pytest.raises(OutcomeUnknown) as caught:
        responses.create(asking(studio), 10)

    assert caught.value.response_id in {None, *studio.stored()}
    assert len(studio.creates("Where is my order?")) == 1


@pytest.mark.parametrize("odd", ["empty_output_text", "text_in_summary", "unknown_items", "no_usage", "refusal"])
def test_odd_responses_are_read(studio: StudioHandle, responses: Responses, odd: str) -> None:
    studio.fault(response=odd)

    made = responses.create(asking(studio), 10)

    assert (made.text is None) == (odd == "refusal")
    assert (made.usage is None) == (odd == "no_usage")


def test_a_create_that_is_refused_did_not_happen(studio: StudioHandle, responses: Responses) -> None:
    for wrong in ({"temperature": 2}, {"model": "no-uri"}, {"metadata": {"a": "1"}}, {"previous_response_id": "none"}):
        with pytest.raises(Rejected):
            responses.create(asking(studio, **wrong), 10)

    assert studio.stored() == []


def test_a_background_response_is_polled_to_its_end(studio: StudioHandle, responses: Responses) -> None:
    studio.fault(response="pace", polls=2)

    made = responses.create(asking(studio, background=True), 10)

    assert made.status == "queued"
    assert [got(responses.get(str(made.id), 10)).status for _ in range(2)] == ["in_progress", "completed"]


def test_what_was_never_stored_or_is_deleted_is_absent(studio: StudioHandle, responses: Responses) -> None:
    made = responses.create(asking(studio, store=False), 10)

    for unknown in (str(made.id), "another"):
        assert isinstance(responses.get(unknown, 10), Absent)
        assert isinstance(responses.cancel(unknown, 10), Absent)
        assert isinstance(responses.input_items(unknown, 10), Absent)


def test_a_cancel_ends_what_runs(studio: StudioHandle, responses: Responses) -> None:
    studio.seed("r1", status="in_progress", background=True)

    assert got(responses.cancel("r1", 10)).status == "cancelled"
    assert got(responses.get("r1", 10)).status == "cancelled"


@pytest.mark.parametrize("fault", [None, "cancel_refused"])
def test_a_cancel_of_what_is_over_leaves_it(studio: StudioHandle, responses: Responses, fault: str | None) -> None:
    studio.seed("r1", status="completed", background=True)
    if fault:
        studio.fault(response=fault)

    assert got(responses.cancel("r1", 10)).status == "completed"


@pytest.mark.parametrize(
    ("fault", "then"), [("cancel_loses", ["completed", "completed"]), ("cancel_slow", ["in_progress", "cancelled"])]
)
def test_a_cancel_that_comes_too_late_or_takes_its_time_says_so(
    studio: StudioHandle, responses: Responses, fault: str, then: list[str]
) -> None:
    studio.faults([{"response": "pace", "polls": 5}, {"response": fault}])
    made = str(responses.create(asking(studio, background=True), 10).id)
    assert got(responses.get(made, 10)).status == "in_progress"

    assert [got(responses.cancel(made, 10)).status, got(responses.get(made, 10)).status] == then


def test_a_cancel_of_what_does_not_run_in_the_background_is_rejected(
    studio: StudioHandle, responses: Responses
) -> None:
    studio.seed("r1", background=False)

    with pytest.raises(Rejected):
        responses.cancel("r1", 10)


def test_all_items_of_a_long_input_are_listed_once_and_in_order(studio: StudioHandle, responses: Responses) -> None:
    said = [{"role": "user", "content": f"line {number}"} for number in range(230)]
    made = responses.create(asking(studio, input=said), 10)

    oldest_first = responses.input_items(str(made.id), 10, order="asc")
    newest_first = responses.input_items(str(made.id), 10)

    assert isinstance(oldest_first, InputItems)
    assert isinstance(newest_first, InputItems)
    assert len(oldest_first.items) == 230
    assert oldest_first.items == newest_first.items[::-1]
    assert not oldest_first.has_more


@pytest.mark.parametrize("fault", ["pages_repeat", "page_empty"])
def test_a_list_that_does_not_get_on_ends(studio: StudioHandle, responses: Responses, fault: str) -> None:
    said = [{"role": "user", "content": f"line {number}"} for number in range(130)]
    made = responses.create(asking(studio, input=said), 10)
    studio.fault(response=fault, times=None)

    found = responses.input_items(str(made.id), 10)

    assert isinstance(found, InputItems)
    assert found.has_more
    ids = [item["id"] for item in found.items]
    assert len(ids) == len(set(ids)) <= 130
