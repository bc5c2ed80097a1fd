"""The tables' one definition, and the command that creates them."""

import subprocess
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

from documents import tables
from infra.local.processes.surroundings import handed_on
from tests.support.kit import Kit

FUNCTIONS = Path(tables.__file__).parents[1]


def test_the_definition_names_one_table_with_its_key_its_expiry_and_indexes_by_time() -> None:
    (table,) = tables.definitions()

    assert {name: table[name] for name in ("name", "key", "ttl")} == {
        "name": "ledger",
        "key": "key",
        "ttl": "expires_at",
    }
    assert {index["name"]: (index["key"], index["range"]) for index in table["indexes"]} == {
        "subject": ("subject", "created_at"),
        "parent": ("parent", "created_at"),
        "due": ("due_shard", "due_at"),
        "held": ("held_by", "created_at"),
        "settled": ("settled_shard", "settled_at"),
    }


def test_creating_twice_changes_nothing(kit: Kit) -> None:
    prefix = f"{uuid.uuid4().hex[:8]}."
    names = tables.create(kit.spectator, prefix)
    kit.spectator.put_item(TableName=names[0], Item={"key": {"S": "kept"}})

    assert tables.create(kit.spectator, prefix) == names == [f"{prefix}ledger"]

    assert kit.spectator.scan(TableName=names[0])["Count"] == 1
    table: dict[str, Any] = kit.spectator.describe_table(TableName=names[0])["Table"]
    assert table["KeySchema"] == [{"AttributeName": "key", "KeyType": "HASH"}]
    expiry = kit.spectator.describe_time_to_live(TableName=names[0])["TimeToLiveDescription"]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", "expires_at")


def test_a_table_of_the_version_before_gets_its_indexes_and_keeps_its_records(kit: Kit) -> None:
    prefix = f"{uuid.uuid4().hex[:8]}."
    kit.spectator.create_table(
        TableName=f"{prefix}ledger",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    record = {"key": "response#1", "subject": "subject#1", "created_at": "2026-11-22T08:00:00.000Z"}
    for item in (record, {"key": "create_response#1", "subject": "subject#1"}):
        kit.spectator.put_item(TableName=f"{prefix}ledger", Item={name: {"S": value} for name, value in item.items()})

    (name,) = tables.create(kit.spectator, prefix)

    assert kit.spectator.scan(TableName=name)["Count"] == 2
    found = kit.spectator.query(
        TableName=name,
        IndexName="subject",
        KeyConditionExpression="subject = :subject",
        ExpressionAttributeValues={":subject": {"S": "subject#1"}},
    )
    assert [item["key"]["S"] for item in found["Items"]] == ["response#1"]
    indexes = kit.spectator.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"]
    assert [index["IndexName"] for index in indexes] == [index["name"] for index in tables.definitions()[0]["indexes"]]


def test_creating_at_once_ends_well_for_both(kit: Kit) -> None:
    prefix, made = f"{uuid.uuid4().hex[:8]}.", list[list[str]]()
    threads = [threading.Thread(target=lambda: made.append(tables.create(kit.spectator, prefix))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert made == [[f"{prefix}ledger"]] * 2


def command(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {**handed_on(), "PYTHONPATH": str(FUNCTIONS), **environment}
    return subprocess.run(
        [sys.executable, "-m", "documents.tables"], env=clean, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "credential", [{"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}, {"IAM_TOKEN": "t1.t"}]
)
def test_the_command_creates_what_the_environment_names(kit: Kit, credential: dict[str, str]) -> None:
    prefix = f"{uuid.uuid4().hex[:8]}."
    settings = {"YDB_DOCAPI_ENDPOINT": kit.servers.endpoint, "LEDGER_TABLE_PREFIX": prefix, **credential}

    done = command(**settings)

    assert (done.returncode, done.stdout) == (0, f"{prefix}ledger\n"), done.stderr
    assert kit.spectator.describe_table(TableName=f"{prefix}ledger")["Table"]["TableStatus"] == "ACTIVE"


def test_the_command_says_what_it_lacks() -> None:
    done = command()

    assert done.returncode == 2
    assert "YDB_DOCAPI_ENDPOINT" in done.stderr


def test_the_command_asks_for_credentials_where_there_are_none(kit: Kit) -> None:
    done = command(YDB_DOCAPI_ENDPOINT=kit.servers.endpoint, HOME="/nonexistent", AWS_EC2_METADATA_DISABLED="true")

    assert done.returncode == 2
    assert done.stderr.startswith("no credentials: set AWS_ACCESS_KEY_ID")
