"""One wrong setting does not turn a queue into dead letters, and one message that is not let in stops no batch."""

from typing import Any

import pytest

from tests.integration.steps import DELETE, POST, delete, deletion, throttle
from tests.support.bench import Bench, Delivered
from tests.support.functions import bench_of, realtime_bench_of
from tests.support.kit import Kit
from tests.support.observations import numbers, reasons
from worker.threads import Threads

RETIRED = {"error": {"message": "The model is gone", "type": "invalid_request_error", "code": "model_not_found"}}
OTHER = {"error": {"message": "No", "type": "invalid_request_error", "code": "bad_value", "param": "text"}}


def retire(bench: Bench, times: int | None = None) -> None:
    bench.studio.fault(match=POST, times=times, status=400, body=RETIRED)


def ask(bench: Bench, *keys: str) -> Delivered:
    return bench.deliver(*[bench.message({"event_id": key}) for key in keys])


def open_breaker(bench: Bench) -> None:
    retire(bench)
    ask(bench, *(f"first_{n}" for n in range(3)))
    bench.take_retry_messages()


def test_three_equal_rejections_in_a_row_put_themselves_and_the_rest_off(creates: Bench) -> None:
    retire(creates)

    delivered = ask(creates, *(f"evt_{n}" for n in range(10)))

    assert delivered.ends == [("deferred", "rejected")] * 10
    assert (creates.calls(), creates.dead_letters()) == (3, [])
    assert {numbers(retry) for retry in creates.retry_messages()} == {(0, 1, 0)}
    assert [line["level"] for line in delivered.lines if "deployment is wrong" in line["message"]] == ["ERROR"]
    assert creates.record("evt_9").state == "open"


def test_rejections_in_a_row_are_counted_across_batches(creates: Bench) -> None:
    retire(creates)

    ends = [ask(creates, f"evt_{n}").ends for n in range(4)]

    assert ends == [[("dead_lettered", "rejected")]] * 2 + [[("deferred", "rejected")]] * 2


def test_a_later_batch_tries_one_first_and_puts_off_the_rest(creates: Bench) -> None:
    open_breaker(creates)
    called = creates.calls()

    assert ask(creates, *(f"evt_{n}" for n in range(5))).ends == [("deferred", "rejected")] * 5
    assert creates.calls() == called + 1


def test_a_later_batch_goes_on_once_the_first_call_succeeds(creates: Bench) -> None:
    open_breaker(creates)
    creates.studio.clear_faults()

    assert ask(creates, *(f"evt_{n}" for n in range(5))).ends == [("done", "done")] * 5


def test_the_others_wait_for_what_becomes_of_the_first_call(creates: Bench) -> None:
    open_breaker(creates)
    creates.studio.clear_faults()

    delivered = creates.deliver(*[creates.message({"event_id": f"evt_{n}"}) for n in range(8)], run=Threads(8))

    assert delivered.ends == [("done", "done")] * 8


def test_what_was_not_put_off_before_is_tried_first(creates: Bench) -> None:
    open_breaker(creates)
    creates.studio.clear_faults()
    creates.studio.fault(match={"method": "POST", "id": "bad"}, times=None, status=400, body=RETIRED)
    bad = creates.retry_message({"event_id": "bad"}, key="bad", copy=4)

    delivered = creates.deliver(bad, creates.message({"event_id": "evt_1"}))

    assert sorted(delivered.ends) == [("dead_lettered", "rejected"), ("done", "done")]


def test_after_a_success_rejections_are_counted_anew(creates: Bench) -> None:
    retire(creates, times=2)
    ask(creates, "evt_0", "evt_1", "evt_2")
    creates.studio.clear_faults()
    retire(creates, times=2)

    assert ask(creates, "evt_3", "evt_4", "evt_5").counts == {
        "done": 1,
        "retry": 0,
        "deferred": 0,
        "dead_lettered": 2,
        "unsettled": 0,
    }


