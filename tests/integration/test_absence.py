"""An absence answers what was sent before it; whoever asks later is asked for again."""

from tests.integration.steps import DELETE, delete, deletion, throttle
from tests.support.bench import Bench
from tests.support.messages import again

MINUTE = 60


def absent(bench: Bench) -> None:
    """A message found nothing there; then the response is stored after all, and time goes on."""
    assert delete(bench) == [("done", "already_absent")]
    bench.studio.seed("resp_1")
    bench.clock.advance(MINUTE)


def test_a_message_sent_after_an_absence_deletes_and_gets_a_further_receipt(deletions: Bench) -> None:
    absent(deletions)

    assert delete(deletions) == [("done", "deleted")]

    assert deletions.studio.stored() == []
    record = deletions.record("resp_1")
    assert (record.state, record.receipts, record.receipt["outcome"]) == ("deleted", 2, "already_absent")
    assert deletions.further_receipt("resp_1", 2).receipt["outcome"] == "deleted"
    assert [each["data"]["outcome"] for each in deletions.results()] == ["already_absent", "deleted"]


def test_a_message_sent_before_an_absence_is_answered_by_it(deletions: Bench) -> None:
    early = deletion(deletions)
    deletions.clock.advance(MINUTE)
    absent(deletions)

    assert deletions.deliver(early).ends == [("done", "already_absent")]
    assert deletions.studio.stored() == ["resp_1"]


def test_an_absence_that_is_found_again_leaves_the_receipt_as_it_was(deletions: Bench) -> None:
    first = deletion(deletions)
    deletions.deliver(first)
    record = deletions.record("resp_1")
    deletions.clock.advance(MINUTE)
    second = deletion(deletions)

    assert deletions.deliver(second).ends == [("done", "already_absent")]

    after = deletions.record("resp_1")
    assert (after.receipt, after.receipts, after.rest["executed_at"]) == (record.receipt, 1, record.rest["executed_at"])
    assert after.absent_sent_at == record.absent_sent_at + MINUTE * 1000
    assert deletions.deliver(again(second), again(first)).ends == [("done", "already_absent")] * 2
    assert deletions.calls() == 2
    assert len({(each["id"], each["time"], str(each["data"])) for each in deletions.results()}) == 1


def test_a_later_message_that_is_put_off_does_not_open_the_absence_for_earlier_ones(deletions: Bench) -> None:
    early = deletion(deletions)
    absent(deletions)
    throttle(deletions)
    assert delete(deletions) == [("deferred", "throttled")]

    assert deletions.deliver(early).ends == [("done", "already_absent")]
    deletions.clock.advance(MINUTE)
    assert deletions.deliver(*deletions.take_retry_messages()).ends == [("done", "deleted")]
    assert deletions.record("resp_1").receipt["outcome"] == "already_absent"


def test_a_later_message_that_is_refused_is_dead_lettered(deletions: Bench) -> None:
    absent(deletions)
    deletions.studio.fault(match=DELETE, status=400)

    assert delete(deletions) == [("dead_lettered", "rejected")]
    assert len(deletions.dead_letters()) == 1


def test_a_later_message_is_held_where_there_is_a_hold_on_what_came_since(deletions: Bench) -> None:
    absent(deletions)
    record_key = deletions.keys.key("response", "resp_1")
    deletions.holds.place(record_key, "case-1", deletions.clock.now())
    held = deletion(deletions)

    assert deletions.deliver(held).ends == [("done", "held")]
    assert deletions.deliver(again(held)).ends == [("done", "held")]
    assert deletions.record("resp_1").receipts == 1
    deletions.holds.release(record_key, "case-1")
    deletions.clock.advance(MINUTE)
    assert delete(deletions) == [("done", "deleted")]
    assert [each["data"]["outcome"] for each in deletions.results()] == ["already_absent", "held", "held", "deleted"]


def hold_anna(bench: Bench) -> None:
    bench.holds.place(bench.keys.key("subject", "anna"), "case-1", bench.clock.now())


def test_after_an_absence_the_people_of_earlier_messages_are_still_held_for(deletions: Bench) -> None:
    hold_anna(deletions)
    named = deletions.message({"response_id": "resp_1", "subject": "anna"})
    assert deletions.deliver(named).ends == [("done", "already_absent")]
    deletions.studio.seed("resp_1")
    deletions.clock.advance(MINUTE)

    assert delete(deletions) == [("done", "held")]
    assert deletions.studio.stored() == ["resp_1"]


def test_a_message_that_an_absence_answers_leaves_its_person_on_the_record(deletions: Bench) -> None:
    hold_anna(deletions)
    early = deletions.message({"response_id": "resp_1", "subject": "anna"})
    deletions.clock.advance(MINUTE)
    absent(deletions)
    assert deletions.deliver(early).ends == [("done", "already_absent")]

    assert delete(deletions) == [("done", "held")]
    assert deletions.studio.stored() == ["resp_1"]
