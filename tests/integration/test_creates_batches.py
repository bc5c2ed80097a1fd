"""Rows 25 to 27 of the fault matrix for the function that issues response.create, and when it asks a second time."""

from typing import Any

import pytest

from tests.integration.steps import LEASE, Ends
from tests.integration.transports import DONE, UNKNOWN, Transport, event, lose, refuse
from tests.support.bench import Bench
from tests.support.messages import again
from tests.support.observations import numbers, reasons, said
from tests.support.seam import Action, killed_after, killed_before, passes

SECRET = "planted-secret-0451"
POISON: dict[str, object] = {
    "not JSON": f'{{"type": "response.create", "event_id": "{SECRET}"',
    "no object": [SECRET],
    "no type": {"event_id": SECRET},
    "another type": {"type": SECRET, "event_id": "evt_x"},
    "unknown field": {"type": "response.create", SECRET: SECRET},
    "unknown field in the context": {"type": "response.create", "context": {SECRET: 1}},
    "items that are none": {"type": "response.create", "context": {"items": [SECRET]}},
    "a response that is text": {"type": "response.create", "response": SECRET},
    "an empty key": {"type": "response.create", "event_id": ""},
    "too long a key": {"type": "response.create", "event_id": SECRET * 20},
    "a key that no attribute takes": {"type": "response.create", "event_id": f"{SECRET}\x07"},
    "an unknown wish": {"type": "response.create", "on_unknown": SECRET},
    "a raw surrogate": '{"type": "response.create", "event_id": "' + SECRET + '\ud800"}',
    "NaN": '{"type": "response.create", "response": {"temperature": NaN}}',
    "a bad envelope": {"specversion": "0.3", "id": SECRET, "data": {"type": "response.create"}},
}


@pytest.mark.parametrize("transport", ["websocket"], indirect=True)
@pytest.mark.parametrize("what", POISON)
@pytest.mark.row(25)
def test_poison_is_dead_lettered_in_one_step_beside_its_neighbours(bench: Bench, what: str) -> None:
    batch = [event(bench, "evt_1"), bench.message(POISON[what], message_id="m-bad"), event(bench, "evt_2")]

    delivered = bench.deliver(*batch)

    assert delivered.counts == {"done": 2, "retry": 0, "deferred": 0, "dead_lettered": 1, "unsettled": 0}
    (dead_letter,) = bench.dead_letters()
    assert (dead_letter.attributes["reason"], said(dead_letter)["key"]) == ("invalid_message", "m-bad")
    assert sum(call["billed"] for call in bench.studio.requests()) == 2
    shown = [*bench.log, *map(str, bench.records()), dead_letter.attributes["detail"]]
    assert not [text for text in shown if SECRET in text]


@pytest.mark.parametrize("transport", ["http"], indirect=True)
@pytest.mark.parametrize("missing", ["attributes", "message_attributes", "md5_of_body"])
@pytest.mark.row(25)
def test_what_is_null_beside_the_body_does_no_harm(bench: Bench, missing: str) -> None:
    sent = event(bench)
    sent["details"]["message"][missing] = None

    assert bench.deliver(sent).ends == DONE


@pytest.mark.parametrize("bad", [(), (0,), (4,), range(5)], ids=["none", "the first", "the last", "all"])
@pytest.mark.row(26)
def test_bad_calls_are_dealt_with_alone_and_good_ones_called_once(bench: Bench, transport: Transport, bad: Any) -> None:
    for number in bad:
        lose(bench, transport, f"evt_{number}")

    delivered = bench.deliver(*[event(bench, f"evt_{number}") for number in range(5)])

    assert delivered.counts == {
        "done": 5 - len(bad), "retry": 0, "deferred": 0, "dead_lettered": len(bad), "unsettled": 0,
    }  # fmt: skip
    assert [bench.studio.billed(f"evt_{number}") for number in range(5)] == [1] * 5


@pytest.mark.row(27)
def test_the_last_counted_attempt_is_dead_lettered_as_unknown_whatever_its_producer_accepts(
    bench: Bench, transport: Transport
) -> None:
    lose(bench, transport)

    worn = event(bench, more={"on_unknown": "retry"}, key="evt_1", attempt=7, copy=9)

    assert bench.deliver(worn).ends == UNKNOWN
    record = bench.record("evt_1")
    assert (record.state, record.attempt, record.dlq, reasons(bench.dead_letters())) == (
        "dead_lettered",
        8,
        "sent",
        ["outcome_unknown"],
    )


@pytest.mark.row(27)
def test_deferrals_end_at_the_age_limit_with_the_last_reason(bench: Bench, transport: Transport) -> None:
    refuse(bench, transport, status=429)

    old = event(bench, first_seen=int(bench.clock.now()) - 86_401, key="evt_1", copy=40)

    assert bench.deliver(old).ends == [("dead_lettered", "throttled")]


@pytest.mark.parametrize("killed", [(killed_after,), (passes, killed_before)], ids=["at the claim", "at the outcome"])
def test_a_producer_that_accepts_a_second_bill_gets_its_answer_after_a_crash_too(
    bench: Bench, killed: tuple[Action, ...]
) -> None:
    sent = event(bench, more={"on_unknown": "retry"})
    bench.ledger.arm("UpdateItem", *killed)
    bench.deliver(sent)
    bench.clock.advance(LEASE + 1)

    assert bench.deliver(again(sent)).ends == [("retry", "outcome_unknown")]
    assert [numbers(retry) for retry in bench.retry_messages()] == [(1, 1, 0)]
    assert bench.deliver(*bench.take_retry_messages()).ends == DONE
    assert bench.deliver(again(sent)).ends == DONE
    assert (bench.record("evt_1").state, bench.dead_letters()) == ("done", [])


@pytest.mark.parametrize("transport", ["http"], indirect=True)
def test_a_producer_that_accepts_a_second_bill_does_not_accept_them_for_ever(bench: Bench) -> None:
    waiting = [event(bench, more={"on_unknown": "retry"})]
    ends: Ends = []
    while waiting and len(ends) < 20:
        bench.ledger.arm("UpdateItem", killed_after)
        bench.deliver(*waiting)
        bench.clock.advance(LEASE + 1)
        ends += bench.deliver(*map(again, waiting)).ends
        waiting = bench.take_retry_messages()

    assert ends == [("retry", "outcome_unknown")] * 7 + UNKNOWN
