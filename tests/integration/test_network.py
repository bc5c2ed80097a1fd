"""Rows 14 to 20 of the fault matrix: answers that are odd, and connections that break."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from aistudio import API, Config
from tests.integration.steps import DELETE, POST, ask, delete
from tests.support.ask import Asking, Hooks, WatchedResponses
from tests.support.bench import Bench
from tests.support.observations import numbers
from tests.support.waiting import GENEROUS
from tests.unit.aistudio.rawserver import Script, answer, raw_server, serve

DELETED = b'{"id": "resp_1", "object": "response", "deleted": true}'


LIES = {
    "not deleted": b'{"id": "resp_1", "deleted": false}',
    "another id": b'{"id": "resp_2", "deleted": true}',
    "no JSON": b"<html>OK</html>",
    "too long": b" " * (8 * 1024 * 1024 + 1),
}


def drops(peer: Any) -> None:
    peer.read_request()
    peer.reset()


@contextmanager
def client_of(bench: Bench, base_url: str) -> Iterator[Any]:
    """The bench's kind of client, of another server."""
    api = API(Config(base_url, "b1gfolder", "key"), token=lambda: "")
    with closing(api):
        yield (WatchedResponses if isinstance(bench.client, WatchedResponses) else Asking)(api, Hooks())


def against(bench: Bench, call: Any, *scripts: Script) -> Any:
    """How a call ends against a server that follows these scripts, a connection each."""
    with raw_server(*scripts) as server, client_of(bench, server.url) as client:
        return call(bench, client=client)


@pytest.mark.row(14)
def test_a_404_of_the_api_proves_that_it_is_gone(deletions: Bench) -> None:
    assert delete(deletions) == [("done", "already_absent")]
    assert deletions.record("resp_1").state == "already_absent"


@pytest.mark.row(14)
def test_a_404_of_a_gateway_is_a_refusal_and_no_absence(stored: Bench) -> None:
    stored.studio.fault(match=DELETE, status=404, html=True)

    assert delete(stored) == [("dead_lettered", "rejected")]


@pytest.mark.row(14)
def test_a_404_about_the_route_or_the_folder_is_a_refusal_and_no_absence(stored: Bench) -> None:
    for told in (
        {"error": {"message": "Invalid URL (DELETE /responses/resp_1)", "code": "unknown_url"}},
        {"code": 5, "message": "Folder b1g not found", "details": []},
    ):
        stored.studio.fault(match=DELETE, status=404, body=told)
        assert delete(stored) == [("dead_lettered", "rejected")]
    assert stored.studio.stored() != []


@pytest.mark.row(16)
def test_a_200_that_carries_an_error_is_that_error(stored: Bench) -> None:
    told = {"error": {"message": "m", "type": "permission_error"}}
    stored.studio.fault(match=DELETE, status=200, body=told, effect="none")

    assert delete(stored) == [("deferred", "forbidden")]
    assert stored.studio.stored() != []


@pytest.mark.row(14)
def test_a_404_of_a_create_is_a_refusal(creates: Bench) -> None:
    creates.studio.realtime_post("404")
    ended = ask(creates)

    assert ended == [("dead_lettered", "rejected")]


@pytest.mark.parametrize("body", [None, b"", DELETED, b" \n"])
@pytest.mark.row(16)
def test_a_2xx_needs_no_body(deletions: Bench, body: bytes | None) -> None:
    assert against(deletions, delete, serve(answer(204 if body is None else 200, body or b""))) == [("done", "deleted")]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.row(16)
def test_a_200_that_does_not_say_deleted_is_retried(deletions: Bench, lie: str) -> None:
    ended = against(deletions, delete, serve(answer(200, LIES[lie])))

    assert ended == [("retry", "outcome_unknown")]


@pytest.mark.parametrize("lie", ["no JSON", "too long"])
@pytest.mark.row(16)
def test_an_unreadable_answer_to_a_create_is_dead_lettered_as_unknown(creates: Bench, lie: str) -> None:
    assert against(creates, ask, serve(answer(200, LIES[lie]))) == [("dead_lettered", "outcome_unknown")]


@pytest.mark.row(17)
def test_what_was_never_sent_is_deferred(deletions: Bench, creates: Bench) -> None:
    with raw_server() as server:
        server.close_door()
        with client_of(deletions, server.url) as deleting, client_of(creates, server.url) as asking:
            assert delete(deletions, client=deleting) == [("deferred", "unavailable")]
            assert ask(creates, client=asking) == [("deferred", "unavailable")]
    assert [numbers(retry) for retry in (*deletions.retry_messages(), *creates.retry_messages())] == [(0, 1, 0)] * 2


@pytest.mark.row(18)
def test_a_connection_that_was_closed_meanwhile_is_replaced_unnoticed(deletions: Bench) -> None:
    scripts = serve(answer(200, DELETED)), serve(answer(200))
    with raw_server(*scripts) as server, client_of(deletions, server.url) as client:
        assert delete(deletions, client=client) == [("done", "deleted")]
        server.wait_ended(1)
        other = deletions.deliver(deletions.message({"response_id": "resp_2"}), client=client)

    assert other.ends == [("done", "deleted")]


@pytest.mark.row(19)
def test_a_deletion_whose_connection_breaks_is_tried_once_more_at_once(deletions: Bench) -> None:
    assert against(deletions, delete, drops, serve(answer(200, DELETED))) == [("done", "deleted")]


@pytest.mark.row(19)
def test_a_deletion_whose_connection_breaks_twice_is_retried(deletions: Bench) -> None:
    assert against(deletions, delete, drops, drops) == [("retry", "outcome_unknown")]
    assert [numbers(retry) for retry in deletions.retry_messages()] == [(1, 1, 0)]


@pytest.mark.row(19)
def test_a_create_whose_connection_breaks_is_unknown_and_sent_once(creates: Bench) -> None:
    with raw_server(drops, serve(answer(200))) as server, client_of(creates, server.url) as client:
        assert ask(creates, client=client) == [("dead_lettered", "outcome_unknown")]
        assert len(server.requests) == 1


@pytest.mark.row(20)
def test_a_body_that_drips_does_not_outlive_the_deadline(creates: Bench, stored: Bench) -> None:
    for match in (POST, DELETE):
        creates.studio.fault(match=match, body={"id": "resp_1", "deleted": True, "padding": "x" * 300}, slow_body=0.05)

    assert ask(creates, seconds=GENEROUS) == [("dead_lettered", "outcome_unknown")]
    assert delete(stored, seconds=GENEROUS) == [("retry", "outcome_unknown")]
