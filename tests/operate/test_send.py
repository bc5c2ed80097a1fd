"""`ops send` and `ops show`: what became of a message."""

import json
import re
import shlex
from pathlib import Path

import pytest

from infra.local.environment import Environment
from infra.local.samples.case import EVENTS
from ledger import Keys, Ledger
from ledger.registration import Registration
from retention.registering import register
from tests.operate.conftest import Ops


def test_a_message_is_followed_to_its_end(ops: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_sent")

    ran = ops("send delete_response", '{"response_id": "resp_sent"}')

    assert ran.code == 0, ran.err
    assert "resp_sent: deleted" in ran.out
    assert "delete_response: done, deleted" in ran.out
    assert "calls of AI Studio: DELETE 200" in ran.out
    assert "result response#" in ran.out
    assert environment.studio.stored() == []


def test_a_dead_letter_is_told_with_its_reason_and_leads_to_its_content(ops: Ops, environment: Environment) -> None:
    environment.studio.fault(match={"id": "resp_refused"}, status=400, times=None)

    ran = ops("send --json delete_response", '{"response_id": "resp_refused"}')

    assert ran.code == 1
    (sent,) = ran.data["sent"]
    assert (sent["state"], sent["reason"], sent["calls"]) == ("dead_lettered", "rejected", ["DELETE 400"])
    (dead_letter,) = sent["dead_letters"]
    assert dead_letter["reason"] == "rejected"
    assert "body" not in dead_letter
    shown = ops("dead-letters show --body --json resp_refused")
    assert json.loads(shown.data[0]["body"])["data"] == {"response_id": "resp_refused"}


def test_a_message_that_its_function_would_refuse_is_not_sent(ops: Ops, environment: Environment) -> None:
    ran = ops("send delete_response", '{"response": "resp_1"}')

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("ops: the message: delete_response would not take it: body.response_id: Field required")
    assert len(ran.err.splitlines()) == 1


def test_an_answer_is_shown_with_its_text(ops: Ops, environment: Environment) -> None:
    ran = ops("send realtime_response_create", '{"type": "response.create", "event_id": "evt_told"}')

    assert ran.code == 0, ran.out + ran.err
    (text,) = [json.loads(each.body)["data"]["text"] for each in environment.servers.peek(environment.results)]
    assert text
    assert f"  {text}\n" in ran.out


def test_what_is_known_of_an_id_is_shown_as_a_story(ops: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_told")
    ops("send delete_response", '{"response_id": "resp_told"}')

    ran = ops("show resp_told")

    assert ran.code == 0
    assert "response resp_told: deleted" in ran.out
    assert "it was deleted (receipt 1)" in ran.out
    assert "log: " in ran.out
    told = ops("show resp_told --json").data
    assert told["records"][0]["record"]["state"] == "deleted"
    assert [line["end"] for line in told["log"]] == ["done"]
    assert ops(f"show {told['records'][0]['record']['key']} --json").data["records"][0]["record"]["state"] == "deleted"


def test_a_message_is_found_by_the_id_that_the_queue_gave_it(ops: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_by_message")
    (sent,) = ops("send --json delete_response", '{"response_id": "resp_by_message"}').data["sent"]

    ran = ops(f"show --json {sent['message_id']}")

    assert ran.code == 0, ran.err
    assert [each["record"]["key"] for each in ran.data["records"]] == [sent["record_key"]]


@pytest.mark.parametrize("of", ["key", "message_id"])
def test_a_message_that_waits_for_its_first_delivery_is_seen(still: tuple[Environment, Ops], of: str) -> None:
    _, ops = still
    (sent,) = ops("send --json --no-wait delete_response", f'{{"response_id": "resp_waits_{of}"}}').data["sent"]

    ran = ops(f"show --json {sent[of]}")

    assert ran.code == 0, ran.err
    assert [each["queue"] for each in ran.data["waiting"]] == ["delete_response"]


def test_a_hint_can_be_pasted_whatever_the_id_is(ops: Ops, environment: Environment) -> None:
    environment.studio.fault(status=400, times=None)

    ran = ops("send get_response", '{"response_id": "resp_hinted"}')

    (hint,) = [line.partition(": ")[2] for line in ran.out.splitlines() if line.startswith("  see it: ")]
    program, env_file, file, *words = shlex.split(hint)
    assert (program, env_file, file) == (".venv/bin/ops", "--env-file", str(ops.settings))
    shown = ops(shlex.join(words))
    assert shown.code == 0, shown.err
    assert "resp_hinted" in shown.out
    event_id = json.loads(words[-2])[1]
    assert f"event {event_id} to get_response: dead-lettered" in ops(f"show {event_id}").out


def test_what_is_known_of_a_registered_response_is_when_it_goes(ops: Ops, environment: Environment) -> None:
    keys = Keys(environment.settings["HASH_KEY"])
    ledger = Ledger(environment.dynamodb, environment.ledger)
    registration = Registration("resp_known", sent_at=1_000_000_000_001, body_hash="", created_at=1e9, delete_after=4e9)
    for write in register(registration, ledger, keys, 2e9):
        ledger.write(write)

    ran = ops("show resp_known")

    assert re.search(
        r"registered: created 2001-09-09 \d\d:46:40 \(\d+ d ago\), to be deleted after 2096-10-02 \d\d:06:40 \(in ",
        ran.out,
    )
    assert re.search(r"on the agenda: delete at 2096-10-02 \d\d:06:40 \(in \d+ d\)", ran.out)


def test_an_id_that_nobody_knows_is_said_to_be_unknown(ops: Ops, environment: Environment) -> None:
    ran = ops("show resp_never")

    assert (ran.code, ran.out) == (1, "")
    assert "nothing is known of resp_never" in ran.err


def test_a_sample_is_sent_with_the_faults_that_it_needs(ops: Ops, environment: Environment) -> None:
    ran = ops("send --json delete_response", EVENTS / "delete_response" / "rejected.json")

    assert ran.code == 1
    assert ran.data["sent"][0]["reason"] == "rejected"


def lines(file: Path, count: int) -> Path:
    file.write_text("".join(f'{{"response_id": "resp_line_{n}"}}\n' for n in range(count)))
    return file


def test_a_file_of_lines_is_sent_and_followed(ops: Ops, environment: Environment, tmp_path: Path) -> None:
    ran = ops("send --json delete_response", lines(tmp_path / "ids.jsonl", 25))

    assert ran.code == 0
    assert ran.data == {"confirmed": 25, "ends": {"already_absent": 25}, "ended": True}
    again = ops("send delete_response", tmp_path / "ids.jsonl")
    assert "25 of 25 were confirmed before" in again.out
    assert len(environment.studio.requests()) == 25


def test_a_file_goes_on_behind_the_lines_that_were_confirmed(
    still: tuple[Environment, Ops], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, ops = still
    file = lines(tmp_path / "ids.jsonl", 25)
    batches: list[int] = []

    def killed(_self: object, url: str, messages: list[object]) -> list[bool]:
        batches.append(len(messages))
        if len(batches) == 2:
            raise KeyboardInterrupt
        return real(_self, url, messages)  # type: ignore[arg-type]  # as it came

    from worker.send.queue import Queue

    real = Queue.send
    monkeypatch.setattr(Queue, "send", killed)
    assert ops("send --no-wait delete_response", file).code == 130
    assert len(environment.servers.peek(environment.queues["delete_response"])) == 10

    monkeypatch.setattr(Queue, "send", real)
    assert ops("send --no-wait delete_response", file).code == 0
    sent = [json.loads(each.body) for each in environment.servers.peek(environment.queues["delete_response"])]
    assert sorted(each["data"]["response_id"] for each in sent) == sorted(f"resp_line_{n}" for n in range(25))
    assert len({each["id"] for each in sent}) == 25


def test_a_file_with_a_wrong_line_is_not_sent_at_all(ops: Ops, environment: Environment, tmp_path: Path) -> None:
    file = lines(tmp_path / "ids.jsonl", 3)
    file.write_text(file.read_text() + '{"response_id": ""}\n')

    ran = ops("send delete_response", file)

    assert ran.code == 1
    assert "nothing is sent: line 4: body.response_id" in ran.err
    assert environment.studio.requests() == []


def test_a_file_that_has_changed_since_it_was_sent_is_refused(
    ops: Ops, environment: Environment, tmp_path: Path
) -> None:
    file = lines(tmp_path / "ids.jsonl", 3)
    assert ops("send --no-wait delete_response", file).code == 0
    file.write_text('{"response_id": "resp_other"}\n')

    ran = ops("send --no-wait delete_response", file)

    assert ran.code == 2
    assert "ids.jsonl.sent is about other content" in ran.err
