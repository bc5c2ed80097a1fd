"""A list of input items: pages to the end, to the limit, to what repeats, within one deadline."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from aistudio import Absent, APIError, InputItems, OutcomeUnknown, Rejected, Responses, Unavailable
from aistudio.answers import Answer
from aistudio.responses import input_items
from aistudio.responses.input_items import page
from tests.unit.aistudio.clients import an_api
from tests.unit.aistudio.test_answers import ERRORS_IN_A_2XX, STATUSES


def item(number: int) -> dict[str, Any]:
    return {"id": f"item_{number}", "type": "message"}


class Service:
    """Lists so many items, in order."""

    def __init__(self, count: int, **odd: Any) -> None:
        self.items = [item(number) for number in range(count)]
        self.asked: list[dict[str, str]] = []
        self.odd = odd

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a page."""
        query = dict(request.url.params)
        self.asked.append(query)
        ids = [each["id"] for each in self.items]
        begin = ids.index(query["after"]) + 1 if "after" in query else 0
        data = self.items[begin : begin + int(query["limit"])]
        ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": "", "last_id": ""}
        more = begin + len(data) < len(self.items)
        return reply({"object": "list", "data": data, "has_more": more, **ends, **self.odd})


def reply(body: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, stream=httpx.ByteStream(json.dumps(body).encode()))


def listed(service: Any, **asked: Any) -> InputItems | Absent:
    with an_api(transport=httpx.MockTransport(service)) as api:
        return Responses(api).input_items("r1", 5, **asked)


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_all_pages_make_the_list(count: int, requests: int) -> None:
    service = Service(count)
    found = listed(service)
    assert isinstance(found, InputItems)
    assert found.items == tuple(service.items)
    assert not found.has_more
    assert len(service.asked) == requests


def test_a_limit_is_the_most_and_says_whether_there_is_more() -> None:
    service = Service(250)
    found = listed(service, limit=120, order="asc", after="item_9")
    assert isinstance(found, InputItems)
    assert found.items == tuple(service.items[10:130])
    assert found.has_more
    assert [query["limit"] for query in service.asked] == ["100", "20"]
    assert service.asked[0] == {"limit": "100", "order": "asc", "after": "item_9"}


def test_a_service_that_gives_more_than_was_asked_for_is_cut_at_the_limit() -> None:
    found = listed(lambda _: reply({"object": "list", "data": [item(1), item(2)], "has_more": False}), limit=1)
    assert isinstance(found, InputItems)
    assert (found.items, found.has_more) == ((item(1),), True)


def test_all_pages_share_one_deadline() -> None:
    seconds, left = [0.0], []
    service = Service(10_000)

    def slow(request: httpx.Request) -> httpx.Response:
        try:
            left.append(request.extensions["exchange"].left())
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        seconds[0] += 2
        return service(request)

    with an_api(transport=httpx.MockTransport(slow), monotonic=lambda: seconds[0]) as api, pytest.raises(Unavailable):
        Responses(api).input_items("r1", 5)
    assert left == [5, 3, 1]


@pytest.mark.parametrize(
    "last",
    [{}, {"last_id": None}, {"last_id": 7}, {"last_id": "\ud800"}, {"last_id": "x" * 70_000}],
    ids=["unnamed", "null", "a number", "half a character", "longer than a URL"],
)
def test_a_page_that_does_not_name_its_last_item_ends_with_it(last: Mapping[str, Any]) -> None:
    pages = [{"data": [item(1)], "has_more": True, **last}, {"data": [item(2)], "has_more": False}]
    asked: list[str | None] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("after"))
        return reply(pages[len(asked) - 1])

    found = listed(service)
    assert isinstance(found, InputItems)
    assert found.items == (item(1), item(2))
    assert asked == [None, "item_1"]


@pytest.mark.parametrize(
    ("body", "requests"),
    [
        ({"data": [item(1)], "has_more": True, "last_id": "item_1"}, 2),
        ({"data": [], "has_more": True, "last_id": ""}, 1),
        ({"data": [{"type": "message"}], "has_more": True}, 1),
        ({"data": [], "has_more": True, "last_id": "item_9"}, 2),
    ],
)
def test_a_list_that_does_not_get_on_ends_and_says_that_there_may_be_more(body: object, requests: int) -> None:
    asked: list[httpx.Request] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        assert len(asked) <= requests
        return reply(body)

    found = listed(service)
    assert isinstance(found, InputItems)
    assert found.has_more
    assert len(found.items) <= 1
    assert len(asked) == requests


def test_a_list_has_a_bound_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_items, "MAX_ITEMS", 5_000)
    service = Service(1_000)
    found = listed(service)
    assert isinstance(found, InputItems)
    assert found.has_more
    assert found.items == tuple(service.items[: 100 * len(service.asked)])
    assert len(service.asked) < 3


def test_an_error_of_any_page_is_the_lists() -> None:
    service = Service(250)

    def second_fails(request: httpx.Request) -> httpx.Response:
        return reply({}, 400) if service.asked else service(request)

    with pytest.raises(Rejected):
        listed(second_fails)


def test_a_response_that_is_not_there_has_no_list() -> None:
    gone = {"code": None, "message": "Response with id 'r1' not found.", "param": None, "type": "not_found"}
    assert isinstance(listed(lambda _: reply(gone, 404)), Absent)
    items = {**gone, "message": "Item with id 'item_9' not found."}
    with pytest.raises(Rejected):
        listed(lambda _: reply(items, 404), after="item_9")


def test_items_of_any_kind_are_passed_on() -> None:
    odd = [{"type": "crystal_ball_call"}, None, "text", 7, {"id": 7}]
    found = page(Answer(200, {}, json.dumps({"data": odd}).encode()), "r1")
    assert not isinstance(found, APIError | Absent)
    assert found.items == tuple(odd)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"data":{}}', b"<html>", b'{"data":[', b'{"id":"r1","output":[]}']
)
def test_a_2xx_that_is_no_list_says_nothing(body: bytes) -> None:
    assert type(page(Answer(200, {}, body), "r1")) is OutcomeUnknown


@pytest.mark.parametrize(("body", "kind", "_"), ERRORS_IN_A_2XX.values(), ids=ERRORS_IN_A_2XX)
def test_a_2xx_that_carries_an_error_is_that_error(body: object, kind: type[APIError], _: object) -> None:
    assert type(page(Answer(200, {}, json.dumps(body).encode()), "r1")) is kind


@pytest.mark.parametrize("status", STATUSES, ids=lambda status: f"HTTP {status}")
def test_other_statuses_mean_what_they_mean_for_any_call_that_may_be_repeated(status: int) -> None:
    assert type(page(Answer(status, {}, b""), "r1")) is STATUSES[status][0]
