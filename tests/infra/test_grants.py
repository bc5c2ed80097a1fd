"""Who may do what, and that no secret is where it can be read."""

import json

import pytest

from infra.deploy import table
from tests.infra.workspace import ROOTS, Shown, Workspace, grants, of_type

pytestmark = pytest.mark.terraform

NEEDED_AT_ONCE = {"ymq.reader", "functions.functionInvoker", "lockbox.payloadViewer"}
"""Roles without which a version or a trigger is refused when it is made."""

TABLE = table.read()

PRIMITIVE = {"admin", "auditor", "editor", "viewer"}


@pytest.fixture(params=ROOTS)
def plan(request: pytest.FixtureRequest) -> Shown:
    found: Shown = request.getfixturevalue(request.param)
    return found


def test_nobody_has_a_role_that_reaches_every_service(plan: Shown) -> None:
    assert not [grant["address"] for grant in grants(plan) if grant["values"]["role"] in PRIMITIVE]


@pytest.mark.parametrize("root", ["platform", "app"])
def test_what_runs_administers_nothing(root: str, request: pytest.FixtureRequest) -> None:
    roles = {grant["values"]["role"] for grant in grants(request.getfixturevalue(root))}
    assert roles
    assert not [role for role in roles if role.endswith(".admin")]


def test_roles_on_folders_are_for_queues_and_for_ai_studio_only(platform: Shown, app: Shown) -> None:
    on_folders = list(of_type(app, "yandex_resourcemanager_folder_iam_member"))
    assert {grant["values"]["folder_id"] for grant in on_folders} == {"b1g0000000000000dev0", "b1g000000000000aidev"}
    for grant in on_folders:
        allowed = "ymq." if grant["values"]["folder_id"] == "b1g0000000000000dev0" else "ai."
        assert grant["values"]["role"].startswith(allowed), grant["address"]
    assert not list(of_type(platform, "yandex_resourcemanager_folder_iam_member"))


def test_a_role_on_a_database_secret_key_or_bucket_is_on_that_one_and_on_no_folder(platform: Shown) -> None:
    for prefix, kind in (
        ("ydb.", "yandex_ydb_database_iam_binding"),
        ("lockbox.", "yandex_lockbox_secret_iam_member"),
        ("kms.", "yandex_kms_symmetric_key_iam_member"),
        ("storage.", "yandex_storage_bucket_iam_binding"),
    ):
        granted_by = {grant["type"] for grant in grants(platform) if grant["values"]["role"].startswith(prefix)}
        assert granted_by == {kind}, prefix


def test_only_the_accounts_that_the_table_lets_and_those_named_write_to_the_ledger(
    workspace: Workspace, app: Shown
) -> None:
    accounts = workspace.output("platform", "platform")["accounts"]
    (bound,) = (
        each["values"]
        for each in of_type(workspace.state("platform"), "yandex_ydb_database_iam_binding")
        if each["values"]["role"] == "ydb.editor"
    )
    others = {"serviceAccount:ajeholds", "group:ajeoperators"}
    wanted = {accounts[name]["id"] for name, account in TABLE["accounts"].items() if "ledger" in account["writes"]}
    assert set(bound["members"]) == others | {f"serviceAccount:{each}" for each in wanted}


def test_only_the_accounts_that_the_table_lets_write_results(workspace: Workspace, app: Shown) -> None:
    platform = workspace.output("platform", "platform")
    (bound,) = (
        each["values"]
        for each in of_type(workspace.state("platform"), "yandex_storage_bucket_iam_binding")
        if each["values"]["bucket"] == platform["results_bucket"]
    )
    wanted = {name for name, account in TABLE["accounts"].items() if "results" in account["writes"]}
    assert wanted
    assert set(bound["members"]) == {f"serviceAccount:{platform['accounts'][name]['id']}" for name in wanted}


def test_only_what_seals_writes_and_reads_evidence(workspace: Workspace, app: Shown) -> None:
    platform = workspace.output("platform", "platform")
    bound = [
        each["values"]
        for each in of_type(workspace.state("platform"), "yandex_storage_bucket_iam_binding")
        if each["values"]["bucket"] == platform["evidence_bucket"]
    ]
    sealer = {f"serviceAccount:{platform['accounts'][name]['id']}" for name in ("sealer",)}
    assert {each["role"]: set(each["members"]) for each in bound} == {"storage.uploader": sealer}
    decrypting = [
        each["values"]["member"]
        for each in of_type(workspace.state("platform"), "yandex_kms_symmetric_key_iam_member")
        if each["values"]["role"] == "kms.keys.encrypterDecrypter"
    ]
    assert set(decrypting) == sealer


