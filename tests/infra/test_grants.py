"""Who may do what, and that no secret is where it can be read."""

import json

import pytest

from tests.infra.workspace import LOCAL_PLATFORM_VARIABLES, ROOTS, Shown, Workspace, grants, of_type

pytestmark = pytest.mark.terraform

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


@pytest.mark.parametrize("others", [set(), {"serviceAccount:ajeholds", "group:ajeoperators"}])
def test_only_the_functions_and_those_named_write_to_the_ledger(
    workspace: Workspace, app: Shown, others: set[str]
) -> None:
    accounts = workspace.output("platform", "platform")["accounts"]
    given = f"-var=ledger_writers={json.dumps(sorted(others))}"
    (bound,) = (
        each["values"]
        for each in of_type(
            workspace.plan("platform", *LOCAL_PLATFORM_VARIABLES, given), "yandex_ydb_database_iam_binding"
        )
        if each["values"]["role"] == "ydb.editor"
    )
    assert set(bound["members"]) == others | {f"serviceAccount:{each['id']}" for each in accounts.values()}


def test_the_deleting_account_may_not_generate_and_the_triggers_account_may_neither(
    workspace: Workspace, app: Shown
) -> None:
    accounts = workspace.output("platform", "platform")
    roles: dict[str, set[str]] = {}
    for grant in grants(workspace.state("app")):
        member = grant["values"]["member"].removeprefix("serviceAccount:")
        roles.setdefault(member, set()).add(grant["values"]["role"])
    assert roles == {
        accounts["accounts"]["deleter"]["id"]: {"ymq.writer", "ai.assistants.editor"},
        accounts["accounts"]["generator"]["id"]: {"ymq.writer", "ai.models.user"},
        accounts["trigger_account_id"]: {"ymq.reader", "functions.functionInvoker"},
    }


def test_each_function_runs_as_the_account_of_its_privilege(workspace: Workspace, app: Shown) -> None:
    accounts = workspace.output("platform", "platform")["accounts"]
    runs_as = {
        each["values"]["labels"]["function"]: each["values"]["service_account_id"]
        for each in of_type(workspace.state("app"), "yandex_function")
    }
    assert runs_as["delete_response"] == accounts["deleter"]["id"]
    assert runs_as["realtime_response_create"] == accounts["generator"]["id"]


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
    assert set(calls) == {"queue_function", "timer_function"}
    for call in calls.values():
        assert set(call["depends_on"]) == {
            "yandex_resourcemanager_folder_iam_member.trigger",
            "yandex_lockbox_secret_iam_member.api_key",
        }


def test_no_secret_is_a_plain_environment_variable(app: Shown) -> None:
    for function in of_type(app, "yandex_function"):
        assert not [name for name in function["values"]["environment"] if name.endswith(("_KEY", "_KEY_ID"))]
