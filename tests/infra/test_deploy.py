import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import deploy, terraform
from infra.deploy import apply, earlier, upload
from infra.local.servers import Servers
from infra.package import described
from infra.terraform import Root, Stopped, require
from tests.infra.workspace import INFRA, LOCAL_STATE, ONE_AT_A_TIME

RELEASE = "0" * 63 + "1"
BUCKET = "packages"

PLATFORM = {
    "environment": "dev",
    "cloud_id": "b1gcloud",
    "folder_id": "b1gfolder",
    "aistudio_folder_id": "b1gaistudio",
    "table_prefix": "aistudio/",
    "document_api_endpoint": "https://docapi.test/ru-central1/b1gcloud/etn",
    "log_group_id": "e23group",
    "trigger_account_id": "ajetrigger",
    "package_bucket": BUCKET,
    "results_bucket": "results",
    "accounts": {
        name: {"id": f"aje{name}", "key_secret_id": f"e6q{name}", "key_version_id": "e6v"}
        for name in ("deleter", "generator")
    },
    "hash_key": {"secret_id": "e6qhash", "version_id": "e6v"},
}

TERRAFORM = """#!/bin/sh
echo "$@" >> {calls}
for argument in "$@"; do
  case "$argument" in
    init|apply) exit {apply} ;;
    plan) exit {plan} ;;
    output) for name in "$@"; do :; done; cat {outputs}/"$name".json; exit 0 ;;
  esac
done
"""

Pretend = Callable[..., Path]


