"""Make the first samples of a function: at least one for every end of a delivery."""

import json
from hashlib import sha256
from typing import Any

from infra.local.samples.dates import md5_of_body

CREATED = "2026-11-22T08:00:00.000Z"
SENT = 1_795_334_400_000
"""The day on which all samples play, in epoch milliseconds."""
LARGEST = 262_100
"""Bytes that no queue takes together with a dead letter's attributes."""


def samples(name: str, *, once: bool) -> dict[str, dict[str, Any]]:
    """Make the samples of a function that calls POST /v1/<name>/{response_id}, by the names of their files."""

    def sample(case: str, says: str, end: dict[str, Any], body: str | None = None, **more: Any) -> dict[str, Any]:
        key = f"{name}_{case}"
        usable, fields = body is None, more.pop("fields", {})
        ends = [end | ({"key": key} if usable else {})]
        faults = [{"match": {"method": "POST", "id": key}, **fault} for fault in more.pop("faults", ())]
        event = {"sample": {"says": says, **more, **({"faults": faults} if faults else {}), "ends": ends}}
        text = json.dumps({"response_id": key, **fields}) if body is None else body
        return event | {"messages": [_entry(name, case, text)]}

    done = {"outcome": "done"}
    accepted = {"on_unknown": "retry"} if once else {}
    unknown = sample(
        "unknown",
        "An answer of 500, so that it is not known what happened: it is not called again.",
        {"end": "dead_lettered", "reason": "outcome_unknown", "calls": 1},
        faults=[{"status": 500}],
    )
    return ({"unknown": unknown} if once else {}) | {
        "plain": sample("plain", "The least that a producer can send: one call.", {"end": "done", "calls": 1} | done),
        "server_error": sample(
            "server_error",
            "An answer of 500, so that it is not known what happened: it is called again.",
            {"end": "retry", "calls": 2} | done,
            fields=accepted,
            faults=[{"status": 500}],
        ),
        "throttled": sample(
            "throttled",
            "A 429 that asks for four seconds: the queue waits, and no attempt is counted.",
            {"end": "deferred", "calls": 2} | done,
            faults=[{"status": 429, "headers": {"Retry-After": "4"}}],
        ),
        "unknown_field": sample(
            "unknown_field",
            "A field that the function does not know: nothing is called.",
            {"end": "dead_lettered", "reason": "invalid_message"},
            json.dumps({"response_id": "any", "unknown": 1}),
        ),
        "too_big": sample(
            "too_big",
            "Unusable, and too big to be copied with a reason: the queue's own policy moves it.",
            {"end": "unsettled"},
            "{}",
            pad_to=LARGEST,
        ),
    }


def _entry(name: str, case: str, body: str) -> dict[str, Any]:
    """A message of a trigger event as it is really delivered."""
    digits = sha256(f"{name}/{case}".encode()).hexdigest()
    message_id = "-".join(f"{int(digits[start : start + 8], 16):x}" for start in range(0, 32, 8))
    return {
        "event_metadata": {
            "event_id": message_id,
            "event_type": "yandex.cloud.events.messagequeue.QueueMessage",
            "created_at": CREATED,
            "tracing_context": None,
            "cloud_id": "b1gexamplecloud00000",
            "folder_id": "b1gexamplefolder0000",
        },
        "details": {
            "queue_id": f"yrn:yc:ymq:ru-central1:b1gexamplefolder0000:{name.replace('_', '-')}",
            "message": {
                "message_id": message_id,
                "md5_of_body": md5_of_body(body),
                "body": body,
                "attributes": {
                    "ApproximateFirstReceiveTimestamp": str(SENT + 340),
                    "ApproximateReceiveCount": "1",
                    "SenderId": "ajeexampleproducer00",
                    "SentTimestamp": str(SENT),
                },
                "message_attributes": {},
                "md5_of_message_attributes": "",
            },
        },
    }
