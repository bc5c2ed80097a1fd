import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import table
from infra.deploy.releases import Origin, fetch, lacking, newest, origin, upload
from infra.local.cloud.servers import Servers
from infra.operate.cloud import Stopped
from tests.infra.bucket import DELETES, archive, bucket_of, objects, stored
from tests.infra.pretend import BUCKET

MADE = Origin("3d4b31a", "Ада", "2026-11-22T10:00:00+03:00")
FUNCTIONS = table.read()["functions"]


@pytest.fixture
def bucket(servers: Servers) -> Iterator[Any]:
    with bucket_of(servers) as client:
        yield client


def test_a_package_is_stored_under_its_sha256_and_only_once(bucket: Any, tmp_path: Path) -> None:
    package = stored(tmp_path, DELETES)
    upload(bucket, BUCKET, package, MADE)
    assert objects(bucket) == {f"functions/{package.sha256}.zip", f"functions/{package.sha256}.json"}
    assert fetch(bucket, BUCKET, package.sha256) == package.path.read_bytes()
    upload(bucket, BUCKET, package, Origin("another", "another", "another"))
    about = bucket.get_object(Bucket=BUCKET, Key=f"functions/{package.sha256}.json")["Body"].read()
    assert json.loads(about)["commit"] == MADE.commit


def test_a_package_that_is_not_there_is_answered_with_those_that_are_and_where_they_come_from(
    bucket: Any, tmp_path: Path
) -> None:
    package = stored(tmp_path, DELETES)
    upload(bucket, BUCKET, package, MADE)
    with pytest.raises(Stopped, match=f"no package 0{{64}}.*\n.*{package.sha256}  3d4b31a  Ада  2026-11-22T10"):
        fetch(bucket, BUCKET, "0" * 64)


def test_a_bucket_that_is_not_there_stops_whatever_asks_for_it(servers: Servers, tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="no-such-bucket"):
        upload(servers.s3, "no-such-bucket", stored(tmp_path, DELETES), MADE)
    with pytest.raises(Stopped, match="no-such-bucket"):
        list(newest(servers.s3, "no-such-bucket"))


class Pages:
    """A bucket with more objects than one answer lists; the newest package is on the last page."""

    def __init__(self) -> None:
        begun = datetime(2026, 1, 1, tzinfo=UTC)
        names = [f"functions/{number:064x}.zip" for number in range(2500)]
        self.found = [{"Key": name, "LastModified": begun + timedelta(hours=at)} for at, name in enumerate(names)]

    def list_objects_v2(self, **_: object) -> dict[str, Any]:
        return {"Contents": self.found[:1000], "IsTruncated": True}

    def get_paginator(self, _: str) -> "Pages":
        return self

    def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
        yield from ({"Contents": self.found[at : at + 1000]} for at in (0, 1000, 2000))


def test_the_newest_packages_are_the_newest_of_all_pages() -> None:
    listed = list(newest(Pages(), BUCKET))  # type: ignore[arg-type]  # what is asked of a client
    assert [line.split()[2] for line in listed] == [f"{number:064x}" for number in range(2499, 2489, -1)]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "delete_response: it has no delete_response.py"),
        ({"delete_response.py": "handler = None"}, "has no handler made by @queue_function"),
        ({"delete_response.py": "def handler(event, context): ..."}, "has no handler made by @queue_function"),
        ({"delete_response.py": "@timer_function\ndef handler(): ..."}, "has no handler made by @queue_function"),
        ({"delete_response.py": "@worker.queue_function(M)\ndef other(): ..."}, "has no handler"),
    ],
)
def test_a_package_without_a_function_s_handler_is_told_from_one_with_it(files: dict[str, str], told: str) -> None:
    of = {"delete_response": FUNCTIONS["delete_response"]}
    (fault,) = lacking(archive(files), of)
    assert told in fault
    assert lacking(archive(DELETES), of) == []


def test_a_timer_s_handler_is_a_timer_function() -> None:
    of = {"sweep": {"entrypoint": "sweep.handler", "schedule": "0 3 ? * * *"}}
    assert lacking(archive({"sweep.py": "@worker.timer_function()\ndef handler(): ..."}), of) == []
    assert len(lacking(archive({"sweep.py": "@queue_function()\ndef handler(): ..."}), of)) == 1


def test_a_package_s_origin_is_the_commit_it_was_built_from(tmp_path: Path) -> None:
    assert origin(tmp_path).commit == "no commit"
    for command in (
        ["init", "--quiet"],
        ["-c", "user.name=Ada", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m", "one"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)  # noqa: S603, S607 - whichever git there is
    clean = origin(tmp_path)
    assert (clean.author, clean.commit.isalnum()) == ("Ada", True)
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "new.py").touch()
    assert origin(tmp_path).commit == clean.commit + "+"