def test_every_account_that_functions_run_as_may_read_packages_and_do_nothing_else_with_them(
    workspace: Workspace, app: Shown
) -> None:
    accounts = workspace.output("platform", "platform")["accounts"]
    on_packages = [
        each["values"]
        for each in of_type(workspace.state("platform"), "yandex_storage_bucket_iam_binding")
        if each["values"]["bucket"] == "example-aistudio-dev-packages"
    ]
    assert [each["role"] for each in on_packages] == ["storage.viewer"]
    assert set(on_packages[0]["members"]) == {f"serviceAccount:{each['id']}" for each in accounts.values()}


def test_an_account_has_the_roles_of_its_functions_and_the_triggers_account_calls_and_reads(
    workspace: Workspace, app: Shown
) -> None:
    accounts = workspace.output("platform", "platform")
    roles: dict[str, set[str]] = {}
    for grant in grants(workspace.state("app")):
        member = grant["values"]["member"].removeprefix("serviceAccount:")
        roles.setdefault(member, set()).add(grant["values"]["role"])
    expected = {accounts["trigger_account_id"]: {"ymq.reader", "functions.functionInvoker"}}
    for name in TABLE["sets"]["default"]:
        entry = TABLE["functions"][name]
        mine = expected.setdefault(accounts["accounts"][entry["account"]]["id"], {"ymq.writer"})
        mine.update(entry.get("roles", ()), {"ymq.reader"} if "schedule" in entry else ())  # a timer sees what waits
    assert roles == expected


def test_only_the_account_that_stores_what_it_generates_may_both_delete_and_generate(app: Shown) -> None:
    of_account: dict[str, set[str]] = {}
    for entry in TABLE["functions"].values():
        of_account.setdefault(entry["account"], set()).update(entry.get("roles", ()))
    generating = {"ai.models.user", "ai.languageModels.user"}
    both = [name for name, roles in of_account.items() if "ai.assistants.editor" in roles and roles & generating]
    assert both == ["creator"]
    assert [name for name, entry in TABLE["functions"].items() if entry["account"] == "creator"] == ["create_response"]


def test_each_function_runs_as_the_account_of_its_privilege(workspace: Workspace, app: Shown) -> None:
    accounts = workspace.output("platform", "platform")["accounts"]
    runs_as = {
        each["values"]["labels"]["function"]: each["values"]["service_account_id"]
        for each in of_type(workspace.state("app"), "yandex_function")
    }
    assert runs_as == {name: accounts[TABLE["functions"][name]["account"]]["id"] for name in TABLE["sets"]["default"]}


def test_no_secret_is_written_into_a_state(plan: Shown) -> None:
    for key in of_type(plan, "yandex_iam_service_account_static_access_key"):
        assert len(key["values"]["output_to_lockbox"]) == 1, key["address"]
    for version in of_type(plan, "yandex_lockbox_secret_version"):
        assert not version["values"].get("entries"), version["address"]
    configured = json.dumps(plan["configuration"])
    for argument in ("access_key", "secret_key", "token", "text_value", "ymq_secret_key"):
        assert f'"{argument}":' not in configured, argument


def test_a_function_is_made_after_the_grants_that_its_version_and_its_trigger_need(app: Shown) -> None:
    calls = app["configuration"]["root_module"]["module_calls"]
    assert set(calls["function"]["depends_on"]) == {
        "yandex_resourcemanager_folder_iam_member.trigger",
        "yandex_lockbox_secret_iam_member.secret",
    }


def test_a_new_role_is_waited_for_and_one_that_exists_is_not_replaced_for_it(
    workspace: Workspace, platform: Shown, app: Shown
) -> None:
    """A role works some 20 s after it was given; sleep_after, changed, would take it away and give it again."""
    for root, plan in (("platform", platform), ("app", app)):
        needed = [grant for grant in grants(plan) if grant["values"]["role"] in NEEDED_AT_ONCE]
        assert needed
        assert [grant["address"] for grant in needed if not grant["values"]["sleep_after"]] == []
        text = "".join(path.read_text() for path in workspace.folder(root).glob("*.tf"))
        assert text.count("sleep_after = 30") == text.count("ignore_changes = [sleep_after]")


def test_no_secret_is_a_plain_environment_variable(app: Shown) -> None:
    for function in of_type(app, "yandex_function"):
        assert not [name for name in function["values"]["environment"] if name.endswith(("_KEY", "_KEY_ID"))]
