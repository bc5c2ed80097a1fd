import pytest

from infra.deploy import terraform
from infra.deploy.terraform import Root
from infra.operate.cloud import Stopped
from tests.infra.pretend import Pretend
from tests.infra.workspace import INFRA


def test_a_missing_terraform_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERRAFORM", "/no/such/terraform")
    with pytest.raises(Stopped, match="set TERRAFORM"):
        Root("app", "dev").init()


def test_the_queues_key_is_the_deployer_s_unless_another_is_given(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch
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
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch, root: str, files: list[str]
) -> None:
    calls = pretend()
    monkeypatch.setattr("sys.argv", ["terraform", "prod", root, "apply", "-refresh=false"])
    assert terraform.main() == 0
    init, applied = calls.read_text().splitlines()
    state = "path=" if root == "bootstrap" else ""
    assert f"-backend-config={state}{INFRA / 'terraform' / 'environments' / 'prod'}/" in init
    assert applied.split()[1:] == [
        "apply",
        *(f"-var-file={INFRA / 'terraform' / 'environments' / 'prod' / name}.tfvars" for name in files),
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
