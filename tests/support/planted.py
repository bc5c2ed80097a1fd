"""Secrets and content that a test plants in what it sends, and a search for them where nothing of it may be."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.local.cloud.servers import Waiting
from infra.local.environment import Environment

Needles = Mapping[str, str]
"""What was planted, by what it is called: the beginning that all ids share is as good as every id."""

PROMPT = "violet-hedgehog"
"""To stand in every prompt, hence in every answer, which repeats it."""
RESPONSE_ID, EVENT_ID, SUBJECT = "resp-planted-", "evt-planted-", "subject-planted-"
"""To begin every id with."""
API_KEY, TOKEN = "planted-api-key-5f1d", "planted-iam-token-e864"
HASH_KEY, QUEUE_KEY = "planted-hash-key-9c3b", "planted-queue-key-7a20"
SECRETS = {"AISTUDIO_API_KEY": API_KEY, "HASH_KEY": HASH_KEY, "AWS_SECRET_ACCESS_KEY": QUEUE_KEY}
"""The settings of a function that are secrets; the local servers take any signature, so each may be chosen."""
PLANTED: Needles = {
    "the API key": API_KEY,
    "the IAM token": TOKEN,
    "the key of the hashes": HASH_KEY,
    "the queues' secret": QUEUE_KEY,
    "a prompt or an answer": PROMPT,
    "an answer": "You said",
    "a response id": RESPONSE_ID,
    "an event id": EVENT_ID,
    "a subject": SUBJECT,
}

OWN = frozenset({"settlement"})
"""Attributes of a dead letter that hold an id by their nature: it is the message itself that waits there."""


def leaks(texts: Iterable[str], needles: Needles) -> list[str]:
    """Say of each text in which something planted is found what it is, with the text around it."""
    found = []
    for text in texts:
        for name, needle in needles.items():
            at = text.find(needle)
            if at >= 0:
                found.append(f"{name} in: ...{text[max(0, at - 120) : at + len(needle) + 40]}...")
    return found


def leaks_of(environment: Environment, lines: Iterable[str], needles: Needles) -> list[str]:
    """What of it got out: into log lines, errors that the platform logs, ledger records, the details of dead letters."""
    return leaks(texts_of(environment, lines), needles)


def texts_of(environment: Environment, lines: Iterable[str]) -> Iterator[str]:
    """Every text of an environment that promises to be free of content."""
    yield from lines
    for seen in list(environment.seen):
        yield " ".join([seen.reply.error, seen.reply.message, *seen.reply.stack])
    pages = environment.dynamodb.get_paginator("scan").paginate(TableName=environment.ledger, ConsistentRead=True)
    for page in pages:
        yield from texts_of_records(page["Items"])
    yield from texts_of_dead_letters(environment.servers.peek(environment.dead_letters))


def texts_of_records(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Each record of the ledger as one text, names and values, as the table server gives it.

    A record that waits for its date or for a hold's end keeps the raw id of the response that is to be deleted then.
    """
    for item in items:
        told = {name: value for name, value in item.items() if name != "response_id" or "due_shard" not in item}
        yield json.dumps(told, default=str, ensure_ascii=False)


def texts_of_dead_letters(dead_letters: Iterable[Waiting]) -> Iterator[str]:
    """What dead letters say beside the message itself: reason, detail, function, numbers."""
    for dead_letter in dead_letters:
        yield json.dumps({name: value for name, value in dead_letter.attributes.items() if name not in OWN})
