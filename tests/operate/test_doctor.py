"""`ops doctor`: what is wrong is named, with what to do about it."""

import json
from pathlib import Path

import pytest

from infra.local.environment import Environment
from infra.local.settings import read_env, write_env
from tests.operate.conftest import Ops, Scene
from tests.operate.dead_letters import deletions


def wanting(ops: Ops) -> dict[str, str]:
    ran = ops("doctor --json")
    found = {each["what"]: f"{each['found']} -> {each['advice']}" for each in ran.data if not each["good"]}
    assert ran.code == (1 if found else 0)
    return found


def changed(scene: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> Ops:
    write_env(read_env(scene.settings) | settings, folder / "changed.env")
    return Ops(folder / "changed.env", monkeypatch)


def test_where_all_is_well_every_line_says_so(ops: Ops, environment: Environment) -> None:
    ran = ops("doctor")

    assert ran.code == 0, ran.out
    assert "WANTING" not in ran.out
    for what in ("settings", "queue of delete_response", "table aistudio.ledger", "clocks", "AI Studio", "realtime"):
        assert f"ok      {what}: " in ran.out


def test_dead_letters_are_wanting(ops: Ops, environment: Environment) -> None:
    deletions(environment, ["resp_1"])

    assert wanting(ops) == {
        "queue of dead letters": f"1 waiting -> .venv/bin/ops --env-file {ops.settings} dead-letters counts"
    }


@pytest.mark.parametrize(
    ("settings", "what", "told"),
    [
        ({"AISTUDIO_API_KEY": "wrong"}, "AI Studio", "Unauthorized"),
        ({"AISTUDIO_BASE_URL": "http://127.0.0.1:1/v1"}, "AI Studio", "Unavailable"),
        ({"AISTUDIO_REALTIME_URL": "ws://127.0.0.1:1/v1/realtime"}, "realtime", "no WebSocket"),
        ({"AISTUDIO_API_KEY": "wrong"}, "realtime", "the WebSocket is refused: HTTP 401"),
        ({"LEDGER_TABLE_PREFIX": "other."}, "table", "there is no such table"),
        ({"YMQ_ENDPOINT": "http://127.0.0.1:1"}, "queues", "nothing answers at"),
        ({"REALTIME_MODEL": ""}, "settings of realtime_response_create", "REALTIME_MODEL is required"),
    ],
)
def test_what_is_wrong_is_named(
    scene: Scene,
    environment: Environment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    what: str,
    told: str,
) -> None:
    assert told in wanting(changed(scene, tmp_path, monkeypatch, **settings))[what]


def test_a_table_of_an_older_version_is_named_with_what_it_lacks(
    scene: Scene, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.dynamodb.create_table(
        TableName="older.ledger",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    found = wanting(changed(scene, tmp_path, monkeypatch, LEDGER_TABLE_PREFIX="older."))

    assert "it lacks the indexes" in found["table older.ledger"]
    assert "make platform" in found["table older.ledger"]


def test_the_live_probes_say_their_cost_and_ask(ops: Ops, environment: Environment) -> None:
    ran = ops("doctor --live")

    assert ran.code == 1
    assert "This costs three short generations" in ran.err
    assert environment.studio.requests() == []


def test_the_live_probes_tell_what_a_cloud_does_without_any_id_or_secret(ops: Ops, environment: Environment) -> None:
    ran = ops("doctor --live --yes --json")

    assert ran.code == 0
    found = ran.data
    assert found["whether ConsistentRead is honoured"] == "20 of 20 consistent reads show the write before"
    assert found["what <> says of a missing attribute"] == "a missing attribute is unequal"
    assert found["which record a cancelled transaction names"]["reasons"] == ["None", "ConditionalCheckFailed"]
    life = [(each["asked"], each["status"]) for each in found["the life of a response"]]
    assert life == [("create", 200), ("GET", 200), ("DELETE", 200), ("GET", 404), ("DELETE", 404)]
    unstored = [(each["asked"], each["status"]) for each in found["a response that is not to be stored"]]
    assert unstored == [("create, store false", 200), ("GET", 404)]
    running = [each["asked"] for each in found["a deletion while the response runs"]]
    assert running == ["create, background", "DELETE", "cancel", "GET"]
    absent = [each["status"] for each in found["what is not there"]]
    assert absent == [404, 404, 404, 404]
    assert found["whether the POST form is served"]["status"] == 200
    secrets = [environment.settings[name] for name in ("AISTUDIO_API_KEY", "AISTUDIO_FOLDER_ID", "HASH_KEY")]
    made = [call["id"] for call in environment.studio.requests() if call["id"]]
    assert [each for each in (*secrets, *made) if each in json.dumps(found)] == []


@pytest.mark.parametrize(
    "answer", [{"html": True}, {"body": []}, {"body": {"id": 5}}, {"body": {"id": "a/../b"}}, {"drop": "before"}]
)
def test_the_live_probes_go_on_behind_whatever_the_service_answers(
    ops: Ops, environment: Environment, answer: dict[str, object]
) -> None:
    environment.studio.fault(times=None, **({} if "drop" in answer else {"status": 200}), **answer)

    ran = ops("doctor --live --yes --json")

    assert ran.code == 0
    assert set(ran.data) >= {"how BatchGetItem names the table", "the life of a response", "what is not there"}


def test_the_live_probes_say_what_refuses_them(
    scene: Scene, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = {"AISTUDIO_API_KEY": "", "YDB_DOCAPI_ENDPOINT": "http://127.0.0.1:1"}
    ran = changed(scene, tmp_path, monkeypatch, **nowhere)("doctor --live --yes --json")

    assert ran.code == 0
    assert ran.data["whether ConsistentRead is honoured"] == "failed: EndpointConnectionError"
    assert ran.data["the life of a response"] == "failed: Unauthorized"
