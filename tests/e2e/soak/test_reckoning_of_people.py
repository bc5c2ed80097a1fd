"""The reckoning of erased people and of lone events finds nothing where all is well, and each broken promise by itself."""

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
from tests.e2e.soak.load import CANCEL, ERASE, EVENT, REGISTER, RESPOND, VERIFY, Kind, Load, Planned, identity
from tests.e2e.soak.reckoning import differences

KEYS = Keys("a secret of the tests")
THEIRS = Planned(REGISTER, Kind.ERASED, "register 1", identity("register-1"), "alice", "resp_1")
ERASURE = Planned(ERASE, Kind.ERASURE, "erase 1", "an erasure", about="alice")
LONE = Planned(EVENT, Kind.LONE, "event 1", "evt_1")
REFUSED = Planned(CANCEL, Kind.REFUSED, "cancel 1", identity("cancel-1"), about="resp_2")
UNKEPT = Planned(RESPOND, Kind.UNKEPT, "create 1", "evt_2", "one")
LOAD = Load((THEIRS, ERASURE, LONE, REFUSED, UNKEPT))
GONE = KEYS.key("response", "resp_1")
EFFECT = {"billed": False, "effect": True, "method": "DELETE"}
SOUND = {**EFFECT, "method": "POST"}

Change = Callable[[Evidence], Evidence]


def name(planned: Planned) -> RecordKey:
    return KEYS.key(namespace_of(planned.function), planned.key)


def all_is_well() -> Evidence:
    records = [
        *(Record(name(planned), "done") for planned in (THEIRS, ERASURE, LONE, UNKEPT)),
        Record(name(REFUSED), "dead_lettered", reason="rejected"),
        Record(GONE, "deleted", registered_hash="h", rest={"verified_at": 1}),
        Record(RecordKey(f"{GONE}#2"), "verified_absent"),
        Record(RecordKey(f"{VERIFY}#asked"), "done"),
        Record(RecordKey("subject#alice"), erased_at="2026"),
    ]
    return Evidence(
        keys=KEYS,
        records={record.key: record for record in records},
        dead_letters=[
            Waiting(
                "id",
                REFUSED.body,
                {"reason": "rejected", "function": CANCEL, "settlement": json.dumps({"key": REFUSED.key})},
                0,
                visible=True,
            )
        ],
        results={
            f"{GONE}#deleted": [{}],
            f"{name(ERASURE)}#0": [{"data": {"found": 1}}] * 2,
            f"{name(LONE)}#0": [{"data": {"status": "accepted"}}],
            f"{name(UNKEPT)}#0": [
                {"data": {"status": "completed", "response": {"id": "resp_3"}, "text": "You said: one"}}
            ],
        },
        calls={"resp_1": [EFFECT], "evt_1": [SOUND]},
        stored={"resp_2"},
        waiting=[],
        defects=[],
        inputs={hash_of("one"): [EFFECT]},
    )


def with_record(key: str, **fields: Any) -> Change:
    return lambda found: replace(found, records={**found.records, key: replace(found.records[key], **fields)})


def with_calls(name: str, *calls: dict[str, Any]) -> Change:
    return lambda found: replace(found, calls={**found.calls, name: list(calls)})


def with_results(key: str, *results: dict[str, Any]) -> Change:
    return lambda found: replace(found, results={**found.results, key: list(results)})


WRONG: dict[str, tuple[Change, str]] = {
    "one left": (with_record(GONE, state="dead_lettered"), "resp_1 is of an erased person, but dead_lettered"),
    "one deleted twice": (
        with_calls("resp_1", EFFECT, EFFECT),
        "resp_1 is of an erased person, but deleted, deleted 2",
    ),
    "one that nobody hears of": (
        lambda found: replace(
            found, results={each: of for each, of in found.results.items() if "#deleted" not in each}
        ),
        "resp_1 is deleted, but no result says so",
    ),
    "one not looked for": (with_record(GONE, rest={}), "resp_1 is deleted, and was not looked for"),
    "an erasure left": (with_record(name(ERASURE), state="open"), "the erasure of alice is open"),
    "two summaries": (
        with_results(f"{name(ERASURE)}#0", {"data": {"found": 1}}, {"data": {"found": 2}}),
        "the erasure of alice is done, with 2 summaries",
    ),
    "sound twice": (with_calls("evt_1", SOUND, SOUND), "evt_1 took effect 2 times"),
    "sound refused": (with_record(name(LONE), state="dead_lettered", reason="rejected"), "but took effect"),
    "sound without a word": (with_results(f"{name(LONE)}#0"), "evt_1 is done, and no result says so"),
    "a cancel that could not be": (with_record(name(REFUSED), state="done"), "can't be cancelled, but is done"),
    "one that was not to be kept": (
        lambda found: replace(
            found,
            records={
                **found.records,
                "response#3": Record(RecordKey("response#3"), response_id="resp_3", registered_hash="h"),
            },
        ),
        "evt_2 was not to be stored, but is registered",
    ),
}


def test_a_deletion_whose_answer_was_lost_ends_in_absence_and_is_not_looked_for() -> None:
    found = with_record(GONE, state="already_absent", rest={})(all_is_well())
    absent = with_results(f"{GONE}#already_absent", {})(found)

    assert differences(LOAD, absent) == []


def test_nothing_is_found_where_all_is_well() -> None:
    assert differences(LOAD, all_is_well()) == []


@pytest.mark.parametrize("what", WRONG)
def test_each_broken_promise_is_found(what: str) -> None:
    change, told = WRONG[what]

    assert any(told in each for each in differences(LOAD, change(all_is_well())))
