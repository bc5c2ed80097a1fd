import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from documents import tables
from infra.local.cloud.servers import KEY_ID, KEY_SECRET, Servers
from infra.operate import backup
from infra.operate.backup import check, restore, save
from infra.operate.cloud import Stopped
from tests.infra.workspace import run

BUCKET = "backups"
PREFIX = "backup."
NOW = datetime(2026, 11, 22, 3, 0, 0, tzinfo=UTC)


@pytest.fixture
def stored(servers: Servers) -> Iterator[tuple[Any, Any]]:
    """Empty tables, and an empty bucket."""
    database, objects = servers.dynamodb, servers.s3
    names = tables.create(database, PREFIX)
    objects.create_bucket(Bucket=BUCKET)
    yield database, objects
    for each in objects.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        objects.delete_object(Bucket=BUCKET, Key=each["Key"])
    objects.delete_bucket(Bucket=BUCKET)
    for name in names:
        database.delete_table(TableName=name)


def records(database: Any) -> dict[str, Any]:
    return {item["key"]["S"]: item for item in database.scan(TableName=f"{PREFIX}ledger")["Items"]}


def receipt(number: int, state: str = "deleted") -> dict[str, Any]:
    return {
        "key": {"S": f"delete_response#{number:032x}"},
        "state": {"S": state},
        "attempt": {"N": "1"},
        "hold": {"SS": ["a", "b"]},
        "raw": {"B": b"\x00\xff"},
        "note": {"S": "ё — line\nbreak"},
    }


def test_what_was_lost_comes_back_as_it_was(stored: tuple[Any, Any]) -> None:
    database, objects = stored
    for number in range(150):
        database.put_item(TableName=f"{PREFIX}ledger", Item=receipt(number))
    before = records(database)
    name, saved = save(database, PREFIX, objects, BUCKET, NOW)
    assert (name, saved) == ("ledger/2026-11-22T03-00-00Z.jsonl.gz", 150)

    for number in range(0, 150, 2):
        database.delete_item(TableName=f"{PREFIX}ledger", Key={"key": receipt(number)["key"]})
    assert restore(database, PREFIX, objects, BUCKET, name) == (75, 75)
    assert records(database) == before


def test_a_record_that_is_there_is_never_overwritten_by_its_copy(stored: tuple[Any, Any]) -> None:
    database, objects = stored
    database.put_item(TableName=f"{PREFIX}ledger", Item=receipt(1, "open"))
    name, _ = save(database, PREFIX, objects, BUCKET, NOW)
    database.put_item(TableName=f"{PREFIX}ledger", Item=receipt(1, "deleted"))
    assert restore(database, PREFIX, objects, BUCKET, name) == (0, 1)
    assert records(database)[receipt(1)["key"]["S"]]["state"] == {"S": "deleted"}


def test_each_copy_is_an_object_of_its_own(stored: tuple[Any, Any]) -> None:
    database, objects = stored
    first, _ = save(database, PREFIX, objects, BUCKET, NOW)
    second, _ = save(database, PREFIX, objects, BUCKET, NOW.replace(hour=4))
    assert {each["Key"] for each in objects.list_objects_v2(Bucket=BUCKET)["Contents"]} == {first, second}


def test_a_newest_copy_that_is_too_old_is_an_error_and_so_is_none(stored: tuple[Any, Any]) -> None:
    database, objects = stored
    with pytest.raises(Stopped, match="has no backup"):
        check(objects, BUCKET, NOW)
    save(database, PREFIX, objects, BUCKET, NOW)
    newest, _ = save(database, PREFIX, objects, BUCKET, NOW + timedelta(days=1))
    written = objects.head_object(Bucket=BUCKET, Key=newest)["LastModified"]
    assert check(objects, BUCKET, written + timedelta(hours=35)) == newest
    with pytest.raises(Stopped, match=f"{newest}.* the daily job does not run"):
        check(objects, BUCKET, written + timedelta(hours=37))


def test_the_command_copies_and_restores_by_what_the_environment_says(
    stored: tuple[Any, Any], servers: Servers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database, _ = stored
    database.put_item(TableName=f"{PREFIX}ledger", Item=receipt(1))
    for name, value in {
        "YDB_DOCAPI_ENDPOINT": servers.endpoint,
        "STORAGE_ENDPOINT": servers.endpoint,
        "LEDGER_TABLE_PREFIX": PREFIX,
        "BACKUP_BUCKET": BUCKET,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": KEY_SECRET,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["backup", "save"])
    assert backup.main() == 0
    saved, _, place = capsys.readouterr().out.strip().partition(f" records in {BUCKET}/")
    assert saved == "1"
    monkeypatch.setattr("sys.argv", ["backup", "check"])
    assert backup.main() == 0
    assert place in capsys.readouterr().out

    database.delete_item(TableName=f"{PREFIX}ledger", Key={"key": receipt(1)["key"]})
    monkeypatch.setattr("sys.argv", ["backup", "restore", place])
    assert backup.main() == 0
    assert records(database) == {receipt(1)["key"]["S"]: receipt(1)}


def test_none_needs_terraform_or_what_packages_and_deploys() -> None:
    loaded = (
        "import sys, infra.operate.backup; print(*sorted(name for name in sys.modules if name.startswith('infra')))"
    )
    done = run([sys.executable, "-c", loaded], PYTHONPATH="functions")
    assert done.stdout.split() == ["infra", "infra.operate", "infra.operate.backup", "infra.operate.cloud"], done.stderr