def test_rejections_that_say_different_things_are_not_counted_together(creates: Bench) -> None:
    for number in range(6):
        body: dict[str, Any] = RETIRED if number % 2 else OTHER
        creates.studio.fault(match={"method": "POST", "id": f"evt_{number}"}, status=400, body=body)

    delivered = ask(creates, *(f"evt_{n}" for n in range(6)))

    assert delivered.ends == [("dead_lettered", "rejected")] * 6


def test_what_is_put_off_because_the_deployment_is_wrong_ends_at_the_age_limit(creates: Bench) -> None:
    open_breaker(creates)
    ask(creates, "evt_1")
    (waiting,) = creates.take_retry_messages()
    creates.clock.advance(86_401)

    assert creates.deliver(waiting).ends == [("dead_lettered", "rejected")]
    assert reasons(creates.dead_letters()) == ["rejected"]


def test_deletions_are_put_off_alike(deletions: Bench) -> None:
    deletions.studio.fault(match=DELETE, times=None, status=400, body=RETIRED)

    delivered = deletions.deliver(*[deletion(deletions, f"resp_{n}") for n in range(8)])

    assert (set(delivered.ends), deletions.calls(), deletions.dead_letters()) == ({("deferred", "rejected")}, 3, [])


def test_one_message_that_is_moved_back_again_and_again_says_nothing_of_the_deployment(deletions: Bench) -> None:
    deletions.studio.fault(match={"method": "DELETE", "id": "resp_1"}, times=None, status=400, body=RETIRED)
    ends = [deletions.deliver(deletion(deletions)).ends]
    ends += [deletions.deliver(*deletions.move_back(attributes=True)).ends for _ in range(5)]

    assert ends == [[("dead_lettered", "rejected")]] * 6
    assert delete(deletions, "resp_2") == [("done", "already_absent")]


def test_what_is_looked_up_under_a_hold_does_not_say_that_deletions_work(stored: Bench) -> None:
    stored.holds.place(stored.keys.key("response", "resp_1"), "case-1", stored.clock.now())
    stored.studio.fault(match=DELETE, times=None, status=400, body=RETIRED)
    for number in range(2):
        delete(stored, f"other_{number}")
    assert delete(stored) == [("done", "held")]

    assert delete(stored, "other_2") == [("deferred", "rejected")]


@pytest.mark.parametrize("status", [401, 403])
def test_one_id_that_is_not_let_in_stops_no_batch(stored: Bench, status: int) -> None:
    stored.studio.fault(match={"method": "DELETE", "id": "locked"}, times=None, status=status)

    delivered = stored.deliver(deletion(stored, "locked"), deletion(stored), deletion(stored, "resp_2"))

    assert sorted(delivered.ends) == [
        ("deferred", "unauthorized" if status == 401 else "forbidden"),
        ("done", "already_absent"),
        ("done", "deleted"),
    ]


OF_CONTENT = {"error": {"message": "No", "type": "invalid_request_error", "code": "image_too_large", "param": "input"}}
OF_OTHERS = {
    "error": {"message": "No", "type": "invalid_request_error", "code": "not_found", "param": "previous_response_id"}
}


OF_INPUT, OF_TALK = (
    {"error": {"message": "No", "type": "invalid_request_error", "code": "invalid_argument", "param": param}}
    for param in ("input[0].content", "conversation")
)


@pytest.mark.parametrize("body", [OF_CONTENT, OF_OTHERS, OF_INPUT, OF_TALK], ids=["code", "others", "input", "talk"])
def test_what_is_refused_for_its_own_fault_puts_no_other_off(kit: Kit, body: dict[str, Any]) -> None:
    bench = bench_of("create_response", kit)
    bench.studio.fault(match=POST, times=4, status=400, body=body)
    model = f"gpt://{bench.studio.folder_id}/some-model"
    asked = [bench.message({"model": model, "input": f"line {n}"}) for n in range(5)]

    ends = [bench.deliver(each).ends for each in asked]

    assert ends == [[("dead_lettered", "rejected")]] * 4 + [[("done", "done")]]


