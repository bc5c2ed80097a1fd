"""What a mistake in Terraform can't take away, and what a first plan knows: the roots as they are, without a state."""

import pytest

from tests.infra.workspace import (
    APP_VARIABLES,
    DEV,
    LOCAL_PLATFORM_VARIABLES,
    PLATFORM_VARIABLES,
    Shown,
    Workspace,
    of_type,
    terraform,
)

pytestmark = pytest.mark.terraform

BOOTSTRAP_VARIABLES = (f"-var-file={DEV}/cloud.tfvars", f"-var-file={DEV}/bootstrap.tfvars")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy whose platform has neither another provider's address nor another prefix."""
    return Workspace.copied_to(tmp_path_factory.mktemp("protection") / "copy")


def refused(workspace: Workspace, root: str, address: str, *variables: str) -> bool:
    """Whether Terraform refuses to destroy this resource, which is applied, where it would make it anew."""
    asked = ("plan", "-input=false", "-no-color", f"-replace={address}", f"-target={address}", *variables)
    done = terraform(*asked, cwd=workspace.folder(root))
    told = " ".join(done.stderr.replace("\u2502", " ").split())
    return done.returncode == 1 and f"Resource {address} has lifecycle.prevent_destroy set" in told


@pytest.mark.parametrize("name", ["dead_letters", "results"])
def test_the_queues_that_all_functions_share_keep_their_messages(workspace: Workspace, app: Shown, name: str) -> None:
    assert refused(workspace, "app", f"yandex_message_queue.{name}", *APP_VARIABLES)


@pytest.mark.parametrize(
    "address",
    [
        'module.tables.aws_dynamodb_table.this["ledger"]',
        "yandex_kms_symmetric_key.data",
        "yandex_lockbox_secret.hash_key",
        "yandex_lockbox_secret_version.hash_key",
        "yandex_storage_bucket.backups",
        "yandex_ydb_database_serverless.this",
    ],
)
def test_the_ledger_its_copies_and_the_keys_to_both_can_not_be_destroyed(
    workspace: Workspace, platform: Shown, address: str
) -> None:
    assert refused(workspace, "platform", address, *LOCAL_PLATFORM_VARIABLES)


def test_the_states_their_key_and_the_packages_can_not_be_destroyed(untouched: Workspace) -> None:
    untouched.bootstrap()
    untouched.run("bootstrap", "apply", "-input=false", "-no-color", "the.tfplan")
    for address in (
        "yandex_kms_symmetric_key.states",
        "yandex_storage_bucket.packages",
        "yandex_storage_bucket.states",
    ):
        assert refused(untouched, "bootstrap", address, *BOOTSTRAP_VARIABLES), address


def test_a_first_plan_of_platform_needs_no_address_of_the_database(untouched: Workspace) -> None:
    plan = untouched.plan("platform", *PLATFORM_VARIABLES)
    (database,) = (each for each in plan["resource_changes"] if each["type"] == "yandex_ydb_database_serverless")
    assert database["change"]["after_unknown"]["document_api_endpoint"] is True
    (table,) = of_type(plan, "aws_dynamodb_table")
    assert table["values"]["name"] == "aistudio/ledger"
