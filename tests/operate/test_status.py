"""`ops status`: how all stands, in the same words here and on a deployment."""

import json
import re
import time

import pytest

from infra.local.environment import Environment
from infra.local.settings import read_env, write_env
from ledger import Keys, Ledger, Write
from ledger.registration import Registration
from ledger.sealable import SHARDS
from retention.evidence.seal_records import FIRST, Sealed, key_of_day
from retention.evidence.seals import Seal
from retention.registering import register
from tests.operate.conftest import Ops, Scene
from tests.operate.dead_letters import deletions


def test_ends_and_dead_letters_are_counted(ops: Ops, environment: Environment) -> None:
    deletions(environment, ["resp_1", "resp_2"])
    environment.studio.seed("resp_counted")
    assert ops("send delete_response", '{"response_id": "resp_counted"}').code == 0

    ran = ops("status --json")

    assert ran.code == 1  # dead letters want to be looked at
    assert ran.data["dead_letters"] == {"rejected": 2}
    ends, minutes = ran.data["ends"]["delete_response"], ran.data["minutes"]["delete_response"]
    assert ends["done"] >= 1
    assert sum(ends.values()) == sum(minutes)
    assert len(minutes) == 15
    shown = ops("status")
    assert "dead letters: 2 rejected" in shown.out
    (line,) = re.findall(r"^delete_response: .*$", shown.out, re.MULTILINE)
    assert re.search(r" done.*  [.0-9+]{15}$", line)
    assert len(line) <= 80


def test_what_is_due_longest_and_the_last_sealed_day_are_told(ops: Ops, environment: Environment) -> None:
    keys, ledger = Keys(environment.settings["HASH_KEY"]), Ledger(environment.dynamodb, environment.ledger)
    now = time.time()
    said = Registration("resp_overdue", int(now * 1000), "", created_at=now - 9_999, delete_after=now - 999_999)
    for write in register(said, ledger, keys, now):
        ledger.write(write)
    environment.studio.seed("resp_sealed")
    assert ops("send delete_response", '{"response_id": "resp_sealed"}').code == 0
    assert "not sealed yet" in ops("show resp_sealed").out
    day = str(ledger.get(keys.key("response", "resp_sealed")).rest["settled_at"])[:10]
    ledger.write(Write(FIRST, {"day": day}))
    ledger.write(Write(key_of_day(day), Sealed(Seal.over(day, "", [[]] * SHARDS), now).attributes))

    told, shown, receipt = ops("status --json").data, ops("status").out, ops("show resp_sealed").out
    ledger.write(Write(key_of_day(day), {"head": "changed"}))
    changed = ops("status")

    for key in (FIRST, key_of_day(day), keys.key("response", "resp_overdue")):  # the ledger is that of all tests here
        environment.dynamodb.delete_item(TableName=environment.ledger, Key={"key": {"S": key}})
    assert told["last_seal"]["day"] == day
    assert told["oldest_due"]["seconds"] >= 999_999
    assert told["oldest_due"]["record_key"] == keys.key("response", "resp_overdue")
    assert "due longest: delete for 12 d (response#" in shown
    assert f"its day, {day}, is sealed" in receipt
    assert (changed.code, changed.err) == (
        1,
        f"ops: a seal on the ledger was changed: seal#{day}: the head is another seal's\n",
    )
    assert f"last day sealed: {day}, at " in shown


@pytest.fixture
def deployed(scene: Scene, environment: Environment, tmp_path, monkeypatch: pytest.MonkeyPatch) -> Ops:  # type: ignore[no-untyped-def]  # pytest's
    """`ops` on the same servers as if they were a deployment: no log file, and a log group."""
    values = {name: value for name, value in read_env(scene.settings).items() if name != "LOG_FILE"}
    write_env(values | {"LOG_GROUP": "group1"}, tmp_path / "deployed.env")
    monkeypatch.setenv("COLUMNS", "80")
    return Ops(tmp_path / "deployed.env", monkeypatch)


def test_on_a_deployment_the_same_is_told_and_how_to_learn_the_rest(deployed: Ops, environment: Environment) -> None:
    deletions(environment, ["resp_1"])

    ran = deployed("status --json")

    assert (ran.code, ran.data["queues"]["dead letters"]["visible"]) == (1, 1)
    assert {"oldest_due", "last_seal"} <= ran.data.keys()
    assert set(ran.data["elsewhere"]) == {"oldest messages", "ends by function and minute", "dead letters by reason"}
    shown = deployed("status").out
    for how in ran.data["elsewhere"].values():
        assert f": {how}\n" in shown  # whole, to be pasted, however narrow the terminal is
    assert "yc logging read --group-id group1 --since 15m" in shown


def test_on_a_deployment_a_message_s_deliveries_are_told_by_the_log(deployed: Ops, environment: Environment) -> None:
    environment.studio.seed("resp_far_away")

    told = deployed("send delete_response", '{"response_id": "resp_far_away"}').out

    assert "resp_far_away: deleted" in told
    assert re.search(r"its deliveries are in the log: yc logging read --group-id group1 .*response#[0-9a-f]{32}", told)
    assert "its result is for the consumers of the results queue" in told


def test_watch_for_programs_is_a_line_of_json_each_time(ops: Ops, environment: Environment, monkeypatch) -> None:  # type: ignore[no-untyped-def]  # pytest's
    seen: list[float] = []

    def pause(seconds: float) -> None:
        seen.append(seconds)
        if len(seen) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("infra.operate.ops.status.time.sleep", pause)
    ran = ops("watch --json --every 3s")
    assert (ran.code, seen) == (0, [3, 3])
    assert all("queues" in json.loads(line) for line in ran.out.splitlines())
