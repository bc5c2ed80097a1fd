import time
from typing import Any

import httpx
import pytest

from infra.local.studio.process import StudioHandle
from tests.contract.helpers import raw_request
from tests.support.waiting import eventually


@pytest.mark.parametrize("status", [400, 401, 403, 408, 409, 429, 500, 501, 502, 503, 504])
def test_a_status_replaces_the_answer_and_nothing_is_deleted(
    studio: StudioHandle, http: httpx.Client, status: int
) -> None:
    studio.seed("a")
    studio.fault(status=status, headers={"Retry-After": "2"})

    answer = http.delete("responses/a")

    assert (answer.status_code, answer.content, answer.headers["retry-after"]) == (status, b"", "2")
    assert answer.headers["x-request-id"]
    assert studio.stored() == ["a"]
    assert http.delete("responses/a").status_code == 200, "a fault strikes once unless told otherwise"


@pytest.mark.parametrize(
    ("effect", "left"), [("none", ["a"]), ("before", []), ("after", [])], ids=["never", "before", "late"]
)
def test_the_effect_is_apart_from_the_answer(
    studio: StudioHandle, http: httpx.Client, effect: str, left: list[str]
) -> None:
    studio.seed("a")
    studio.fault(status=503, effect=effect)

    assert http.delete("responses/a").status_code == 503

    eventually(lambda: studio.stored() == left, "deleted only where there is an effect")
    eventually(lambda: studio.requests("a")[0]["effect"] is (not left), "the log tells the effect")


