"""What plain Terraform makes of tables that the project does not have yet, and of wrong ones."""

import json
from copy import deepcopy
from typing import Any

import pytest
import yaml

from tests.infra.pretend import ACCOUNTS_MADE, PLATFORM
from tests.infra.test_table import FUNCTIONS, TABLE, TIMED
from tests.infra.workspace import APP_VARIABLES, Shown, Workspace, of_type, terraform
from tests.infra.write_inventory import inventory

pytestmark = pytest.mark.terraform

TIMER = "@timer_function()\ndef handler(): ...\n"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    copied = Workspace.copied_to(tmp_path_factory.mktemp("table") / "copy")
    (copied.path / "platform.tfvars.json").write_text(json.dumps({"platform": PLATFORM}))
    (copied.path / "functions" / "sweep.py").write_text(TIMER)
    return copied


def write(copy: Workspace, table: dict[str, Any]) -> None:
    (copy.path / "infra" / "functions.yaml").write_text(yaml.safe_dump(table))


def refusal(copy: Workspace, directory: str, *arguments: str) -> str:
    """What a plan says on one line; it fails."""
    copy.run(directory, "version")
    done = terraform("plan", "-input=false", "-no-color", *arguments, cwd=copy.folder(directory))
    assert done.returncode == 1, done.stdout
    return " ".join(done.stderr.replace("│", " ").split())


def test_every_fault_of_the_table_is_named_before_anything_else_is_evaluated(copy: Workspace) -> None:
    table = deepcopy(TABLE)
    deletes, creates = table["functions"]["delete_response"], table["functions"]["realtime_response_create"]
    deletes["queue"]["visibility_timout"] = 400
    del creates["queue"]["retention"]
    creates["account"] = "nobody"
    table["functions"]["both"] = {**TIMED, "queue": deletes["queue"]}
    table["functions"]["neither"] = {name: value for name, value in TIMED.items() if name != "schedule"}
    table["functions"]["timed"] = {**TIMED, "entrypoint": "delete_response.handler"}
    table["functions"]["queued"] = {**deletes, "entrypoint": "sweep.handler"}
    table["functions"]["absent"] = {**TIMED, "entrypoint": "no_such_file.handler", "idempotent": True}
    table["functions"]["sends"] = {**TIMED, "sends_to": ["sends", "results"]}
    table["functions"]["perhaps"] = {**TIMED, "may_send_to": ["sends"]}
    table["functions"]["lonely"] = {**TIMED, "sends_to": ["delete_response"]}
    table["sets"] |= {"wrong": ["delete_everything"], "incomplete": ["lonely"]}
    table["extra"] = {}
    write(copy, table)
    told = refusal(copy, "modules/table")
    for fault in (
        "extra is unknown",
        "delete_response: queue.visibility_timout is unknown",
        "realtime_response_create: queue.retention is missing",
        "realtime_response_create: accounts has no nobody",
        "both: a function has either a queue or a schedule",
        "neither: a function has either a queue or a schedule",
        "timed: under a schedule its file in functions/ needs one @timer_function; found: queue",
        "queued: under a queue its file in functions/ needs one @queue_function; found: timer",
        "absent: under a schedule its file in functions/ needs one @timer_function; found: none",
        "absent: idempotent needs queue",
        "sends: sends_to names sends, which has no queue",
        "perhaps: may_send_to names sends, which has no queue",
        "sets.wrong: there is no function delete_everything",
        "sets.incomplete: lonely sends to delete_response, which is not in it",
    ):
        assert fault in told
    assert "Invalid index" not in told


def test_plain_terraform_refuses_a_wrong_table_in_app(copy: Workspace) -> None:
    table = deepcopy(TABLE)
    table["functions"]["delete_response"]["queue"]["visibility_timout"] = 400
    write(copy, table)
    assert "queue.visibility_timout is unknown" in refusal(copy, "app", *APP_VARIABLES)


def test_every_fault_of_the_retention_policies_is_named(copy: Workspace) -> None:
    policies = copy.path / "infra" / "retention.yaml"
    right = policies.read_text()
    write(copy, TABLE)
    wrong = {
        "archive": {"keep_for": 30},
        "Short": {"keep_for": "1d", "kept": "1d", "verify_after": "x", "cascade": "perhaps"},
    }
    policies.write_text(yaml.safe_dump(wrong))
    told = refusal(copy, "modules/table")
    policies.write_text(right)
    for fault in (
        "default is missing",
        "archive: keep_for is no duration",
        "Short is no name",
        "Short: kept is unknown",
        "Short: verify_after is no duration",
        "Short: cascade is neither true nor false",
    ):
        assert fault in told


@pytest.fixture(scope="module")
def grown(copy: Workspace) -> Shown:
    """A plan with a timer that sends deletions and reads a secret of the environment's, and with one more function."""
    table = deepcopy(TABLE)
    creates = {**FUNCTIONS["realtime_response_create"], "quota": "generations", "instances": 2, "concurrency": 2}
    table["functions"]["create_response"] = creates
    table["accounts"]["dispatcher"] = {"description": "Dispatches", "writes": ["ledger"]}
    table["functions"]["sweep"] = {
        **TIMED,
        "account": "dispatcher",
        "sends_to": ["delete_response"],
        "secrets": {"SEAL_KEY": "seal"},
        "settings": {"SWEEP_LEASE": "1h", "RETENTION_POLICIES": None},
    }
    table["sets"]["all"] = [*TABLE["sets"]["default"], "cancel_response", "create_response", "sweep"]
    write(copy, table)
    accounts: dict[str, Any] = {
        **ACCOUNTS_MADE,
        "dispatcher": {"id": "ajedispatcher", "key_secret_id": "", "key_version_id": ""},
    }
    given = {"platform": {**PLATFORM, "accounts": accounts}, "set": "all", "quotas": {"generations": 21}}
    given["secrets"] = {"seal": {"secret_id": "e6qseal", "version_id": "e6v", "key": "seal"}}
    (copy.path / "grown.tfvars.json").write_text(json.dumps(given))
    return copy.plan("app", *APP_VARIABLES, "-var-file=../../../grown.tfvars.json")


