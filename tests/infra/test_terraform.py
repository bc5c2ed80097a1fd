import shutil
from pathlib import Path

import pytest

from infra.deploy import terraform
from infra.deploy.terraform import Root
from infra.operate.cloud import Stopped
from tests.infra.pretend import Terraform
from tests.infra.workspace import INFRA, run


def test_a_missing_terraform_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAFORM", "/no/such/terraform")
    with pytest.raises(Stopped, match="set TERRAFORM"):
        Root("app", "dev").init()


def test_the_queues_key_is_the_deployer_s_unless_another_is_given(
    pretend: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "deployer")
    assert Root("app", "dev")._environment()["YC_MESSAGE_QUEUE_ACCESS_KEY"] == "deployer"
    monkeypatch.setenv("YC_MESSAGE_QUEUE_ACCESS_KEY", "another")
    assert Root("app", "dev")._environment()["YC_MESSAGE_QUEUE_ACCESS_KEY"] == "another"


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("root", "files"), [("bootstrap", ["cloud", "bootstrap"]), ("platform", ["cloud", "platform"])]
)
def test_each_root_is_given_its_own_files_and_its_own_state(
    pretend: Terraform, monkeypatch: pytest.MonkeyPatch, root: str, files: list[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["terraform", "prod", root, "apply", "-refresh=false"])
    assert terraform.main() == 0
    init, applied = pretend.calls
    state = "path=" if root == "bootstrap" else ""
    assert f"-backend-config={state}{INFRA / 'terraform' / 'environments' / 'prod'}/" in init
    assert applied.split()[1:] == [
        "apply",
        *(f"-var-file={INFRA / 'terraform' / 'environments' / 'prod' / name}.tfvars" for name in files),
        "-refresh=false",
    ]


@pytest.mark.usefixtures("credentials")
def test_app_can_be_looked_at_but_is_changed_by_a_deployment_only(
    pretend: Terraform, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["terraform", "dev", "app", "output", "queues"])
    assert terraform.main() == 0
    assert "https://queue" in capfd.readouterr().out

    monkeypatch.setattr("sys.argv", ["terraform", "dev", "app", "apply"])
    with pytest.raises(SystemExit):
        terraform.main()
    assert "make deploy" in capfd.readouterr().err


FOREIGN = {
    "AWS_PROFILE": "mine",
    "AWS_SESSION_TOKEN": "mine",
    "AWS_CA_BUNDLE": "/mine.pem",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_CONFIG_FILE": "/mine",
    "YC_CLOUD_ID": "mine",
    "YC_ENDPOINT": "127.0.0.1:9",
    "YC_SERVICE_ACCOUNT_KEY_FILE": "/mine.json",
    "YC_STORAGE_ACCESS_KEY": "mine",
    "TF_VAR_quotas": "{functions=100}",
    "TF_CLI_ARGS_apply": "-auto-approve",
    "TF_WORKSPACE": "mine",
}


@pytest.mark.usefixtures("credentials")
def test_what_people_set_for_tools_of_their_own_does_not_reach_terraform(
    pretend: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**FOREIGN, "TF_PLUGIN_CACHE_DIR": "/cache"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["terraform", "dev", "platform", "plan"])
    assert terraform.main() == 0
    assert not FOREIGN.items() & pretend.environment.items()
    assert {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "YC_TOKEN",
        "TF_PLUGIN_CACHE_DIR",
    } <= pretend.environment.keys()


@pytest.mark.parametrize("root", ["bootstrap", "platform", "app"])
def test_no_root_is_touched_where_the_table_is_not_what_its_schema_says(
    pretend: Terraform, tmp_path: Path, root: str
) -> None:
    wrong_table(tmp_path)
    with pytest.raises(Stopped, match=r"(?s)visibility_timout"):
        Root(root, "dev", tmp_path).init()
    assert pretend.calls == []


def test_a_lock_file_that_is_committed_is_kept_to(pretend: Terraform, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(INFRA, tmp_path / "infra", ignore=shutil.ignore_patterns("local", ".terraform*")))
    root = Root("app", "dev", copied)
    root.init()
    (copied / "terraform" / "app" / ".terraform.lock.hcl").write_text("")
    root.init()
    without, locked = pretend.calls
    assert ("-lockfile=readonly" in without, "-lockfile=readonly" in locked) == (False, True)


def test_lock_files_of_providers_may_be_committed_and_those_that_are_come_from_a_registry() -> None:
    ignored = run(["git", "check-ignore", "infra/terraform/app/.terraform.lock.hcl"])
    assert ignored.returncode == 1, ignored.stdout
    for path in (INFRA / "terraform").rglob(".terraform.lock.hcl"):
        assert '"zh:' in path.read_text(), f"{path}: a stand-in's hashes are no hashes of the provider"


def wrong_table(infra: Path) -> None:
    shutil.copy(INFRA / "functions.schema.json", infra)
    text = (INFRA / "functions.yaml").read_text()
    (infra / "functions.yaml").write_text(
        text.replace("      batch_cutoff: 2", "      visibility_timout: 400\n      batch_cutoff: 2")
    )
