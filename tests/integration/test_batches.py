"""Rows 25 to 27 and 35 of the fault matrix: bad messages among good ones, budgets that end, a broken environment."""

import json
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

import delete_response
from tests.support.bench import Bench
from tests.support.messages import Entry
from tests.support.observations import numbers, reasons, said
from worker.receive.trigger_event import deliveries
from worker.send.queue_message import Carrier
from worker.settings import SettingsError
from worker.wiring import instance

SECRET = "planted-secret-0451"
POISON: dict[str, object] = {
    "not JSON": f"{SECRET}{{",
    "no object": [SECRET],
    "wrong type": {"response_id": 451, "reason": SECRET},
    "unknown field": {"response_id": "resp_x", SECRET: SECRET},
    "no id": {"reason": "retention"},
    "empty id": {"response_id": ""},
    "a path": {"response_id": f"../{SECRET}"},
    "dots": {"response_id": ".."},
    "a backslash": {"response_id": f"{SECRET}\\x"},
    "too long an id": {"response_id": SECRET * 60},
    "a raw surrogate": '{"response_id": "' + SECRET + '\ud800"}',
    "an escaped surrogate": '{"response_id": "' + SECRET + '\\ud800"}',
    "a control character": '{"response_id": "' + SECRET + '\x01"}',
    "a bad envelope": {"specversion": "0.3", "id": SECRET, "data": {}},
    "an envelope without data": {"specversion": "1.0", "id": SECRET, "type": "t", "source": "s"},
    "bad data in an envelope": {"specversion": "1.0", "id": SECRET, "data": {"response_id": 1}},
    "a bad time": {"response_id": "resp_x", "not_before": f"tomorrow {SECRET}"},
    "a time without a zone": {"response_id": "resp_x", "not_before": "2026-11-22T08:00:00"},
    "null": "null",
    "nothing": "",
    "deep nesting": "[" * 10_000,
}


def content_free(bench: Bench) -> bool:
    """No log line, no record and no dead letter's detail shows anything of the content."""
    details = [dead_letter.attributes.get("detail", "") for dead_letter in bench.dead_letters()]
    return not any(SECRET in text for text in (*bench.log, *map(str, bench.records()), *details))


def good(bench: Bench, n: int) -> Entry:
    bench.studio.seed(f"resp_{n}")
    return bench.message({"response_id": f"resp_{n}"})


@pytest.mark.parametrize("what", POISON)
@pytest.mark.row(25)
def test_poison_is_dead_lettered_in_one_step_and_tells_what_was_wrong_and_where(deletions: Bench, what: str) -> None:
    batch = [good(deletions, 1), deletions.message(POISON[what], message_id="m-bad"), good(deletions, 2)]

    delivered = deletions.deliver(*batch)

    assert delivered.counts == {"done": 2, "retry": 0, "deferred": 0, "dead_lettered": 1, "unsettled": 0}
    (dead_letter,) = deletions.dead_letters()
    assert (dead_letter.attributes["reason"], said(dead_letter)["key"]) == ("invalid_message", "m-bad")
    assert dead_letter.attributes["detail"].startswith(("body", "details.message.body"))
    assert (deletions.record_of_message("m-bad").state, deletions.calls()) == ("dead_lettered", 2)
    assert content_free(deletions)


@pytest.mark.parametrize("what", POISON)
@pytest.mark.row(25)
def test_poison_of_a_create_is_dead_lettered_in_one_step(creates: Bench, what: str) -> None:
    delivered = creates.deliver(creates.message(POISON[what], message_id="m-bad"), creates.message({"event_id": "e"}))

    assert sorted(delivered.ends) == sorted([("done", "done"), ("dead_lettered", "invalid_message")])
    assert reasons(creates.dead_letters()) == ["invalid_message"]
    assert content_free(creates)


@pytest.mark.parametrize("what", ["a raw surrogate", "a control character", "not JSON"])
@pytest.mark.row(25)
def test_a_dead_letter_brings_back_exactly_what_was_sent(deletions: Bench, what: str) -> None:
    sent = deletions.message(POISON[what], message_id="m-bad")
    deletions.deliver(sent)
    (redriven,) = deletions.redrive()
    first, second = deliveries({"messages": [sent, redriven]}, deletions.clock.now(), deletions.carrier.signer)
    assert first.body == second.body == POISON[what]

    assert deletions.deliver(redriven).ends == [("dead_lettered", "invalid_message")]
    (dead_letter,) = deletions.dead_letters()
    assert numbers(dead_letter) == (0, 0, 1)
    assert deletions.record_of_message("m-bad").redrive == 1


