"""What a mistake in Terraform can't take away, what a wished teardown takes, and what a first plan knows."""

import re
import shutil
from pathlib import Path

import pytest

from infra.deploy import destroy
from infra.deploy.destroy import allowed, unprotected
from infra.operate.cloud import Stopped
from tests.infra.pretend import Terraform
from tests.infra.workspace import (
    APP_VARIABLES,
    INFRA,
    Shown,
    Workspace,
    of_type,
    terraform,
)

BLOCK = re.compile(r'(?m)^resource "(\w+)" "(\w+)" \{\n(.*?)^\}\n', re.DOTALL)


def protected(folder: str) -> set[str]:
    """Addresses in a folder of Terraform's files of what it refuses to destroy."""
    texts = [path.read_text() for path in (INFRA / "terraform" / folder).glob("*.tf")]
    blocks = [block for text in texts for block in BLOCK.findall(text)]
    return {f"{kind}.{name}" for kind, name, body in blocks if re.search(r"(?m)^    prevent_destroy = true", body)}


@pytest.mark.parametrize(
    ("folder", "addresses"),
    [
        ("app", {"yandex_message_queue.dead_letters", "yandex_message_queue.results"}),
        (
            "platform",
            {
                "yandex_kms_symmetric_key.data",
                "yandex_lockbox_secret.hash_key",
                "yandex_lockbox_secret_version.hash_key",
                "yandex_storage_bucket.backups",
                "yandex_storage_bucket.evidence",
                "yandex_ydb_database_serverless.this",
            },
        ),
        ("modules/document_tables", {"aws_dynamodb_table.this"}),
        (
            "bootstrap",
            {"yandex_kms_symmetric_key.states", "yandex_storage_bucket.packages", "yandex_storage_bucket.states"},
        ),
    ],
)
def test_what_messages_ledger_copies_and_keys_are_in_can_not_be_destroyed(folder: str, addresses: set[str]) -> None:
    assert protected(folder) == addresses


@pytest.mark.terraform
def test_terraform_refuses_to_take_app_down_as_it_is(workspace: Workspace, app: Shown) -> None:
    done = terraform("plan", "-destroy", "-input=false", "-no-color", *APP_VARIABLES, cwd=workspace.folder("app"))
    assert done.returncode == 1, done.stdout
    told = " ".join(done.stderr.replace("\u2502", " ").split())
    assert re.search(r"Resource yandex_message_queue\.\w+ has lifecycle\.prevent_destroy set", told)


@pytest.mark.terraform
def test_a_first_plan_of_platform_needs_no_address_of_the_database(first_plan: Shown) -> None:
    plan = first_plan
    (database,) = (each for each in plan["resource_changes"] if each["type"] == "yandex_ydb_database_serverless")
    assert database["change"]["after_unknown"]["document_api_endpoint"] is True
    (table,) = of_type(plan, "aws_dynamodb_table")
    assert table["values"]["name"] == "aistudio/ledger"


@pytest.mark.parametrize(
    ("environment", "confirmed", "told"),
    [
        ("prod", "prod", "never destroyed"),
        ("prod-eu", "prod-eu", "never destroyed"),
        ("live", "live", "is not destroyable"),
        ("dev", None, "CONFIRM=dev"),
        ("dev", "prod", "CONFIRM=dev"),
    ],
)
def test_an_environment_is_destroyed_only_where_it_may_be_and_is_named_twice(
    tmp_path: Path, environment: str, confirmed: str | None, told: str
) -> None:
    folders = tmp_path / "terraform" / "environments"
    shutil.copytree(INFRA / "terraform" / "environments", folders)
    for name in ("prod", "prod-eu"):
        (folders / name).mkdir(exist_ok=True)
        (folders / name / "destroyable").touch()
    (folders / "live").mkdir()
    with pytest.raises(Stopped, match=told):
        allowed(environment, confirmed, tmp_path)
    allowed("dev", "dev", tmp_path)


@pytest.mark.usefixtures("credentials")
def test_functions_go_before_the_platform_and_its_protection_before_it(
    pretend: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend.tell(app={"release": "0" * 64}, probe={"queues": {}})
    monkeypatch.setattr("sys.argv", ["destroy", "dev", "--confirm", "dev"])
    assert destroy.main() == 0
    done = [(call.split()[0].rpartition("/")[2], call.split()[1]) for call in pretend.calls]
    assert [each for each in done if each[1] in ("apply", "destroy")] == [
        ("probe", "destroy"),
        ("app", "destroy"),
        ("platform", "apply"),
        ("platform", "destroy"),
    ]


@pytest.mark.usefixtures("credentials")
def test_a_refused_teardown_asks_terraform_for_nothing(
    pretend: Terraform, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["destroy", "prod", "--confirm", "prod"])
    assert destroy.main() == 1
    assert (capsys.readouterr().err, pretend.calls) == ("prod is never destroyed by a command\n", [])


def test_only_the_copy_that_is_destroyed_lacks_protection(tmp_path: Path) -> None:
    guards = re.compile(r"(?:prevent_destroy|deletion_protection)\s*= true")
    copy = unprotected(INFRA, tmp_path)
    found = {folder: [text for text in texts(folder) if guards.search(text)] for folder in (INFRA, copy)}
    assert (len(found[INFRA]) > 5, found[copy]) == (True, [])
    assert (tmp_path / "functions" / "documents" / "tables.json").exists()


def texts(infra: Path) -> list[str]:
    return [path.read_text() for path in (infra / "terraform").rglob("*.tf")]
