import hashlib
import json
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from infra.local.catalog import functions
from infra.local.samples.case import EVENTS, Case, cases, load
from infra.local.samples.model import End
from infra.local.studio.faults.book import parse

CASES = cases()
CREATES = [case for case in CASES if case.function == "realtime_response_create"]


def test_each_sample_is_of_a_function_that_runs_here() -> None:
    assert {case.function for case in CASES} <= {function.name for function in functions()}


@pytest.mark.parametrize("end", get_args(End.model_fields["end"].annotation))
@pytest.mark.parametrize("function", [function.name for function in functions()])
def test_the_samples_show_every_end_that_a_message_can_have(function: str, end: str) -> None:
    if end in ("retry", "deferred") and not import_module(function).handler.function.calls_studio:
        return  # no call can fail: a ledger that can't be reached leaves a message unsettled
    shown = {each.end for case in CASES if case.function == function for each in case.sample.ends}
    assert end in shown, (
        f"events/{function}/ has no sample with a message that ends {end}: add events/{function}/<case>.json"
    )


def test_the_samples_of_deletions_show_every_outcome() -> None:
    outcomes = {end.outcome for case in CASES if case.function == "delete_response" for end in case.sample.ends}
    assert outcomes == {"deleted", "already_absent", "held", "scheduled", None}


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        ("get_response", ("deferred", "done", None)),
        ("get_response", ("dead_lettered", None, "unfinished")),
        ("delete_response", ("retry", "deleted", None)),
        ("delete_response", ("dead_lettered", None, "conflict")),
        ("cancel_response", ("dead_lettered", None, "rejected")),
    ],
)
def test_the_samples_show_the_ends_that_only_their_function_has(
    function: str, shown: tuple[str, str | None, str | None]
) -> None:
    ends = [end for case in CASES if case.function == function for end in case.sample.ends]
    assert shown in {(end.end, end.outcome, end.reason) for end in ends}


@pytest.mark.parametrize("function", ["create_response", "list_input_items", "realtime_response_create"])
def test_the_samples_show_a_result_that_only_a_bucket_can_take(function: str) -> None:
    assert "stored" in {end.result for case in CASES if case.function == function for end in case.sample.ends}


@pytest.mark.parametrize("transport", ["http", "websocket"])
def test_the_samples_of_creates_show_every_end_that_a_call_can_have_over_each_transport(transport: str) -> None:
    over = [end for case in CREATES for end in case.sample.ends if end.transport == transport]
    assert {end.end for end in over} >= {"done", "retry", "deferred", "dead_lettered"}
    assert {end.reason for end in over} >= {"rejected", "outcome_unknown"}


def test_the_samples_of_creates_show_every_outcome_and_every_way_of_a_result() -> None:
    ends = [end for case in CREATES for end in case.sample.ends]
    assert {end.outcome for end in ends} == {"done", "accepted", None}
    assert {end.result for end in ends} == {"whole", "stored", "lightened", None}


def test_each_create_that_is_called_says_over_which_transport() -> None:
    assert not [case.title for case in CREATES for end in case.sample.ends if (end.calls > 0) != bool(end.transport)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_each_event_is_whole(case: Case) -> None:
    for entry, message in zip(case.event["messages"], case.messages, strict=True):
        digest = hashlib.md5(message["body"].encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        assert entry["event_metadata"]["event_id"] == message["message_id"]
        assert (message["md5_of_body"] == digest) is (case.name != "wrong_md5")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_local_ai_studio_knows_each_fault(case: Case) -> None:
    for fault in case.sample.faults:
        parse(fault)


def test_no_two_samples_of_a_function_share_a_key_or_a_message_id() -> None:
    used = Counter((case.function, what) for case in CASES for what in {end.key for end in case.sample.ends} - {None})
    ids = Counter(what for case in CASES for what in {message["message_id"] for message in case.messages})
    assert not [what for what, times in (used + ids).items() if times > 1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ends": []}, "1 messages, but 0 ends"),
        ({"ends": [{"end": "done"}]}, "with which outcome"),
        ({"ends": [{"end": "dead_lettered"}]}, "for which reason"),
        ({"ends": [{"end": "gone"}]}, "Input should be"),
        ({"ends": [{"end": "dead_lettered", "reason": "invalid_message", "calls": 1}]}, "is not called"),
        ({"ends": [{"end": "dead_lettered", "reason": "rejected", "result": "whole"}]}, "only an outcome"),
        ({"settings": {"LOG_LEVEL": "DEBUG"}}, "via invoke"),
        ({"via": "invoke", "ends": [{"end": "unsettled"}]}, "needs a queue"),
        ({"stores": []}, "Extra inputs"),
    ],
)
def test_a_sample_that_says_nonsense_is_refused_with_its_file_name(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    plain = json.loads((EVENTS / "delete_response" / "plain.json").read_text())
    (path := tmp_path / "nonsense.json").write_text(json.dumps(plain | {"sample": plain["sample"] | change}))
    with pytest.raises(ValueError, match=rf"nonsense\.json[\s\S]*{told}"):
        load(path)
