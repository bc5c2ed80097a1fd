"""`ops dead-letters redrive`: nothing is lost, and nothing is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from infra.local.environment import Environment
from infra.local.processes.surroundings import ROOT
from infra.local.settings import read_env, write_env
from infra.operate.ops.dead_letters import looking
from infra.operate.ops.dead_letters.looking import depth
from ledger import Keys, Ledger, Record, RecordKey
from tests.operate.conftest import Ops, Scene
from tests.operate.dead_letters import CREATE, DELETE, deletions, moved, sent
from tests.support.processes import ENVIRONMENT
from tests.support.waiting import eventually
from worker.message_attributes import NAME, unverified
from worker.send.queue_message import QueueMessage

Still = tuple[Environment, Ops]


def record(environment: Environment, namespace: str, name: str) -> Record:
    """What the ledger says of an id."""
    key = Keys(environment.settings["HASH_KEY"]).key(namespace, name)
    return Ledger(environment.dynamodb, environment.ledger).get(key)


def gone(environment: Environment) -> bool:
    return depth(environment.sqs, environment.dead_letters) == {"visible": 0, "in_flight": 0, "delayed": 0}


def refused_create(ops: Ops, environment: Environment, event_id: str, status: int) -> None:
    """A create that AI Studio answered so, once, and that is a dead letter now."""
    environment.studio.fault(match={"id": event_id}, status=status)
    ran = ops(f"send --json {CREATE}", json.dumps({"type": "response.create", "event_id": event_id}))
    assert ran.data["sent"][0]["state"] == "dead_lettered"


def test_a_redrive_shows_what_would_go_where_and_sends_nothing_without_a_yes(still: Still) -> None:
    environment, ops = still
    deletions(environment, ["resp_1", "resp_2"])

    ran = ops("dead-letters redrive --reason rejected")

    assert ran.code == 1
    assert "2 would go: rejected -> delete_response" in ran.out
    assert environment.servers.peek(environment.queues[DELETE]) == []
    assert depth(environment.sqs, environment.dead_letters)["visible"] == 2


def test_a_mended_deletion_is_done_after_its_redrive_and_its_record_says_who_ordered_it(
    ops: Ops, environment: Environment
) -> None:
    environment.studio.fault(match={"id": "resp_mended"}, status=400)
    environment.studio.seed("resp_mended")
    assert ops(f"send {DELETE}", '{"response_id": "resp_mended"}').code == 1

    ran = ops("dead-letters redrive --key resp_mended --yes --by 'on call'")

    assert ran.code == 0
    assert "1 sent: rejected -> delete_response" in ran.out
    eventually(lambda: record(environment, "response", "resp_mended").state == "deleted")
    assert gone(environment)
    shown = ops("show resp_mended").out
    assert "on call redrove it" in shown
    assert "it was dead-lettered\n" in shown  # the reason is that of the deletion by now


def test_a_copy_whose_letter_could_not_be_deleted_is_sent_again_and_does_nothing(
    ops: Ops, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused_create(ops, environment, "evt_twice", 400)
    environment.triggers.pop(CREATE).stop()

    def die(_self: object, _messages: object) -> list[bool]:
        raise KeyboardInterrupt

    with monkeypatch.context() as killing:
        killing.setattr(looking.Look, "delete", die)
        assert ops("dead-letters redrive --yes").code == 130
    assert ops("dead-letters redrive --yes").code == 0
    copies = environment.servers.peek(environment.queues[CREATE])
    assert [unverified(each.attributes[NAME])["redrive"] for each in copies] == [1, 1]

    environment.start(CREATE)
    eventually(
        lambda: (
            depth(environment.sqs, environment.queues[CREATE]) == dict.fromkeys(("visible", "in_flight", "delayed"), 0)
        )
    )
    assert record(environment, CREATE, "evt_twice").state == "done"
    assert environment.studio.billed("evt_twice") == 1
    assert gone(environment)


@pytest.mark.hole(25)
def test_a_call_that_may_have_happened_is_forced_only_when_its_caller_is_surely_over(
    ops: Ops, environment: Environment
) -> None:
    refused_create(ops, environment, "evt_unknown", 500)
    kept = record(environment, CREATE, "evt_unknown")
    assert (kept.reason, kept.lease_until > time.time()) == ("outcome_unknown", True)

    unforced = ops("dead-letters redrive --yes")
    assert unforced.code == 1
    assert "its call may have happened, and would happen again: --force" in unforced.out
    early = ops("dead-letters redrive --yes --force")
    assert early.code == 1
    assert "the first call may still be running, for" in early.out

    def lease(until: float) -> None:
        environment.dynamodb.update_item(
            TableName=environment.ledger,
            Key={"key": {"S": kept.key}},
            UpdateExpression="SET lease_until = :until",
            ExpressionAttributeValues={":until": {"N": str(until)}},
        )

    lease(time.time() - 300)  # by this clock it is over; the caller's may be ten minutes behind
    assert ops("dead-letters redrive --yes --force").code == 1
    assert environment.studio.billed("evt_unknown") == 0
    lease(time.time() - 601)
    assert ops("dead-letters redrive --yes --force").code == 0
    eventually(lambda: record(environment, CREATE, "evt_unknown").state == "done")
    assert environment.studio.billed("evt_unknown") == 1


def test_force_reaches_no_letter_but_those_whose_caller_was_looked_at(still: Still) -> None:
    environment, ops = still
    deletions(environment, ["resp_1"])

    assert ops("dead-letters redrive --yes --force").code == 0

    (copy,) = environment.servers.peek(environment.queues[DELETE])
    assert "force" not in unverified(copy.attributes[NAME])


@pytest.mark.hole(27)
def test_a_letter_that_does_not_say_whose_it_is_goes_where_it_is_told_once_the_schema_took_it(
    ops: Ops, environment: Environment
) -> None:
    environment.studio.seed("resp_moved")
    moved(environment, '{"response_id": "resp_moved"}')

    told = ops("dead-letters redrive --yes")
    assert (told.code, "name its queue with --to FUNCTION" in told.out) == (1, True)
    wrong = ops(f"dead-letters redrive --yes --to {CREATE}")
    assert (wrong.code, f"the schema of {CREATE} refuses it: body.type" in wrong.out) == (1, True)
    assert environment.studio.stored() == ["resp_moved"]

    assert ops(f"dead-letters redrive --yes --to {DELETE}").code == 0
    eventually(lambda: record(environment, "response", "resp_moved").state == "deleted")
    assert gone(environment)


def test_a_letter_without_a_record_leaves_in_the_history_who_sent_it_back(still: Still) -> None:
    environment, ops = still
    message_id = moved(environment, '{"response_id": "resp_without_a_record"}')

    assert ops(f"dead-letters redrive --to {DELETE} --yes --by 'on call at night'").code == 0

    found = environment.dynamodb.scan(
        TableName=environment.ledger,
        FilterExpression="history.#by = :by",
        ExpressionAttributeNames={"#by": "by"},
        ExpressionAttributeValues={":by": {"S": "on call at night"}},
    )["Items"]
    assert [(each["history"]["M"]["order"]["S"], "settled_shard" in each) for each in found] == [("redrive", True)]
    assert message_id not in str(found)


def test_a_result_that_nobody_took_goes_back_to_the_results_as_it_is(ops: Ops, environment: Environment) -> None:
    body = json.dumps({"specversion": "1.0", "type": "yandex.aistudio.response.deletion", "id": "1", "source": "/"})
    sent(environment, QueueMessage(body, {"traceparent": ("String", "00-0-0-0")}))

    assert ops(f"dead-letters redrive --yes --to {DELETE}").code == 1
    assert ops("dead-letters redrive --yes --to results").code == 0

    results = [(each.body, each.attributes) for each in environment.servers.peek(environment.results)]
    assert (body, {"traceparent": "00-0-0-0"}) in results


def test_letters_that_another_hash_key_signed_stay(
    ops: Ops, scene: Scene, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deletions(environment, ["resp_1"])
    write_env(read_env(scene.settings) | {"HASH_KEY": "another-key-of-16"}, other := tmp_path / "other.env")

    ran = Ops(other, monkeypatch)("dead-letters redrive --yes")

    assert ran.code == 1
    assert "1 stay: rejected: not signed with this HASH_KEY" in ran.out
    assert depth(environment.sqs, environment.dead_letters)["visible"] == 1


@pytest.mark.parametrize(("option", "age"), [("", 0), ("--reset-age", 0), ("--keep-age", 7200)])
def test_the_age_begins_anew_or_goes_on(still: Still, option: str, age: int) -> None:
    environment, ops = still
    deletions(environment, ["resp_1"], "throttled", age=7200)

    assert ops(f"dead-letters redrive --yes {option}").code == 0

    (copy,) = environment.servers.peek(environment.queues[DELETE])
    assert time.time() - unverified(copy.attributes[NAME])["first_seen"] / 1000 == pytest.approx(age, abs=100)


def test_no_more_go_than_were_asked_for(still: Still) -> None:
    environment, ops = still
    deletions(environment, [f"resp_{n}" for n in range(25)])

    assert ops("dead-letters redrive --yes --number 12").code == 0

    assert len(environment.servers.peek(environment.queues[DELETE])) == 12
    assert depth(environment.sqs, environment.dead_letters)["visible"] == 13


def test_a_letter_whose_copy_no_queue_confirmed_stays(still: Still) -> None:
    environment, ops = still
    deletions(environment, ["resp_1", "resp_2"])
    environment.sqs.delete_queue(QueueUrl=environment.queues[DELETE])

    ran = ops("dead-letters redrive --yes")

    assert ran.code == 1
    assert "2 failed and are still there: run it again" in ran.out
    assert depth(environment.sqs, environment.dead_letters)["visible"] == 2


REASONS = ("rejected", "throttled", "unavailable", "forbidden", "outcome_unknown")
KILLED = (
    "import sys; from infra.operate.ops.dead_letters import looking; looking.HIDDEN = 1;"
    "from infra.operate.ops.cli import main; sys.exit(main())"
)
"""`ops`, whose looks hide for a second: so the test need not wait two minutes for what a killed one had hidden."""


def test_five_hundred_letters_of_five_reasons_survive_a_kill_half_way(
    ops: Ops, scene: Scene, environment: Environment
) -> None:
    environment.stop()
    names = [f"resp_drill_{n}" for n in range(500)]
    environment.studio.seed(*names)
    for number, reason in enumerate(REASONS):
        deletions(environment, names[number::5], reason)
    queue = environment.queues[DELETE]

    command = ["--env-file", str(scene.settings), "dead-letters", "redrive", "--yes", "--rate", "100"]
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", KILLED, *command, "--reason", "rejected"], cwd=ROOT, env={**os.environ, **ENVIRONMENT}
    ) as killed:
        eventually(lambda: depth(environment.sqs, queue)["visible"] >= 50)
        killed.send_signal(signal.SIGKILL)
    eventually(lambda: depth(environment.sqs, environment.dead_letters)["in_flight"] == 0)
    assert 0 < depth(environment.sqs, environment.dead_letters)["visible"] < 500

    for reason in REASONS:
        ops(f"dead-letters redrive --yes --rate 10000 --reason {reason}")
        counted = Counter(each.attributes["reason"] for each in environment.servers.peek(environment.dead_letters))
        assert reason not in counted
    environment.start()
    eventually(lambda: environment.studio.stored() == [])
    eventually(lambda: depth(environment.sqs, queue)["in_flight"] == 0)

    assert gone(environment)
    results = Counter(json.loads(each.body)["subject"] for each in environment.servers.peek(environment.results))
    keys = Keys(environment.settings["HASH_KEY"])
    wanted = {keys.key("response", name) for name in names}
    assert results.keys() == wanted
    records = Ledger(environment.dynamodb, environment.ledger).get_many(RecordKey(key) for key in wanted)
    assert Counter((each.state, each.receipts) for each in records.values()) == {("deleted", 1): 500}
