import hashlib
import json
import os
import subprocess
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from infra.local.cloud.servers import Servers
from infra.local.processes.surroundings import ROOT
from infra.local.samples.case import Case, cases
from infra.local.samples.dates import redated

CASES = cases()
LATER = timedelta(days=400, hours=3)


def message_of(body: str, **more: Any) -> dict[str, Any]:
    digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
    return {"md5_of_body": digest, "body": body, "attributes": {"SentTimestamp": "1795334400000"}} | more


def event_of(*messages: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"created_at": "2026-11-22T08:00:00.000Z"}
    return {"messages": [{"event_metadata": dict(metadata), "details": {"message": each}} for each in messages]}


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def moved(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message 400 days and 3 hours later, settlement attributes signed with their own text."""
    event = redated(event_of(message), at("2026-11-22T08:00:00Z") + LATER.total_seconds(), lambda said, _: str(said))
    found: dict[str, Any] = event["messages"][0]["details"]["message"]
    return found


@pytest.mark.parametrize("case", [case for case in CASES if case.messages], ids=lambda case: case.title)
def test_a_sample_moved_to_another_day_and_back_is_what_it_was(case: Case) -> None:
    newest = max(
        at(entry["event_metadata"]["created_at"]) * 1000
        if not (times := entry["details"]["message"]["attributes"])
        else max(int(value) for name, value in times.items() if name.endswith("Timestamp"))
        for entry in case.event["messages"]
    )

    there = case.redated(newest / 1000 + LATER.total_seconds())

    assert there.event != case.event
    assert there.redated(newest / 1000).event == case.event


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_sample_of_today_has_right_md5s_but_where_a_wrong_one_is_the_point(case: Case) -> None:
    for message in case.redated(time.time()).messages:
        digest = hashlib.md5(message["body"].encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        assert (message["md5_of_body"] == digest) is (case.name != "wrong_md5")


def test_times_in_a_body_keep_their_zone_their_precision_and_their_distance() -> None:
    body = '{"not_before": "2026-11-22T20:00:00Z", "time": "2026-11-22T07:59:58.25+03:00", "day": "2026-11-22"}'

    assert json.loads(moved(message_of(body))["body"]) == {
        "not_before": "2027-12-27T23:00:00Z",
        "time": "2027-12-27T10:59:58.25+03:00",
        "day": "2026-11-22",
    }


def test_what_is_no_time_stays_as_it_is() -> None:
    body = '{"not_before": "2026-13-45T25:61:00Z", "text": "it is 2026"'

    assert moved(message_of(body))["body"] == body


@pytest.mark.parametrize(("data_type", "string_value"), [("data_type", "string_value"), ("dataType", "stringValue")])
def test_the_times_of_a_retry_message_move_and_are_signed_anew(data_type: str, string_value: str) -> None:
    said = {"attempt": 3, "first_seen": 1_795_330_000_000, "sent_at": 1_795_329_000_000}
    attribute = {data_type: "String", string_value: json.dumps(said)}

    message = moved(message_of("{}", message_attributes={"settlement": attribute}, md5_of_message_attributes="x"))

    by = int(LATER.total_seconds() * 1000)
    text = str(said | {"first_seen": 1_795_330_000_000 + by, "sent_at": 1_795_329_000_000 + by})
    assert message["message_attributes"] == {"settlement": {data_type: "String", string_value: text}}


def test_the_md5_of_attributes_is_the_one_that_the_queue_gives(servers: Servers) -> None:
    texts = {"traceparent": ("String", "00-4bf9-00f0-01"), "attempt": ("Number", "3"), "Name": ("String", "Zoë")}
    sent = servers.sqs.send_message(
        QueueUrl=servers.sqs.create_queue(QueueName="digests")["QueueUrl"],
        MessageBody="{}",
        MessageAttributes={name: {"DataType": kind, "StringValue": text} for name, (kind, text) in texts.items()},
    )

    attributes = {name: {"data_type": kind, "string_value": text} for name, (kind, text) in texts.items()}
    message = moved(message_of("{}", message_attributes=attributes))

    assert message["md5_of_message_attributes"] == sent["MD5OfMessageAttributes"]


def make_sample(name: str) -> "subprocess.CompletedProcess[str]":
    command = ["make", "--silent", "--assume-old=setup", "sample", f"NAME={name}"]
    return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command


def test_make_sample_prints_the_event_alone_with_the_times_of_now() -> None:
    begun = time.time()

    printed = json.loads(make_sample("delete_response/not_before").stdout)

    assert printed.keys() == {"messages"}
    (entry,) = printed["messages"]
    message = entry["details"]["message"]
    assert begun - 1 <= int(message["attributes"]["SentTimestamp"]) / 1000 <= time.time()
    assert at(json.loads(message["body"])["not_before"]) > time.time()


def test_make_sample_says_what_it_needs() -> None:
    done = make_sample("delete_response/none")

    assert done.returncode != 0
    assert "make sample NAME=<function>/<case>" in done.stderr
