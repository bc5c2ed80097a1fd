"""What the answers to a deletion mean, but for the 404 (test_absence.py)."""

import json

import pytest

from aistudio import APIError, Forbidden, OutcomeUnknown, Rejected, Throttled
from aistudio.answers import Answer
from aistudio.responses.delete import Deletion, deletion
from tests.unit.aistudio.test_answers import ERRORS_IN_A_2XX, STATUSES

DELETED = {
    "empty": b"",
    "white space": b" \r\n",
    "an empty object": b"{}",
    "as OpenAI answers": b'{"id":"r1","object":"response.deleted","deleted":true}',
    "only deleted": b'{"deleted":true}',
    "only the id": b'{"id":"r1"}',
}
NOT_DELETED = {
    "deleted false": b'{"id":"r1","deleted":false}',
    "deleted null": b'{"deleted":null}',
    "deleted a word": b'{"deleted":"true"}',
    "another id": b'{"id":"r2","deleted":true}',
    "html": b"<html>maintenance</html>",
    "a list": b"[]",
    "cut off": b'{"id":"r1","dele',
    "nested too deep": b'{"a":' * 100_000,
    "the response itself": b'{"id":"r1","object":"response","status":"completed","output":[]}',
    "something else": b'{"status":"ok"}',
    "a gateway's greeting": b'{"message":"Welcome"}',
}


def judged(status: int, body: bytes) -> Deletion | APIError:
    return deletion(Answer(status, {}, body), "r1")


@pytest.mark.parametrize("status", [200, 203, 204], ids=lambda status: f"HTTP {status}")
@pytest.mark.parametrize("body", DELETED.values(), ids=DELETED)
def test_a_2xx_is_a_deletion(status: int, body: bytes) -> None:
    found = judged(status, body)
    assert isinstance(found, Deletion)
    assert not found.absent


@pytest.mark.parametrize("status", [202, 206, 207], ids=lambda status: f"HTTP {status}")
def test_a_2xx_that_only_promises_is_a_deletion_where_the_body_says_so(status: int) -> None:
    assert type(judged(status, b"")) is OutcomeUnknown
    assert isinstance(judged(status, b'{"deleted":true}'), Deletion)


@pytest.mark.parametrize("body", NOT_DELETED.values(), ids=NOT_DELETED)
def test_a_2xx_that_says_otherwise_or_nothing_readable_is_not_a_deletion(body: bytes) -> None:
    assert type(judged(200, body)) is OutcomeUnknown


def test_a_2xx_whose_body_is_cut_is_not_a_deletion() -> None:
    assert type(deletion(Answer(200, {}, b'{"deleted":true}', cut="broken off"), "r1")) is OutcomeUnknown


@pytest.mark.parametrize(("body", "kind", "_"), ERRORS_IN_A_2XX.values(), ids=ERRORS_IN_A_2XX)
def test_a_2xx_that_carries_an_error_is_that_error_and_no_deletion(
    body: object, kind: type[APIError], _: object
) -> None:
    assert type(judged(200, json.dumps(body).encode())) is kind


def test_a_2xx_that_carries_the_404_of_this_response_is_its_absence() -> None:
    ours = {"error": {"code": 404, "message": "Response with id 'r1' not found."}}
    folders = {"error": {"code": 404, "message": "Folder b1g not found."}}
    servers = {"error": {"code": 500, "message": "Response with id 'r1' not found in the cache."}}
    found = judged(200, json.dumps(ours).encode())
    assert isinstance(found, Deletion)
    assert found.absent
    assert type(judged(200, json.dumps(folders).encode())) is Rejected
    assert type(judged(200, json.dumps(servers).encode())) is OutcomeUnknown


@pytest.mark.parametrize("status", [status for status in STATUSES if status != 409], ids=lambda s: f"HTTP {s}")
def test_other_statuses_mean_what_they_mean_for_any_call_that_may_be_repeated(status: int) -> None:
    assert type(judged(status, b"")) is STATUSES[status][0]


def test_a_conflict_says_that_it_is_still_there() -> None:
    found = judged(409, b"")
    assert isinstance(found, Deletion)
    assert (found.conflict, found.absent) == (True, False)


def test_a_404_that_did_not_come_whole_proves_nothing_and_is_asked_for_again() -> None:
    body = b'{"code":null,"message":"Not found","param":null,"type":"not_found"}'
    assert type(deletion(Answer(404, {}, body, cut="broken off"), "r1")) is OutcomeUnknown


def test_refusals_of_a_deletion_can_be_compared() -> None:
    route = b'{"error":{"message":"Invalid URL","type":"invalid_request_error","code":"unknown_url"}}'
    first, second, third = judged(404, route), judged(404, route), judged(403, route)
    assert isinstance(first, Rejected)
    assert isinstance(second, Rejected)
    assert isinstance(third, Forbidden)
    assert first.fingerprint == second.fingerprint != third.fingerprint


def test_a_throttled_deletion_says_when_to_come_back() -> None:
    error = deletion(Answer(429, {"retry-after": "7"}, b""), "r1")
    assert isinstance(error, Throttled)
    assert error.retry_after == 7