def test_generations_at_once_are_bounded_by_the_account_s_quota(copy: Workspace, grown: Shown) -> None:
    assert grown["planned_values"]["outputs"]["use"]["value"]["here"]["generations"] == 12 + 9
    given = (*APP_VARIABLES, "-var-file=../../../grown.tfvars.json", "-var=quotas={generations=20}")
    assert "21 generations at once" in refusal(copy, "app", *given)


def test_a_timed_function_has_neither_a_queue_nor_dead_letters(grown: Shown) -> None:
    assert [address for address in inventory(grown) if '"sweep"' in address] == [
        'module.function["sweep"].yandex_function.this',
        'module.function["sweep"].yandex_function_iam_member.invoker',
        'module.function["sweep"].yandex_function_scaling_policy.this',
        'module.function["sweep"].yandex_function_trigger.this',
    ]
    names = grown["planned_values"]["outputs"]["environment"]["value"]["sweep"]["names"]
    assert not {"QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "RESULTS_QUEUE_URL", "QUEUE_RETENTION", "CONCURRENCY"} & {*names}


def test_what_may_send_to_a_function_knows_its_address_where_it_is_deployed(grown: Shown, app: Shown) -> None:
    knows = [
        "CANCEL_RESPONSE_QUEUE_URL"
        in plan["planned_values"]["outputs"]["environment"]["value"]["delete_response"]["names"]
        for plan in (grown, app)
    ]
    assert knows == [True, False]


def test_what_sends_to_another_function_s_queue_knows_its_address_and_may_write_to_it(grown: Shown) -> None:
    assert "DELETE_RESPONSE_QUEUE_URL" in grown["planned_values"]["outputs"]["environment"]["value"]["sweep"]["names"]
    writers = {
        grant["values"]["member"]
        for grant in of_type(grown, "yandex_resourcemanager_folder_iam_member")
        if grant["values"]["role"] == "ymq.writer"
    }
    assert "serviceAccount:ajedispatcher" in writers


def test_a_function_gets_the_secrets_that_the_table_names_for_it_and_no_others(grown: Shown) -> None:
    held = {
        each["values"]["labels"]["function"]: {secret["environment_variable"] for secret in each["values"]["secrets"]}
        for each in of_type(grown, "yandex_function")
    }
    deployed = {name: set(FUNCTIONS[name]["secrets"]) for name in (*TABLE["sets"]["default"], "cancel_response")}
    creates = set(FUNCTIONS["realtime_response_create"]["secrets"])
    assert held == deployed | {"create_response": creates, "sweep": {"SEAL_KEY"}}
    (granted,) = of_type(grown, "yandex_lockbox_secret_iam_member")
    assert (granted["values"]["secret_id"], granted["values"]["member"]) == ("e6qseal", "serviceAccount:ajedispatcher")


def test_the_retention_policies_reach_what_reads_them_and_one_that_outlasts_the_service_warns(
    copy: Workspace, grown: Shown
) -> None:
    (sweep,) = [each for each in of_type(grown, "yandex_function") if each["values"]["labels"]["function"] == "sweep"]
    policies = copy.path / "infra" / "retention.yaml"
    right = policies.read_text()
    assert json.loads(sweep["values"]["environment"]["RETENTION_POLICIES"]) == yaml.safe_load(right)

    policies.write_text(right + "archive: {keep_for: 721h}\n")
    given = (*APP_VARIABLES, "-var-file=../../../grown.tfvars.json", "-no-color", "-input=false")
    told = " ".join(copy.run("app", "plan", *given).replace("│", " ").split())
    policies.write_text(right)
    assert "AI Studio forgets responses after 30 days, before the policies archive end" in told


def test_a_secret_that_the_environment_does_not_name_is_refused(copy: Workspace, grown: Shown) -> None:
    given = (*APP_VARIABLES, "-var-file=../../../grown.tfvars.json", "-var=secrets={}")
    assert "does not give: seal" in refusal(copy, "app", *given)


def test_an_account_that_platform_has_not_made_yet_is_named(copy: Workspace, grown: Shown) -> None:
    known = json.dumps(PLATFORM)
    told = refusal(copy, "app", *APP_VARIABLES, "-var-file=../../../grown.tfvars.json", f"-var=platform={known}")
    assert "Platform has no account dispatcher yet: make platform first." in told


def dashboards(shown: Shown, folder_id: str) -> dict[str, str]:
    """Name and content of each; what no plan knows is null."""
    return {
        each["values"]["name"]: json.dumps(each["values"]["widgets"]).replace(folder_id, "folder")
        for each in of_type(shown, "yandex_monitoring_dashboard")
    }


def test_each_more_function_is_one_more_dashboard_and_changes_no_other(grown: Shown, app: Shown) -> None:
    before, after = dashboards(app, "b1g0000000000000dev0"), dashboards(grown, "b1gfolder")
    assert after.keys() - before.keys() == {
        "aistudio-dev-cancel-response",
        "aistudio-dev-create-response",
        "aistudio-dev-sweep",
    }
    assert {name: after[name] for name in before} == before