def damaged(entry: Entry, **changes: Any) -> Entry:
    message = {name: value for name, value in (entry["details"]["message"] | changes).items() if value is not ...}
    return {**entry, "details": {**entry["details"], "message": message}}


@pytest.mark.row(25)
def test_a_body_that_its_checksum_contradicts_is_dead_lettered(deletions: Bench) -> None:
    deletions.deliver(damaged(good(deletions, 1), md5_of_body="0" * 32))

    (dead_letter,) = deletions.dead_letters()
    assert "md5_of_body" in dead_letter.attributes["detail"]
    assert deletions.calls() == 0


@pytest.mark.parametrize("missing", [None, ...])
@pytest.mark.parametrize("field", ["attributes", "message_attributes", "md5_of_body", "md5_of_message_attributes"])
@pytest.mark.row(25)
def test_what_is_null_or_missing_beside_the_body_does_no_harm(deletions: Bench, field: str, missing: object) -> None:
    assert deletions.deliver(damaged(good(deletions, 1), **{field: missing})).ends == [("done", "deleted")]


@pytest.mark.parametrize("entry", [{}, None, "text", {"details": None}, {"details": {"message": {"body": 5}}}])
@pytest.mark.row(25)
def test_an_entry_that_is_no_message_is_dead_lettered_beside_its_neighbours(deletions: Bench, entry: Any) -> None:
    delivered = deletions.deliver(entry, good(deletions, 1))

    assert sorted(delivered.ends) == sorted([("done", "deleted"), ("dead_lettered", "invalid_message")])


@pytest.mark.row(25)
def test_an_empty_batch_is_acknowledged(deletions: Bench) -> None:
    assert deletions.deliver().acknowledged


@pytest.mark.row(25)
def test_a_body_that_fits_no_retry_message_is_left_to_the_queues_own_policy(deletions: Bench) -> None:
    big = deletions.message("x" * 262_144)

    delivered = deletions.deliver(big, good(deletions, 1))

    assert not delivered.acknowledged
    assert sorted(delivered.ends) == [("done", "deleted"), ("unsettled", "dead-letter queue")]
    assert deletions.dead_letters() == []


@pytest.mark.row(25)
def test_two_poisons_that_claim_one_key_are_both_kept(deletions: Bench) -> None:
    batch = [deletions.message(f"poison {n}", message_id=f"m-{n}", attributes={"key": "resp_1"}) for n in range(2)]

    assert deletions.deliver(*batch).ends == [("dead_lettered", "invalid_message")] * 2
    assert sorted(dead_letter.body for dead_letter in deletions.dead_letters()) == ["poison 0", "poison 1"]


@pytest.mark.row(25)
def test_poison_that_claims_a_business_key_leaves_that_keys_record_alone(deletions: Bench) -> None:
    deletions.deliver(deletions.message("poison", attributes={"key": "resp_1"}))

    assert deletions.record("resp_1").state is None
    assert deletions.deliver(good(deletions, 1)).ends == [("done", "deleted")]


@pytest.mark.parametrize(("bad", "place"), [(0, "first"), *product((1, 3), ("first", "last")), (6, "first")])
@pytest.mark.row(26)
def test_bad_messages_are_dealt_with_alone_wherever_they_are(deletions: Bench, bad: int, place: str) -> None:
    poison = [deletions.message("poison", message_id=f"m-{n}") for n in range(bad)]
    fine = [good(deletions, n) for n in range(6 - bad)]

    delivered = deletions.deliver(*(poison + fine if place == "first" else fine + poison))

    assert delivered.counts == {"done": 6 - bad, "retry": 0, "deferred": 0, "dead_lettered": bad, "unsettled": 0}
    assert (deletions.calls(), len(deletions.dead_letters())) == (6 - bad, bad)


