"""The search after every end-to-end run can fail: whatever a function lets out is found, wherever it lets it out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.catalog import LocalFunction
from infra.local.cloud.trigger import Batching
from infra.local.environment import Environment
from tests.support.planted import EVENT_ID, PROMPT, RESPONSE_ID, SUBJECT
from tests.support.waiting import eventually
from tests.support.watched import Leaked, watched_environment

CONTENT = {"response_id": f"{RESPONSE_ID}1", "event_id": f"{EVENT_ID}1", "subject": f"{SUBJECT}1", "says": PROMPT}
BODY = "event['messages'][0]['details']['message']['body']"
EVERYTHING = ["a response id", "an event id", "a subject", "a prompt or an answer"]
TALKING: dict[str, tuple[list[str], list[str]]] = {
    "its body": ([f"print({BODY})"], EVERYTHING),
    "its body, when the test is over": (["print('called')", "time.sleep(0.5)", f"print({BODY})"], EVERYTHING),
    "its body, in an error": (["print('called')", f"raise ValueError({BODY})"], EVERYTHING),
    "an answer": (["print('You said: ...')"], ["an answer"]),
    "its IAM token": (["print(context.token)"], ["the IAM token"]),
    "its settings": (["print(dict(os.environ))"], ["the API key", "the key of the hashes", "the queues' secret"]),
}


def function(root: Path, *does: str) -> LocalFunction:
    """A function that does this with an event."""
    lines = ["import os, time", "def handler(event, context):", *(f"    {line}" for line in does)]
    (root / "talkative.py").write_text("\n".join(lines))
    return LocalFunction("talkative", "talkative.handler", batching=Batching(cutoff=0.0), root=root)


def run(local: LocalFunction) -> None:
    """Send it content, and end as soon as it has said something."""
    with watched_environment([local]) as watched:
        environment = watched.environment
        environment.send("talkative", json.dumps(CONTENT))
        environment.sqs.send_message(QueueUrl=environment.dead_letters, MessageBody=json.dumps(CONTENT))
        environment.start()
        eventually(lambda: watched.lines, "it is called")


@pytest.mark.parametrize("what", TALKING)
def test_a_function_that_lets_something_out_makes_the_search_fail(what: str, tmp_path: Path) -> None:
    does, found = TALKING[what]
    with pytest.raises(Leaked) as leaked:
        run(function(tmp_path, *does))

    assert {name for name in found if f"{name} in: " in str(leaked.value)} == set(found)


def record(environment: Environment) -> None:
    environment.dynamodb.put_item(TableName=environment.ledger, Item={"key": {"S": "x#1"}, "detail": {"S": PROMPT}})


def dead_letter(environment: Environment) -> None:
    environment.sqs.send_message(
        QueueUrl=environment.dead_letters,
        MessageBody="{}",
        MessageAttributes={"detail": {"DataType": "String", "StringValue": f"no {RESPONSE_ID}1"}},
    )


@pytest.mark.parametrize("write", [record, dead_letter])
def test_content_in_a_record_or_in_what_a_dead_letter_says_makes_the_search_fail(
    write: Callable[[Environment], None], tmp_path: Path
) -> None:
    with pytest.raises(Leaked), watched_environment([function(tmp_path, "pass")]) as watched:
        write(watched.environment)


def test_the_search_finds_nothing_where_only_queues_carry_content(tmp_path: Path) -> None:
    run(function(tmp_path, "print('called')"))
