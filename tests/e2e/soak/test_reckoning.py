"""The reckoning finds nothing where all is well, and each broken promise by itself."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest

from infra.local.catalog import namespace_of
from infra.local.cloud.servers import Waiting
from ledger import Keys, Record, RecordKey
from tests.e2e.soak.evidence import Evidence
from tests.e2e.soak.load import CREATE, DELETE, Kind, Load, Planned, make_load
from tests.e2e.soak.reckoning import differences
from tests.support.planted import leaks, texts_of_dead_letters, texts_of_records

KEYS = Keys("a secret of the tests")
STORED = Planned(DELETE, Kind.STORED, "delete 1", "resp_1")
MISSING = Planned(DELETE, Kind.MISSING, "delete 2", "resp_2")
HELD = Planned(DELETE, Kind.HELD, "delete 3", "resp_3")
ASKED = Planned(CREATE, Kind.CREATED, "ask 1", "evt_1", "Hello")
UNKNOWN = Planned(CREATE, Kind.CREATED, "ask 2", "evt_2", "Hi")
FIRST = Planned(CREATE, Kind.REUSED, "ask 3", "evt_3", "one")
SECOND = Planned(CREATE, Kind.REUSED, "ask 3 otherwise", "evt_3", "two")
BROKEN = Planned(DELETE, Kind.BROKEN, "not JSON")
LOAD = Load((STORED, MISSING, HELD, ASKED, UNKNOWN, FIRST, SECOND, BROKEN))


def name(planned: Planned) -> RecordKey:
    return KEYS.key(namespace_of(planned.function), planned.key)


def dead_letter(body: str, reason: str, key: str, function: str = CREATE) -> Waiting:
    return Waiting(
        "id", body, {"reason": reason, "function": function, "settlement": json.dumps({"key": key})}, 0, visible=True
    )


def call(*, billed: bool = False, effect: bool = False, method: str = "DELETE") -> dict[str, Any]:
    return {"billed": billed, "effect": effect, "method": method}


def answer(planned: Planned) -> list[dict[str, Any]]:
    return [{"data": {"status": "completed", "text": f"You said: {planned.says}"}}]


def all_is_well() -> Evidence:
    unusable = KEYS.key(f"{DELETE}:message", "m-1")
    records = [
        Record(name(STORED), "deleted"),
        Record(name(MISSING), "already_absent"),
        Record(name(HELD), "held"),
        Record(name(ASKED), "done"),
        Record(name(UNKNOWN), "dead_lettered", reason="outcome_unknown"),
        Record(name(FIRST), "done"),
        Record(unusable, "dead_lettered", reason="invalid_message"),
    ]
    return Evidence(
        keys=KEYS,
        records={record.key: record for record in records},
        dead_letters=[
            dead_letter(UNKNOWN.body, "outcome_unknown", "evt_2"),
            dead_letter(SECOND.body, "key_reused", "evt_3"),
            dead_letter(BROKEN.body, "invalid_message", "m-1", DELETE),
        ],
        results={
            f"{name(STORED)}#deleted": [{}],
            f"{name(MISSING)}#already_absent": [{}],
            f"{name(ASKED)}#0": answer(ASKED),
            f"{name(FIRST)}#0": answer(FIRST),
        },
        calls={
            "resp_1": [call(effect=True)],
            "evt_1": [call(billed=True, effect=True)],
            "evt_2": [call(billed=True, effect=True)],
            "evt_3": [call(billed=True, effect=True)],
        },
        stored={"resp_3"},
        waiting=[],
        defects=[],
    )


def with_record(planned: Planned, **fields: Any) -> Callable[[Evidence], Evidence]:
    def change(found: Evidence) -> Evidence:
        record = replace(found.records[name(planned)], **fields)
        return replace(found, records={**found.records, record.key: record})

    return change


def dead_lettered_after(reason: str, *calls: dict[str, Any]) -> Callable[[Evidence], Evidence]:
    """The stored one is dead-lettered for this reason, with its dead letter, after these calls."""
    changes = [
        with_record(STORED, state="dead_lettered", reason=reason),
        with_calls("resp_1", *calls),
        with_dead_letter(STORED.body, reason, "resp_1", DELETE),
    ]
    return lambda found: reduce(lambda so_far, change: change(so_far), changes, found)


def without_dead_letter(reason: str) -> Callable[[Evidence], Evidence]:
    return lambda found: replace(
        found, dead_letters=[each for each in found.dead_letters if each.attributes["reason"] != reason]
    )


def with_dead_letter(*given: str) -> Callable[[Evidence], Evidence]:
    return lambda found: replace(found, dead_letters=[*found.dead_letters, dead_letter(*given)])


def with_calls(key: str, *calls: dict[str, Any]) -> Callable[[Evidence], Evidence]:
    return lambda found: replace(found, calls={**found.calls, key: list(calls)})


def without_result(planned: Planned, end: str) -> Callable[[Evidence], Evidence]:
    gone = f"{name(planned)}#{end}"
    return lambda found: replace(found, results={each: of for each, of in found.results.items() if each != gone})


def with_result(planned: Planned, *of: Planned) -> Callable[[Evidence], Evidence]:
    said = [each for one in of for each in answer(one)]
    return lambda found: replace(found, results={**found.results, f"{name(planned)}#0": said})


def test_nothing_is_found_where_all_is_well() -> None:
    assert differences(LOAD, all_is_well()) == []


BILLED, EFFECT = call(billed=True, effect=True), call(effect=True)
WRONG: dict[str, tuple[Callable[[Evidence], Evidence], str]] = {
    "a record left open": (with_record(STORED, state="open"), "lost: resp_1 is open"),
    "a claim that nobody ends": (with_record(ASKED, state="claimed"), "lost: evt_1 is claimed"),
    "no record": (lambda found: replace(found, records={}), "lost: resp_1 is None"),
    "a message left": (lambda found: replace(found, waiting=[dead_letter("x", "", "")]), "still on its way"),
    "no dead letter": (
        without_dead_letter("outcome_unknown"),
        "evt_2 is dead-lettered (outcome_unknown), but has no dead letter",
    ),
    "no dead letter for a broken one": (without_dead_letter("invalid_message"), "a broken message has no dead letter"),
    "a reused key unnoticed": (without_dead_letter("key_reused"), "evt_3 stood for two contents, and nobody noticed"),
    "another reason": (with_dead_letter(UNKNOWN.body, "rejected", "evt_2"), "evt_2 has dead letters that contradict"),
    "a stranger's dead letter": (with_dead_letter("stranger", "rejected", "evt_2"), "a dead letter that nobody sent"),
    "a dead letter moved by the queue": (
        lambda found: replace(
            found, dead_letters=[*found.dead_letters, Waiting("id", STORED.body, {}, 9, visible=True)]
        ),
        "a dead letter that does not say",
    ),
    "billed twice": (with_calls("evt_1", BILLED, BILLED), "evt_1 was billed 2 times"),
    "done for nothing": (with_calls("evt_1", call()), "evt_1 is done, with 1 results, billed 0 times"),
    "the answer lost": (without_result(ASKED, "0"), "evt_1 is done, with 0 results"),
    "another's answer": (with_result(ASKED, UNKNOWN), "evt_1 got another one's answer"),
    "two answers": (with_result(FIRST, FIRST, SECOND), "evt_3 got 2 different answers"),
    "billed and refused": (
        with_record(UNKNOWN, reason="rejected"),
        "evt_2 is dead-lettered as rejected, but was billed",
    ),
    "a receipt for nothing": (with_calls("resp_1"), "resp_1 has a receipt, but was not deleted"),
    "no receipt": (dead_lettered_after("rejected", EFFECT), "resp_1 was deleted 1 times, but has no receipt"),
    "no receipt, refused later": (
        dead_lettered_after("rejected", EFFECT, call()),
        "resp_1 was deleted 1 times, but has no",
    ),
    "no receipt, unknown": (
        dead_lettered_after("outcome_unknown", EFFECT, call()),
        "resp_1 was deleted 1 times, but has no",
    ),
    "dead-lettered for good": (
        dead_lettered_after("unavailable", call()),
        "resp_1 was deleted 0 times, but has no receipt",
    ),
    "a stranger deleted": (with_calls("resp_9", EFFECT), "resp_9 was deleted, but nobody asked for it"),
    "a hold dead-lettered": (
        with_record(HELD, state="dead_lettered"),
        "resp_3 is on hold, but dead_lettered, deleted 0 times",
    ),
    "deleted twice": (with_calls("resp_1", call(effect=True), call(effect=True)), "resp_1 was deleted 2 times"),
    "absent, yet there": (
        lambda found: replace(with_record(STORED, state="already_absent")(found), stored={"resp_1", "resp_3"}),
        "resp_1 is said to be absent, but is there",
    ),
    "a deletion that nobody hears of": (without_result(STORED, "deleted"), "resp_1 is deleted, but no result says so"),
    "deleted under a hold": (with_calls("resp_3", call(effect=True)), "resp_3 is on hold, but held, deleted 1 times"),
    "a record of nobody's": (
        lambda found: replace(
            found, records={**found.records, "delete_response#x": Record(RecordKey("delete_response#x"), "deleted")}
        ),
        "a record that nobody asked for",
    ),
    "a defect": (lambda found: replace(found, defects=["TypeError"]), "defect: TypeError"),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_broken_promise_is_found(what: str) -> None:
    change, told = WRONG[what]

    assert any(told in each for each in differences(LOAD, change(all_is_well())))


def test_the_same_seed_makes_the_same_load_of_every_kind() -> None:
    load = make_load(500, 7)

    assert load == make_load(500, 7)
    assert load != make_load(500, 8)
    assert len(load.messages) == 500
    assert {planned.kind for planned in load.messages} == set(Kind)
    assert len({planned.body for planned in load.messages}) < 500, "some are sent twice"


@pytest.mark.parametrize(
    "texts",
    [
        ['{"detail": "resp-planted-1 is gone"}'],
        list(texts_of_records([{"key": {"S": "delete_response#1"}, "subject": {"S": "resp-planted-1"}}])),
        list(texts_of_records([{"usage": {"M": {"resp-planted-1": {"N": "1"}}}}])),
        list(
            texts_of_dead_letters(
                [Waiting("id", "", {"detail": "no resp-planted-1", "settlement": "{}"}, 0, visible=True)]
            )
        ),
    ],
)
def test_what_was_planted_is_found_wherever_it_is(texts: list[str]) -> None:
    assert leaks(texts, {"an id": "resp-planted-"})[0].startswith("an id in: ")


def test_a_dead_letter_may_hold_its_own_key_and_body() -> None:
    dead_letters = [
        Waiting("id", "resp-planted-1", {"settlement": "resp-planted-1", "reason": "rejected"}, 0, visible=True)
    ]

    assert leaks(texts_of_dead_letters(dead_letters), {"an id": "resp-planted-"}) == []