def test_a_late_effect_comes_after_the_client_has_given_up(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a")
    studio.fault(status=200, effect="after", delay=0.3)

    with pytest.raises(httpx.ReadTimeout):
        http.delete("responses/a", timeout=0.1)

    assert studio.stored() == ["a"]
    eventually(lambda: studio.stored() == [], "deleted all the same")


@pytest.mark.parametrize(
    ("fault", "content_type", "content"),
    [
        ({"body": {"deleted": False}, "effect": "none"}, "application/json", b'{"deleted": false}'),
        ({"status": 404, "body": {"error": {"message": "x"}}}, "application/json", b'{"error": {"message": "x"}}'),
        ({"body": None}, "application/json", b"null"),
        ({"body": "half a {"}, "text/plain", b"half a {"),
        ({"body": "<a/>", "headers": {"Content-Type": "text/xml"}}, "text/xml", b"<a/>"),
    ],
)
def test_a_body_is_sent_as_given(
    studio: StudioHandle, http: httpx.Client, fault: dict[str, Any], content_type: str, content: bytes
) -> None:
    studio.seed("a")
    studio.fault(**fault)

    answer = http.delete("responses/a")

    assert answer.status_code == fault.get("status", 200)
    assert (answer.headers["content-type"], answer.content) == (content_type, content)


def test_html_is_a_gateways_page(studio: StudioHandle, http: httpx.Client) -> None:
    studio.fault(status=404, html=True)

    answer = http.delete("responses/a")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html")
    assert answer.text.startswith("<html>")


def test_a_body_may_be_larger_than_a_client_should_read(studio: StudioHandle, http: httpx.Client) -> None:
    studio.fault(body="x" * 10_000_000)

    assert len(http.delete("responses/a").content) == 10_000_000


@pytest.mark.parametrize(("drop", "left"), [("before", ["a"]), ("after", [])])
@pytest.mark.parametrize(("reset", "error"), [(False, httpx.RemoteProtocolError), (True, httpx.ReadError)])
def test_a_dropped_connection_gives_no_answer(
    studio: StudioHandle, http: httpx.Client, drop: str, left: list[str], reset: bool, error: type[Exception]
) -> None:
    studio.seed("a")
    studio.fault(drop=drop, reset=reset)

    with pytest.raises(error):
        http.delete("responses/a")

    assert studio.stored() == left
    call = studio.requests("a")[0]
    assert (call["status"], call["effect"]) == (None, not left)


def test_an_answer_may_break_off_within_its_body(studio: StudioHandle, http: httpx.Client) -> None:
    studio.fault(status=200, body={"a": "long enough"}, drop="body")

    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        http.delete("responses/a")


def test_a_slow_body_arrives_byte_by_byte(studio: StudioHandle, http: httpx.Client) -> None:
    studio.fault(status=200, body="0123456789", slow_body=0.02)

    begun = time.monotonic()
    with http.stream("DELETE", "responses/a") as answer:
        pieces = list(answer.iter_raw())

    assert b"".join(pieces) == b"0123456789"
    assert len(pieces) > 1
    assert time.monotonic() - begun >= 0.2


def test_a_client_that_gives_up_on_a_slow_body_leaves_the_server_well(studio: StudioHandle, http: httpx.Client) -> None:
    studio.fault(status=200, body="x" * 1000, slow_body=0.01)

    with raw_request(studio, "DELETE", "responses/a") as client:
        assert client.recv(10).startswith(b"HTTP/1.1")

    assert http.delete("responses/a").status_code == 404


def test_a_delay_passes_before_the_natural_answer(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a")
    studio.fault(delay=0.2)

    begun = time.monotonic()
    assert http.delete("responses/a").status_code == 200
    assert time.monotonic() - begun >= 0.2


def test_only_what_matches_is_struck_and_the_oldest_fault_wins(studio: StudioHandle, http: httpx.Client) -> None:
    studio.seed("a", "b")
    studio.faults(
        [
            {"match": {"method": "DELETE", "path": "/responses/", "id": "a"}, "status": 500, "times": 2},
            {"match": {"id": "a"}, "status": 429, "times": None},
        ]
    )

    assert [http.get("responses/a").status_code, http.delete("responses/b").status_code] == [429, 200]
    assert [http.delete("responses/a").status_code for _ in range(4)] == [500, 500, 429, 429]
    studio.clear_faults()
    assert http.delete("responses/a").status_code == 200


def test_the_same_seed_strikes_the_same_requests_in_any_order(studio: StudioHandle, http: httpx.Client) -> None:
    def struck(ids: list[str]) -> set[str]:
        studio.reset()
        studio.fault(status=500, probability=0.5, times=None)
        return {one for one in ids if http.delete(f"responses/{one}").status_code == 500}

    ids = [f"id-{number}" for number in range(40)]

    assert struck(ids) == struck(ids[::-1])
    assert 5 < len(struck(ids)) < 35


def test_a_refused_caller_uses_up_no_fault(studio: StudioHandle, http: httpx.Client) -> None:
    studio.fault(status=500)

    assert http.delete("responses/a", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert http.delete("responses/a").status_code == 500


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"statsu": 500}, "statsu: Extra inputs are not permitted"),
        ({"status": 500, "match": {"response": "a"}}, r"match\.response: Extra inputs are not permitted"),
        ({"status": 500, "match": {"path": "("}}, r"match\.path: .*regular expression"),
        ({"status": 99}, "status: "),
        ({"status": 500, "times": 0}, "times: "),
        ({"status": 500, "probability": 2}, "probability: "),
        ({}, "does nothing"),
        ({"html": True}, "needs a status"),
        ({"reset": True}, "needs drop"),
        ({"drop": "before", "effect": "before"}, "drop already says"),
        ({"effect": "none"}, "give a status or a body"),
        ({"realtime": "no_such_thing"}, "realtime: "),
        ({"realtime": "slow", "status": 500}, "status: Extra inputs"),
        ({"realtime": "slow", "close_code": 1011}, "slow has no close_code"),
        ({"realtime": "close_before", "at": "response.create"}, "close_after"),
        ({"realtime": "no_session_created", "match": {"id": "e"}}, "no event id is known"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_the_reason(
    studio: StudioHandle, fault: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        studio.fault(**fault)