@pytest.fixture
def bucket(servers: Servers) -> Iterator[Any]:
    client = servers.s3
    client.create_bucket(Bucket=BUCKET)
    yield client
    for stored in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=stored["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """A terraform that only notes what it is asked for and ends with these exit codes."""
    (tmp_path / "platform.json").write_text(json.dumps(PLATFORM))
    (tmp_path / "queues.json").write_text('{"delete_response": "https://queue"}')

    def program(*, apply: int = 0, plan: int = 0) -> Path:
        calls, binary = tmp_path / "calls", tmp_path / "terraform"
        binary.write_text(TERRAFORM.format(calls=calls, apply=apply, plan=plan, outputs=tmp_path))
        binary.chmod(0o755)
        monkeypatch.setenv("TERRAFORM", str(binary))
        return calls

    return program


@pytest.fixture
def credentials(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("YC_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("STORAGE_ENDPOINT", servers.endpoint)


def test_a_package_is_stored_under_its_sha256_and_only_once(bucket: Any, tmp_path: Path) -> None:
    archive = tmp_path / "functions.zip"
    archive.write_bytes(b"a package")
    release = upload(bucket, BUCKET, archive)
    assert release == hashlib.sha256(b"a package").hexdigest()
    (stored,) = bucket.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert stored["Key"] == f"functions/{release}.zip"
    upload(bucket, BUCKET, archive)
    (same,) = bucket.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert same["LastModified"] == stored["LastModified"]


def test_rolling_back_to_a_package_that_is_gone_says_which_there_are(bucket: Any, tmp_path: Path) -> None:
    (tmp_path / "functions.zip").write_bytes(b"a package")
    there = upload(bucket, BUCKET, tmp_path / "functions.zip")
    assert earlier(bucket, BUCKET, there) == there
    with pytest.raises(Stopped, match=there):
        earlier(bucket, BUCKET, RELEASE)


def test_a_bucket_that_is_not_there_stops_the_deployment(servers: Servers, tmp_path: Path) -> None:
    (tmp_path / "functions.zip").write_bytes(b"a package")
    with pytest.raises(Stopped, match="no-such-bucket"):
        upload(servers.s3, "no-such-bucket", tmp_path / "functions.zip")


def test_a_deployment_is_an_apply_and_then_an_empty_plan(pretend: Pretend) -> None:
    calls = pretend()
    app = apply("dev", RELEASE, PLATFORM)
    verbs = [line.split()[1] for line in calls.read_text().splitlines()]
    assert verbs == ["init", "apply", "plan"]
    assert f"-var=release={RELEASE}" in calls.read_text()
    assert app.output("queues") == {"delete_response": "https://queue"}


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


def test_a_missing_terraform_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAFORM", "/no/such/terraform")
    with pytest.raises(Stopped, match="set TERRAFORM"):
        Root("app", "dev").init()


def test_missing_credentials_are_all_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YC_TOKEN", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    with pytest.raises(Stopped, match="YC_TOKEN, AWS_ACCESS_KEY_ID "):
        require("YC_TOKEN", "AWS_ACCESS_KEY_ID")


def test_the_queues_key_is_the_deployer_s_unless_another_is_given(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "deployer")
    assert Root("app", "dev")._environment()["YC_MESSAGE_QUEUE_ACCESS_KEY"] == "deployer"
    monkeypatch.setenv("YC_MESSAGE_QUEUE_ACCESS_KEY", "another")
    assert Root("app", "dev")._environment()["YC_MESSAGE_QUEUE_ACCESS_KEY"] == "another"


@pytest.mark.usefixtures("credentials")
def test_a_rollback_is_an_apply_of_an_earlier_package(
    pretend: Pretend, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "functions.zip").write_bytes(b"an earlier package")
    there = upload(bucket, BUCKET, tmp_path / "functions.zip")
    calls = pretend()

    monkeypatch.setattr("sys.argv", ["deploy", "dev", "--release", there, "--no-smoke"])
    assert deploy.main() == 0
    assert f"-var=release={there}" in calls.read_text()

    monkeypatch.setattr("sys.argv", ["deploy", "dev", "--release", RELEASE])
    assert deploy.main() == 1
    assert there in capsys.readouterr().err
    assert RELEASE not in calls.read_text()


@pytest.mark.usefixtures("credentials")
def test_a_plan_shows_what_would_change_and_uploads_nothing(
    pretend: Pretend, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "functions.zip"
    archive.write_bytes(b"a new package")
    monkeypatch.setattr(deploy, "build", lambda: described(archive))
    calls = pretend()

    monkeypatch.setattr("sys.argv", ["deploy", "dev", "--plan"])
    assert deploy.main() == 0
    verbs = [line.split()[1] for line in calls.read_text().splitlines()]
    assert (verbs[-1], "apply" in verbs) == ("plan", False)
    assert f"-var=release={described(archive).sha256}" in calls.read_text()
    assert "Contents" not in bucket.list_objects_v2(Bucket=BUCKET)


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("root", "files"), [("bootstrap", ["cloud", "bootstrap"]), ("platform", ["cloud", "platform"])]
)
def test_each_root_is_given_its_own_files_and_its_own_state(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch, root: str, files: list[str]
) -> None:
    calls = pretend()
    monkeypatch.setattr("sys.argv", ["terraform", "prod", root, "apply", "-refresh=false"])
    assert terraform.main() == 0
    init, applied = calls.read_text().splitlines()
    state = "path=" if root == "bootstrap" else ""
    assert f"-backend-config={state}{INFRA / 'environments' / 'prod'}/" in init
    assert applied.split()[1:] == [
        "apply",
        *(f"-var-file={INFRA / 'environments' / 'prod' / name}.tfvars" for name in files),
        "-refresh=false",
    ]


@pytest.mark.usefixtures("credentials")
def test_app_can_be_looked_at_but_is_changed_by_a_deployment_only(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pretend()
    monkeypatch.setattr("sys.argv", ["terraform", "dev", "app", "output", "queues"])
    assert terraform.main() == 0
    assert "https://queue" in capfd.readouterr().out

    monkeypatch.setattr("sys.argv", ["terraform", "dev", "app", "apply"])
    with pytest.raises(SystemExit):
        terraform.main()
    assert "make deploy" in capfd.readouterr().err


@pytest.mark.terraform
@pytest.mark.usefixtures("credentials")
def test_app_is_really_deployed_with_the_state_in_a_bucket(servers: Servers, bucket: Any, tmp_path: Path) -> None:
    """The root as it is, locking included, twice: a rollback is no different."""
    ignored = shutil.ignore_patterns("*.py", "local", "__pycache__", ".terraform*", "*.tfstate*")
    infra = Path(shutil.copytree(INFRA, tmp_path / "infra", ignore=ignored))
    backend = infra / "environments" / "dev" / "s3.tfbackend"
    backend.write_text(f'bucket = "{BUCKET}"\nendpoints = {{ s3 = "{servers.endpoint}" }}\nuse_path_style = true\n')
    assert LOCAL_STATE not in (infra / "app" / "versions.tf").read_text()
    with ONE_AT_A_TIME:
        apply("dev", RELEASE.replace("1", "2"), PLATFORM, infra)
        app = apply("dev", RELEASE, PLATFORM, infra)
        assert app.output("release") == RELEASE

    keys = {stored["Key"] for stored in bucket.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert keys == {"app.tfstate"}, "the lock is released"
    state = json.loads(bucket.get_object(Bucket=BUCKET, Key="app.tfstate")["Body"].read())
    assert state["outputs"]["release"]["value"] == RELEASE