@pytest.mark.parametrize("bad", [0, 1, 6])
@pytest.mark.row(26)
def test_bad_calls_of_creates_are_dealt_with_alone(creates: Bench, bad: int) -> None:
    for n in range(bad):
        creates.studio.fault(match={"method": "POST", "id": f"evt_{n}"}, status=400)

    delivered = creates.deliver(*[creates.message({"event_id": f"evt_{n}"}) for n in range(6)])

    judged = {"deferred": 0, "dead_lettered": bad} if bad < 3 else {"deferred": bad, "dead_lettered": 0}
    assert delivered.counts == {"done": 6 - bad, "retry": 0, "unsettled": 0} | judged
    assert creates.billed() == 6 - bad


@pytest.mark.row(27)
def test_the_last_counted_attempt_dead_letters_row_and_dead_letter_with_the_last_reason(deletions: Bench) -> None:
    deletions.studio.fault(match={"method": "DELETE"}, status=500)

    worn = deletions.retry_message({"response_id": "resp_1"}, key="resp_1", attempt=7, copy=9)

    assert deletions.deliver(worn).ends == [("dead_lettered", "outcome_unknown")]
    record = deletions.record("resp_1")
    assert (record.state, record.reason, record.dlq) == ("dead_lettered", "outcome_unknown", "sent")
    assert reasons(deletions.dead_letters()) == ["outcome_unknown"]


@pytest.mark.parametrize(("status", "reason"), [(429, "throttled"), (503, "throttled"), (403, "forbidden")])
@pytest.mark.row(27)
def test_deferrals_end_at_the_age_limit(deletions: Bench, status: int, reason: str) -> None:
    deletions.studio.fault(match={"method": "DELETE"}, times=None, status=status)
    first_seen = int(deletions.clock.now()) - 86_401

    old = deletions.retry_message({"response_id": "resp_1"}, key="resp_1", copy=50, first_seen=first_seen)

    assert deletions.deliver(old).ends == [("dead_lettered", reason)]
    assert reasons(deletions.dead_letters()) == [reason]


@pytest.mark.row(27)
def test_what_never_had_the_time_to_begin_ends_too(creates: Bench) -> None:
    message = creates.retry_message({"event_id": "evt_1"}, copy=9, first_seen=int(creates.clock.now()) - 86_401)
    creates.hooks.before.append(lambda: creates.clock.advance(49.95))

    delivered = creates.deliver(creates.message({"event_id": "evt_0"}), message)

    assert delivered.ends == [("done", "done"), ("dead_lettered", "unavailable")]


@pytest.mark.row(35)
def test_a_missing_environment_fails_loudly_and_names_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AISTUDIO_FOLDER_ID", "HASH_KEY", "QUEUE_URL", "YDB_DOCAPI_ENDPOINT", "DEAD_LETTER_QUEUE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MAX_ATTEMPTS", "many")
    instance.cache_clear()

    with pytest.raises(SettingsError) as raised:
        delete_response.handler({"messages": []}, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000))

    named = ("AISTUDIO_FOLDER_ID", "HASH_KEY", "QUEUE_URL", "YDB_DOCAPI_ENDPOINT", "DEAD_LETTER_QUEUE_URL")
    assert all(name in str(raised.value) for name in (*named, "MAX_ATTEMPTS"))


@pytest.mark.parametrize("times", [{"not_before": 1_700_000_000}, {"not_before": "1700000000"}, {"requested_at": 5}])
@pytest.mark.row(25)
def test_a_time_that_is_a_number_is_not_guessed_at(stored: Bench, times: dict[str, object]) -> None:
    message = stored.message({"response_id": "resp_1", **times})

    assert stored.deliver(message).ends == [("dead_lettered", "invalid_message")]
    assert (stored.calls(), reasons(stored.dead_letters())) == (0, ["invalid_message"])


def test_a_message_that_its_queue_takes_only_without_our_attributes_keeps_no_neighbour_from_being_sent_again(
    deletions: Bench,
) -> None:
    limit = 16_384
    deletions.carrier = Carrier(deletions.carrier.signer, limit)
    deletions.studio.fault(times=None, status=500)
    ids = [f"resp_{n}" for n in range(20)]
    batch = [deletions.message({"response_id": each}) for each in ids]
    padded = json.dumps({"response_id": ids[3]})
    batch[3] = deletions.message(padded + " " * (limit - len(padded)))

    delivered = deletions.deliver(*batch)

    assert sorted(end for end, _ in delivered.ends) == ["retry"] * 19 + ["unsettled"]
    assert {said(retry)["key"] for retry in deletions.retry_messages()} == {*ids} - {ids[3]}
    assert not delivered.acknowledged
