"""The reckoning of created responses finds nothing where all is well, and each broken promise by itself."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infra.local.catalog import namespace_of
from infra.local.cloud.servers import Waiting
from infra.local.studio.state import hash_of
from ledger import Keys, Record, RecordKey
from tests.e2e.soak.evidence import Evidence
from tests.e2e.soak.load import CASE, GET, HOLD, REGISTER, RESPOND, Kind, Load, Planned, identity
from tests.e2e.soak.reckoning import differences

KEYS = Keys("a secret of the tests")
PLAIN = Planned(RESPOND, Kind.ANSWERED, "create 1", "evt_1", "one")
BACKGROUND = Planned(RESPOND, Kind.ANSWERED, "create 2", "evt_2", "two")
LOOKED = Planned(GET, Kind.FOUND, "get 1", identity("look-1"), about="resp_3")
REGISTERED = Planned(REGISTER, Kind.REGISTERED, "register 1", identity("register-1"), about="resp_4")
RELEASED = Planned("delete_response", Kind.RELEASED, "delete 5", "resp_5")
LOAD = Load((PLAIN, BACKGROUND, LOOKED, REGISTERED, RELEASED))
POLL = f"{GET}#a-poll"

Change = Callable[[Evidence], Evidence]


def name(planned: Planned) -> RecordKey:
    return KEYS.key(namespace_of(planned.function), planned.key)


def registered(response_id: str) -> Record:
    return Record(KEYS.key("response", response_id), response_id=response_id, registered_hash="a hash")


def answer(response_id: str, says: str) -> dict[str, Any]:
    return {"data": {"status": "completed", "response": {"id": response_id}, "text": f"You said: {says}"}}


CREATED = {"billed": True, "effect": True, "method": "POST"}


def all_is_well() -> Evidence:
    orders = [KEYS.key(HOLD, key) for action in ("place", "release") for key in LOAD.orders(action)]
    records = [
        *(Record(name(planned), "done") for planned in (PLAIN, BACKGROUND, LOOKED, REGISTERED)),
        Record(name(RELEASED), "deleted"),
        Record(RecordKey(POLL), "done"),
        *map(registered, ("resp_1", "resp_2", "resp_4")),
        *(Record(order, "done") for order in orders),
    ]
    return Evidence(
        keys=KEYS,
        records={record.key: record for record in records},
        dead_letters=[],
        results={
            f"{name(PLAIN)}#0": [answer("resp_1", "one")],
            f"{POLL}#0": [answer("resp_2", "two")] * 2,
            f"{name(LOOKED)}#0": [answer("resp_3", "three")],
            f"{name(RELEASED)}#deleted": [{}],
            **{f"{order}#0": [{"data": {"case": CASE}}] for order in orders},
        },
        calls={"resp_1": [CREATED], "resp_5": [{"billed": False, "effect": True, "method": "DELETE"}]},
        stored={"resp_1", "resp_2", "resp_3"},
        waiting=[],
        defects=[],
        inputs={hash_of("one"): [CREATED], hash_of("two"): [CREATED]},
    )


def test_nothing_is_found_where_all_is_well() -> None:
    assert differences(LOAD, all_is_well()) == []


def without_record(key: str) -> Change:
    return lambda found: replace(found, records={each: of for each, of in found.records.items() if each != key})


def with_record(key: str, **fields: Any) -> Change:
    return lambda found: replace(found, records={**found.records, key: replace(found.records[key], **fields)})


def with_results(key: str, *answers: dict[str, Any]) -> Change:
    return lambda found: replace(found, results={**found.results, f"{key}#0": list(answers)})


def with_dead_poll(found: Evidence) -> Evidence:
    dead_letter = Waiting(
        "id",
        "a poll",
        {"reason": "unfinished", "function": GET, "settlement": json.dumps({"key": "a-poll"})},
        0,
        visible=True,
    )
    key = KEYS.key(GET, "a-poll")
    records = {each: of for each, of in found.records.items() if each != POLL}
    records[key] = Record(key, "dead_lettered", reason="unfinished")
    results = {each: of for each, of in found.results.items() if each != f"{POLL}#0"}
    return replace(found, records=records, results=results, dead_letters=[dead_letter])


def test_a_poll_that_is_dead_lettered_accounts_for_a_response_that_is_not_told() -> None:
    assert differences(LOAD, with_dead_poll(all_is_well())) == []


WRONG: dict[str, tuple[Change, str]] = {
    "created twice": (
        lambda found: replace(found, inputs={**found.inputs, hash_of("one"): [CREATED, CREATED]}),
        "evt_1 was created 2 times",
    ),
    "two responses": (
        with_results(name(PLAIN), answer("resp_1", "one"), answer("resp_2", "one")),
        "evt_1 got 2 different responses",
    ),
    "done for nothing": (lambda found: replace(found, inputs={}), "evt_2 is done, but nothing was created"),
    "created and refused": (
        with_record(name(PLAIN), state="dead_lettered", reason="rejected"),
        "evt_1 is dead-lettered as rejected, but was created",
    ),
    "never told": (with_results(name(PLAIN)), "1 created responses were never told, but only 0 polls"),
    "a poll without an end": (with_record(POLL, state="open"), "lost: a poll is open"),
    "a poll with two ends": (
        with_results(POLL, answer("resp_2", "two"), {"data": {"status": "cancelled"}}),
        "a poll ended with 2 results",
    ),
    "a learned id forgotten": (
        without_record(registered("resp_1").key),
        "resp_1 was learned, but is not registered",
    ),
    "an id on a create's record forgotten": (
        with_record(name(PLAIN), response_id="resp_9"),
        "resp_9 was learned, but is not registered",
    ),
    "a registration lost": (without_record(registered("resp_4").key), "resp_4 was learned, but is not registered"),
    "registered for nothing": (
        lambda found: replace(found, records={**found.records, "response#9": registered("resp_9")}),
        "resp_9 is registered, but nobody created it",
    ),
    "found, yet absent": (with_results(name(LOOKED), {"data": {"status": "absent"}}), "but its results say absent"),
    "a question without an answer": (with_results(name(LOOKED)), "but its results say absent: []"),
    "changed by a question": (
        lambda found: replace(found, calls={**found.calls, "resp_3": [CREATED]}),
        "resp_3 was only asked about, but was changed",
    ),
    "an order lost": (without_record(KEYS.key(HOLD, next(iter(LOAD.orders("place"))))), "is None, with 1 results"),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_broken_promise_is_found(what: str) -> None:
    change, told = WRONG[what]

    assert any(told in each for each in differences(LOAD, change(all_is_well())))
