import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import deploy
from infra.deploy.deploy import apply, earlier, upload
from infra.deploy.package import Package, described
from infra.local.cloud.servers import Servers
from infra.operate.cloud import Stopped
from tests.infra.pretend import BUCKET, PLATFORM, Pretend
from tests.infra.workspace import INFRA, LOCAL_STATE, ONE_AT_A_TIME

RELEASE = "0" * 63 + "1"


@pytest.fixture
def bucket(servers: Servers) -> Iterator[Any]:
    client = servers.s3
    client.create_bucket(Bucket=BUCKET)
    yield client
    for stored in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=stored["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    archive = tmp_path / "functions.zip"
    archive.write_bytes(b"a package")
    return described(archive)


def test_a_package_is_stored_under_its_sha256_and_only_once(bucket: Any, package: Package) -> None:
    upload(bucket, BUCKET, package)
    (stored,) = bucket.list_objects_v2(Bucket=BUCKET)["Contents"]
    content = bucket.get_object(Bucket=BUCKET, Key=stored["Key"])["Body"].read()
    assert (stored["Key"], content) == (f"functions/{hashlib.sha256(content).hexdigest()}.zip", b"a package")
    upload(bucket, BUCKET, package)
    (same,) = bucket.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert same["LastModified"] == stored["LastModified"]


def test_rolling_back_to_a_package_that_is_gone_says_which_there_are(bucket: Any, package: Package) -> None:
    upload(bucket, BUCKET, package)
    assert earlier(bucket, BUCKET, package.sha256) == package.sha256
    with pytest.raises(Stopped, match=package.sha256):
        earlier(bucket, BUCKET, RELEASE)


def test_a_bucket_that_is_not_there_stops_the_deployment(servers: Servers, package: Package) -> None:
    with pytest.raises(Stopped, match="no-such-bucket"):
        upload(servers.s3, "no-such-bucket", package)


def test_a_deployment_is_an_apply_and_then_an_empty_plan(pretend: Pretend) -> None:
    calls = pretend()
    app = apply("dev", RELEASE, PLATFORM)
    verbs = [line.split()[1] for line in calls.read_text().splitlines()]
    assert verbs == ["init", "plan", "show", "apply", "plan"]
    assert calls.read_text().count(f"-var=release={RELEASE}") == 2
    assert app.output("queues") == {"delete_response": "https://queue"}


def test_what_is_applied_is_the_very_plan_that_was_looked_at(pretend: Pretend) -> None:
    calls = pretend()
    apply("dev", RELEASE, PLATFORM)
    _, planned, shown, applied, _ = (line.split() for line in calls.read_text().splitlines())
    assert f"-out={shown[-1]}" in planned
    assert applied[1:] == ["apply", "-input=false", shown[-1]]


def queue_change(name: str, *actions: str) -> dict[str, Any]:
    return {"type": "yandex_message_queue", "change": {"actions": actions, "before": {"name": name}}}


@pytest.mark.parametrize("actions", [("delete",), ("delete", "create"), ("create", "delete")])
def test_a_queue_is_deleted_only_where_it_is_named(pretend: Pretend, actions: tuple[str, ...]) -> None:
    calls = pretend(changes=[queue_change("old", *actions), queue_change("older", *actions)])
    with pytest.raises(Stopped, match=r"(?s)would delete older with .* --drop-queue older$"):
        apply("dev", RELEASE, PLATFORM, drop=["old"])
    assert " apply " not in calls.read_text()
    apply("dev", RELEASE, PLATFORM, drop=["old", "older"])
    assert " apply " in calls.read_text()


def test_changes_that_delete_no_queue_need_no_leave(pretend: Pretend) -> None:
    trigger = {"type": "yandex_function_trigger", "change": {"actions": ["delete"], "before": {"name": "old"}}}
    new = {"type": "yandex_message_queue", "change": {"actions": ["create"], "before": None}}
    calls = pretend(changes=[trigger, new, queue_change("kept", "update"), queue_change("same", "no-op")])
    apply("dev", RELEASE, PLATFORM)
    assert " apply " in calls.read_text()


def test_a_version_that_failed_to_build_fails_the_deployment(pretend: Pretend) -> None:
    pretend(plan=2)
    with pytest.raises(Stopped, match="a version failed to build"):
        apply("dev", RELEASE, PLATFORM)


def test_an_apply_that_failed_is_not_followed_by_a_plan(pretend: Pretend) -> None:
    calls = pretend(apply=1)
    with pytest.raises(Stopped, match="terraform init of app failed in dev"):
        apply("dev", RELEASE, PLATFORM)
    assert "plan" not in calls.read_text()


def test_an_environment_that_is_not_there_is_named_with_those_that_are(pretend: Pretend) -> None:
    pretend()
    with pytest.raises(Stopped, match=r"'test'.*dev, prod"):
        apply("test", RELEASE, PLATFORM)


@pytest.mark.usefixtures("credentials")
def test_a_rollback_is_an_apply_of_an_earlier_package(
    pretend: Pretend,
    bucket: Any,
    package: Package,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    upload(bucket, BUCKET, package)
    there, calls = package.sha256, pretend()

    monkeypatch.setattr("sys.argv", ["deploy", "dev", "--release", there, "--no-smoke"])
    assert deploy.main() == 0
    assert f"-var=release={there}" in calls.read_text()

    monkeypatch.setattr("sys.argv", ["deploy", "dev", "--release", RELEASE])
    assert deploy.main() == 1
    assert there in capsys.readouterr().err
    assert RELEASE not in calls.read_text()


@pytest.mark.usefixtures("credentials")
def test_a_plan_shows_what_would_change_and_uploads_nothing(
    pretend: Pretend, bucket: Any, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "build", lambda: package)
    calls = pretend()

    monkeypatch.setattr("sys.argv", ["deploy", "dev", "--plan"])
    assert deploy.main() == 0
    verbs = [line.split()[1] for line in calls.read_text().splitlines()]
    assert (verbs[-1], "apply" in verbs) == ("plan", False)
    assert f"-var=release={package.sha256}" in calls.read_text()
    assert "Contents" not in bucket.list_objects_v2(Bucket=BUCKET)


@pytest.mark.usefixtures("credentials")
def test_a_deployment_uploads_what_it_built_and_applies_that(
    pretend: Pretend, bucket: Any, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "build", lambda: package)
    calls = pretend()

    monkeypatch.setattr("sys.argv", ["deploy", "dev", "--no-smoke"])
    assert deploy.main() == 0
    (stored,) = bucket.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert stored["Key"] == f"functions/{package.sha256}.zip"
    planned, _, applied, _ = calls.read_text().splitlines()[-4:]
    assert f"-var=release={package.sha256}" in planned
    assert " apply " in applied


@pytest.mark.usefixtures("credentials")
def test_the_command_drops_the_queues_that_it_is_told_to_and_no_others(
    pretend: Pretend,
    bucket: Any,
    package: Package,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    upload(bucket, BUCKET, package)
    calls = pretend(changes=[queue_change("one", "delete"), queue_change("two", "delete")])
    given = ["deploy", "dev", "--release", package.sha256, "--no-smoke"]

    monkeypatch.setattr("sys.argv", given)
    assert deploy.main() == 1
    assert "--drop-queue one --drop-queue two" in capsys.readouterr().err
    assert " apply " not in calls.read_text()

    monkeypatch.setattr("sys.argv", [*given, "--drop-queue", "one", "--drop-queue", "two"])
    assert deploy.main() == 0
    assert " apply " in calls.read_text()


@pytest.mark.terraform
@pytest.mark.usefixtures("credentials")
def test_app_is_really_deployed_with_the_state_in_a_bucket(servers: Servers, bucket: Any, tmp_path: Path) -> None:
    """The root as it is, locking included, twice: a rollback is no different. Then without one of its functions."""
    ignored = shutil.ignore_patterns("*.py", "local", "__pycache__", ".terraform*", "*.tfstate*")
    infra = Path(shutil.copytree(INFRA, tmp_path / "infra", ignore=ignored))
    backend = infra / "terraform" / "environments" / "dev" / "s3.tfbackend"
    backend.write_text(f'bucket = "{BUCKET}"\nendpoints = {{ s3 = "{servers.endpoint}" }}\nuse_path_style = true\n')
    assert LOCAL_STATE not in (infra / "terraform" / "app" / "versions.tf").read_text()
    with ONE_AT_A_TIME:
        apply("dev", RELEASE.replace("1", "2"), PLATFORM, infra)
        app = apply("dev", RELEASE, PLATFORM, infra)
        assert app.output("release") == RELEASE

        settings = infra / "terraform" / "environments" / "dev" / "app.tfvars"
        settings.write_text(settings.read_text() + 'functions = ["delete_response"]\n')
        gone = "aistudio-dev-realtime-response-create"
        with pytest.raises(Stopped, match=f"would delete {gone} with"):
            apply("dev", RELEASE, PLATFORM, infra)
        assert set(app.output("queues")) == {"delete_response", "realtime_response_create"}
        apply("dev", RELEASE, PLATFORM, infra, drop=[gone])
        assert set(app.output("queues")) == {"delete_response"}

    keys = {stored["Key"] for stored in bucket.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert keys == {"app.tfstate"}, "the lock is released"
    state = json.loads(bucket.get_object(Bucket=BUCKET, Key="app.tfstate")["Body"].read())
    assert state["outputs"]["release"]["value"] == RELEASE