def test_one_wrong_setting_puts_off_creates_of_stored_responses_too(kit: Kit) -> None:
    bench = bench_of("create_response", kit)
    retire(bench)

    delivered = bench.deliver(*(bench.message({"model": "gpt://b1/gone", "input": f"line {n}"}) for n in range(10)))

    assert delivered.ends == [("deferred", "rejected")] * 10
    assert bench.calls() == 3


@pytest.mark.parametrize(
    "event",
    [{"type": "input_audio_buffer.commit"}, {"type": "conversation.item.retrieve", "item_id": "item_1"}],
    ids=lambda event: event["type"],
)
def test_a_script_that_names_what_its_session_lacks_puts_no_other_off(kit: Kit, event: dict[str, str]) -> None:
    with realtime_bench_of("realtime_client_event", kit) as bench:
        asked = [bench.message({"event_id": f"evt_{number}", "script": [event]}) for number in range(4)]

        assert [bench.deliver(each).ends for each in asked] == [[("dead_lettered", "rejected")]] * 4


def test_a_refusal_for_its_own_fault_shows_that_the_deployment_is_right(creates: Bench) -> None:
    open_breaker(creates)
    creates.studio.clear_faults()
    creates.studio.fault(match={"method": "POST", "id": "evt_0"}, status=400, body=OF_CONTENT)

    assert sorted(ask(creates, *(f"evt_{n}" for n in range(3))).ends) == [
        ("dead_lettered", "rejected"),
        ("done", "done"),
        ("done", "done"),
    ]


def test_cancels_of_responses_that_do_not_run_in_the_background_put_no_other_off(kit: Kit) -> None:
    bench = bench_of("cancel_response", kit)
    for number in range(4):
        bench.studio.seed(f"plain_{number}", status="in_progress" if number % 2 else "completed", background=False)
    bench.studio.seed("runs", status="in_progress", background=True)
    names = [*(f"plain_{number}" for number in range(4)), "plain_0", "runs"]

    ends = [bench.deliver(bench.message({"response_id": name})).ends for name in names]

    assert ends == [[("dead_lettered", "rejected")]] * 5 + [[("done", "done")]]
    assert "does not run in the background" in bench.dead_letters()[0].attributes["detail"]


def test_after_an_outage_only_what_was_called_is_dead_lettered_for_its_age(deletions: Bench) -> None:
    batch = [deletion(deletions, f"resp_{n}") for n in range(100)]
    deletions.clock.advance(25 * 3600)
    deletions.studio.fault(match=DELETE, status=429, headers={"Retry-After": "60"})

    delivered = deletions.deliver(*batch)

    assert delivered.ends.count(("dead_lettered", "throttled")) == 1
    assert delivered.ends.count(("deferred", "throttled")) == 99
    assert deletions.calls() == 1


def test_what_was_put_off_before_is_dead_lettered_for_its_age_uncalled(deletions: Bench) -> None:
    old = deletions.retry_message({"response_id": "resp_1"}, key="resp_1", copy=1)
    deletions.clock.advance(25 * 3600)
    deletions.studio.fault(match=DELETE, status=429, headers={"Retry-After": "60"})

    assert set(deletions.deliver(deletion(deletions, "resp_0"), old).ends) == {
        ("deferred", "throttled"),
        ("dead_lettered", "throttled"),
    }


def test_no_message_is_blamed_for_a_deployment_that_is_wrong(deletions: Bench) -> None:
    deletions.studio.fault(match=DELETE, times=None, status=400, body=RETIRED)
    for number in range(5):
        delete(deletions, f"resp_{number}")
        deletions.clock.advance(60)

    assert len(deletions.dead_letters()) == 2


@pytest.mark.parametrize("wait", [1, 60], ids=["a short wait", "a long wait"])
def test_a_quarter_fewer_calls_are_made_at_once_after_a_throttled_batch_and_one_more_after_a_good_one(
    deletions: Bench, wait: int
) -> None:
    throttle(deletions, wait=wait)
    deletions.deliver(*[deletion(deletions, f"resp_{n}") for n in range(8)])
    assert deletions.window.size == 6

    deletions.deliver(*[deletion(deletions, f"resp_{n}") for n in range(8, 16)])
    assert deletions.window.size == 7
