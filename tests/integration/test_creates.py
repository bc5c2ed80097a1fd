"""Rows 1 to 20 of the fault matrix for the function that issues response.create, over each transport."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from tests.integration.steps import LEASE, not_before
from tests.integration.transports import DONE, UNKNOWN, Transport, client_of, event, lose, one_answer, refuse
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import numbers, reasons
from tests.support.seam import entry_refused, killed_after, passes, refused
from tests.support.waiting import GENEROUS
from tests.unit.aistudio.rawserver import Script, answer, keep_serving, raw_server, serve

THROTTLED = [("deferred", "throttled")]
over_http = pytest.mark.parametrize("transport", ["http"], indirect=True)


@pytest.mark.row(1, 3)
def test_an_event_delivered_again_or_sent_twice_is_one_call(bench: Bench) -> None:
    first = event(bench)

    ends = [bench.deliver(each).ends for each in (first, again(first), event(bench))]

    assert ends == [DONE] * 3
    assert one_answer(bench)


@pytest.mark.row(7)
def test_no_answer_in_time_is_unknown_and_never_asked_again(bench: Bench, transport: Transport) -> None:
    bench.studio.fault(match={"id": "evt_1"}, delay=20, **({} if transport == "http" else {"realtime": "slow"}))
    sent = event(bench)

    assert bench.deliver(sent, seconds=GENEROUS).ends == UNKNOWN
    assert bench.deliver(again(sent)).ends == UNKNOWN
    assert (bench.studio.billed("evt_1"), bench.retry_messages(), reasons(bench.dead_letters())) == (
        1,
        [],
        ["outcome_unknown"],
    )


@pytest.mark.row(8)
def test_a_message_and_its_retry_message_are_one_call(bench: Bench, transport: Transport) -> None:
    sent = event(bench)
    refuse(bench, transport, status=429, headers={"Retry-After": "60"})
    bench.ledger.arm(
        "UpdateItem", passes, killed_after
    )  # the retry message is there, the claim given back, and then the end
    bench.deliver(sent)

    assert [bench.deliver(*bench.take_retry_messages()).ends, bench.deliver(again(sent)).ends] == [DONE, DONE]
    assert one_answer(bench)


@pytest.mark.row(9)
def test_a_retry_message_that_is_not_confirmed_returns_the_message_and_loses_nothing(
    bench: Bench, transport: Transport
) -> None:
    sent = event(bench)
    refuse(bench, transport, status=429, headers={"Retry-After": "60"})
    bench.queues.arm("SendMessageBatch", *[entry_refused(0)] * 3)

    assert not bench.deliver(sent).acknowledged
    assert bench.deliver(again(sent)).ends == DONE
    assert one_answer(bench)


@pytest.mark.row(9)
def test_a_result_that_is_not_confirmed_returns_the_message_which_is_not_asked_for_again(bench: Bench) -> None:
    sent = event(bench)
    bench.queues.arm("SendMessageBatch", *[refused] * 90)
    assert bench.deliver(sent, seconds=20).ends == [("unsettled", "results queue")]
    bench.queues.reset()
    bench.clock.advance(LEASE)

    assert bench.deliver(again(sent)).ends == UNKNOWN
    assert bench.studio.billed("evt_1") == 1


@pytest.mark.row(10)
def test_a_short_retry_after_is_waited_for_under_the_claim(bench: Bench, transport: Transport) -> None:
    refuse(bench, transport, status=429, headers={"Retry-After": "2"})

    assert bench.deliver(event(bench)).ends == DONE
    assert bench.clock.slept == [2.0]
    assert one_answer(bench)


@pytest.mark.parametrize(("wait", "hops"), [("600", False), ("1000", True), ("80000", True)])
@pytest.mark.row(10)
def test_a_long_retry_after_is_left_to_the_queue(bench: Bench, transport: Transport, wait: str, hops: bool) -> None:
    refuse(bench, transport, status=429, headers={"Retry-After": wait})

    assert bench.deliver(event(bench)).ends == THROTTLED
    ahead = not_before(bench) - bench.clock.now()
    assert int(wait) <= (ahead if hops else bench.delays()[0]) <= int(wait) + 900
    assert numbers(bench.retry_messages()[0]) == (0, 1, 0)
    assert bench.clock.slept == []


@pytest.mark.row(10)
def test_a_retry_after_may_be_a_date_and_nonsense_is_none(bench: Bench, transport: Transport) -> None:
    date = format_datetime(datetime.fromtimestamp(datetime.now(UTC).timestamp() + 5_000, UTC), usegmt=True)
    refuse(bench, transport, status=429, headers={"Retry-After": date})
    assert bench.deliver(event(bench)).ends == THROTTLED
    assert 4_900 < not_before(bench) - bench.clock.now() < 5_900

    for wait in ("soon", "-5", "NaN"):
        refuse(bench, transport, status=429, headers={"Retry-After": wait})
        bench.take_retry_messages()
        assert bench.deliver(event(bench, f"evt_{wait}")).ends == THROTTLED
        assert not_before(bench) == 0


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.row(11)
def test_a_server_error_is_unknown_where_the_question_was_sent_and_only_there(
    bench: Bench, transport: Transport, status: int
) -> None:
    refuse(bench, transport, status=status, html=True, headers={"Retry-After": "600"})

    ended = bench.deliver(event(bench)).ends

    if transport == "http":
        assert (ended, bench.retry_messages()) == (UNKNOWN, [])
    else:  # the answer to the handshake: nothing was asked
        assert ended == (THROTTLED if status == 503 else [("deferred", "unavailable")])
        assert bench.deliver(*bench.take_retry_messages()).ends == DONE


REFUSALS = {
    400: ("dead_lettered", "rejected"),
    422: ("dead_lettered", "rejected"),
    404: ("dead_lettered", "rejected"),
    401: ("deferred", "unauthorized"),
    403: ("deferred", "forbidden"),
}


@pytest.mark.parametrize("status", REFUSALS)
@pytest.mark.row(12, 13, 14)
def test_a_refusal_dead_letters_the_message_and_a_broken_deployment_stops_the_batch(
    bench: Bench, transport: Transport, status: int
) -> None:
    refuse(bench, transport, status=status, times=None)

    delivered = bench.deliver(
        event(bench), event(bench, "evt_2"), *([event(bench, "evt_3")] if status in (401, 403) else [])
    )

    end, reason = REFUSALS[status]
    if transport == "websocket" and end == "dead_lettered":  # a handshake holds nothing of the message
        end, reason = "deferred", "forbidden"
    assert set(delivered.ends) == {(end, reason)}
    assert {line["level"] for line in delivered.lines} == {"WARN" if end == "dead_lettered" else "ERROR"}
    asked = [call for call in bench.studio.requests() if call["status"] == status]
    assert len(asked) == 2
    assert reasons(bench.dead_letters()) == ([reason] * 2 if end == "dead_lettered" else [])


def told(content_type: str, body: bytes) -> Script:
    return serve(answer(200, body, Content_Type=content_type))


LIES: dict[str, Script] = {
    "no JSON": told("text/html", b"<html>OK</html>"),
    "an array": told("application/json", b"[]"),
    "too long": told("application/json", b" " * (8 * 1024 * 1024 + 1)),
    "a stream without an end": told("text/event-stream", b'data: {"type": "response.created"}\n\n'),
    "a connection that breaks": lambda peer: peer.reset() if peer.read_request() else None,
}


@over_http
@pytest.mark.parametrize("lie", LIES)
@pytest.mark.row(16, 19)
def test_an_answer_that_says_nothing_is_unknown_and_asked_for_once(bench: Bench, lie: str) -> None:
    sent = event(bench)
    with (
        raw_server(LIES[lie], keep_serving(answer(200))) as server,
        client_of(bench.kit, "http", base_url=server.url) as client,
    ):
        ends = [bench.deliver(each, client=client).ends for each in (sent, again(sent))]

        assert ends == [UNKNOWN, UNKNOWN]
        assert len(server.requests) == 1


@pytest.mark.row(17)
def test_what_never_left_is_deferred(bench: Bench, transport: Transport) -> None:
    with raw_server(lambda peer: peer.send(b"no TLS here")) as server:
        for number, place in enumerate(("://127.0.0.1:9", "://no-such-host.invalid", f"s://127.0.0.1:{server.port}")):
            urls = {"base_url": f"http{place}/v1", "realtime_url": f"ws{place}/v1/realtime"}
            with client_of(bench.kit, transport, **urls) as client:
                ended = bench.deliver(event(bench, f"evt_{number}"), client=client).ends
            assert (place, ended) == (place, [("deferred", "unavailable")])
    assert {numbers(retry) for retry in bench.retry_messages()} == {(0, 1, 0)}


@over_http
@pytest.mark.row(18)
def test_a_question_never_takes_a_connection_that_was_used_before(bench: Bench) -> None:
    with raw_server(keep_serving(answer(200))) as server, client_of(bench.kit, "http", base_url=server.url) as client:
        ends = [bench.deliver(event(bench, f"evt_{number}"), client=client).ends for number in range(2)]

        assert ends == [[("done", "accepted")]] * 2
        assert server.connections == 2


@pytest.mark.row(19)
def test_a_lost_answer_is_unknown_and_asked_for_once(bench: Bench, transport: Transport) -> None:
    lose(bench, transport)
    sent = event(bench)

    assert [bench.deliver(sent).ends, bench.deliver(again(sent)).ends] == [UNKNOWN, UNKNOWN]
    assert bench.studio.billed("evt_1") == 1


@pytest.mark.row(20)
def test_an_answer_that_drips_does_not_outlive_the_deadline(bench: Bench, transport: Transport) -> None:
    slow = {"slow_body": 0.05} if transport == "http" else {"realtime": "slow", "delay": 2}
    bench.studio.fault(match={"id": "evt_1"}, **slow)

    assert bench.deliver(event(bench), seconds=GENEROUS).ends == UNKNOWN
