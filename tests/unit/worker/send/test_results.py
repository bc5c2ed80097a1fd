"""Results that no queue takes as they are, and no bucket either."""

import json
from typing import Any

import pytest

from ledger import Key, RecordKey
from tests.support.bench import Bench
from worker.send.large_results import LARGEST
from worker.send.queue import Queue
from worker.send.results import Result, Results

BULKY = ("audio", "output", "text")
LONG = "x" * (LARGEST + 1)


@pytest.mark.parametrize(
    ("data", "omitted"),
    [
        ({"audio": LONG, "text": "short", "output": ["short"]}, ["audio"]),
        ({"text": "short", "output": [LONG]}, ["output"]),
        ({"audio": "short", "text": LONG, "output": ["short"]}, ["audio", "output", "text"]),
        ({"text": "short", "transcript": LONG, "metadata": {"a": "short"}}, ["text", "transcript"]),
    ],
    ids=["audio", "output", "text", "transcript"],
)
def test_what_is_left_out_of_a_large_result_is_named_and_nothing_else(
    creates: Bench, data: dict[str, Any], omitted: list[str]
) -> None:
    usage = {"total_tokens": 3}
    queue = Queue(creates.kit.sqs, creates.clock)
    results = Results(queue, creates.answers, "f", "t", "hash", None)

    assert results.send([Result("id", RecordKey("record"), Key("key"), 0.0, {**data, "usage": usage}, BULKY)]) == [True]

    (event,) = creates.results()
    assert event["data"] == {name: each for name, each in data.items() if name not in omitted} | {
        "usage": usage,
        "omitted": omitted,
    }
    assert len(json.dumps(event)) <= LARGEST


def test_a_text_takes_no_more_room_than_it_has_in_any_alphabet(creates: Bench) -> None:
    text = "ответ" * 20_000
    results = Results(Queue(creates.kit.sqs, creates.clock), creates.answers, "f", "t", "hash", None)

    assert results.send([Result("id", RecordKey("record"), Key("key"), 0.0, {"text": text}, BULKY)]) == [True]

    (event,) = creates.results()
    assert event["data"] == {"text": text}


@pytest.mark.parametrize("character", ["\ud800", "\uffff"])
def test_a_text_with_what_no_queue_takes_arrives_all_the_same(creates: Bench, character: str) -> None:
    text = f"ответ {character}"
    results = Results(Queue(creates.kit.sqs, creates.clock), creates.answers, "f", "t", "hash", None)

    assert results.send([Result("id", RecordKey("record"), Key("key"), 0.0, {"text": text}, BULKY)]) == [True]

    (event,) = creates.results()
    assert event["data"] == {"text": text}
