import json
from typing import Any

import pytest
import yaml

from documents import tables
from infra.deploy import table
from infra.local.cloud.servers import Servers
from tests.infra.document_api import Server
from tests.infra.workspace import (
    APP_VARIABLES,
    LOCAL_PLATFORM_VARIABLES,
    ROOTS,
    Shown,
    Workspace,
    of_type,
    terraform,
)
from tests.infra.write_inventory import INVENTORY, inventory
from worker.clock import MARGIN
from worker.settings import QUEUE_FUNCTION, Settings

TABLE = table.read()
FUNCTIONS = {name: TABLE["functions"][name] for name in TABLE["sets"]["default"]}

pytestmark = pytest.mark.terraform


@pytest.mark.parametrize("root", ROOTS)
def test_a_first_apply_creates_exactly_what_was_reviewed(root: str, request: pytest.FixtureRequest) -> None:
    planned = inventory(request.getfixturevalue(root))
    reviewed = yaml.safe_load((INVENTORY / f"{root}.yaml").read_text())
    assert planned == reviewed, f"if this is meant: make inventory, and review the difference of {root}.yaml"


def test_every_queue_gives_up_to_the_dead_letter_queue_which_keeps_longest(workspace: Workspace, app: Shown) -> None:
    queues = {each["address"]: each["values"] for each in of_type(workspace.state("app"), "yandex_message_queue")}
    dead = queues.pop("yandex_message_queue.dead_letters")
    assert dead["message_retention_seconds"] == 14 * 86_400
    assert queues
    for address, queue in queues.items():
        policy = json.loads(queue["redrive_policy"])
        assert policy["deadLetterTargetArn"] == dead["arn"], address
        assert policy["maxReceiveCount"] >= 5, address
        assert queue["message_retention_seconds"] < dead["message_retention_seconds"], address


def test_each_queue_hides_a_message_for_six_timeouts_of_its_function(app: Shown) -> None:
    queues = {each["values"]["name"]: each["values"] for each in of_type(app, "yandex_message_queue")}
    functions = [each for each in of_type(app, "yandex_function") if each["values"]["name"] in queues]
    assert len(functions) == sum("queue" in entry for entry in FUNCTIONS.values())
    for function in functions:
        queue = queues[function["values"]["name"]]
        assert queue["visibility_timeout_seconds"] >= 6 * int(function["values"]["execution_timeout"])


def test_queue_triggers_have_what_the_provider_refuses_only_at_apply(app: Shown) -> None:
    triggers = [each for each in of_type(app, "yandex_function_trigger") if each["values"]["message_queue"]]
    assert triggers
    for trigger in triggers:
        assert not trigger["values"]["dlq"], trigger["address"]
        assert not trigger["values"]["function"][0].get("retry_attempts"), trigger["address"]


def test_the_metadata_endpoint_in_the_form_of_aws_is_off_everywhere(app: Shown) -> None:
    assert {
        each["values"]["metadata_options"][0]["aws_v1_http_endpoint"] for each in of_type(app, "yandex_function")
    } == {2}


def test_every_setting_that_the_code_reads_is_set_and_the_reverse(workspace: Workspace, app: Shown) -> None:
    secrets = {
        account: {"secret_id": f"e6q{account}", "version_id": "e6v", "key": "api-key"} for account in TABLE["accounts"]
    }
    # No set holds all functions: a new cloud has quotas. That a function's own settings reach it is the module's test.
    names = {name for entry in TABLE["functions"].values() for name in entry.get("settings", {})}
    for each in ("default", "retention"):
        with_key = workspace.plan("app", *APP_VARIABLES, f"-var=api_keys={json.dumps(secrets)}", f"-var=set={each}")
        deployed = with_key["planned_values"]["outputs"]["environment"]["value"]
        names |= {name for function in deployed.values() for name in function["names"]}
    read = {field.alias or name.upper() for name, field in Settings.model_fields.items()}
    targets = [entry.get(key, ()) for entry in TABLE["functions"].values() for key in ("sends_to", "may_send_to")]
    addressed = {f"{target.upper()}_QUEUE_URL" for each in targets for target in each if target != "results"}
    assert names - {"RELEASE"} - addressed == read


def test_the_environment_of_every_function_is_read_as_settings(workspace: Workspace, app: Shown) -> None:
    for function in of_type(workspace.state("app"), "yandex_function"):
        values = function["values"]
        secrets = {each["environment_variable"]: "a-secret-of-some-length" for each in values["secrets"]}
        # The stand-in's ids are no addresses, which those of queues and of the database are.
        made_up = {
            name: f"https://queue.test/{name}"
            for name in values["environment"]
            if name.endswith(("_URL", "_ENDPOINT")) and not name.startswith("AISTUDIO_")
        }
        needs = QUEUE_FUNCTION if "QUEUE_URL" in values["environment"] else ()
        Settings.read({**values["environment"], **made_up, **secrets}, needs)


def test_every_environment_fits_into_4_kb(app: Shown) -> None:
    deployed = app["planned_values"]["outputs"]["environment"]["value"]
    assert {name for name, function in deployed.items() if function["bytes"] > 4096} == set()


def test_terraform_and_the_code_keep_the_same_time_for_settling(app: Shown) -> None:
    calls = app["configuration"]["root_module"]["module_calls"]
    assert calls["function"]["module"]["variables"]["settle_margin"]["default"] == MARGIN


@pytest.mark.parametrize(("root", "variables"), [("platform", LOCAL_PLATFORM_VARIABLES), ("app", APP_VARIABLES)])
def test_an_apply_leaves_nothing_to_change(
    workspace: Workspace, app: Shown, root: str, variables: tuple[str, ...]
) -> None:
    done = terraform("plan", "-input=false", "-detailed-exitcode", *variables, cwd=workspace.folder(root))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_other_example_environment_can_be_planned_too(workspace: Workspace, app: Shown) -> None:
    prod = [argument.replace("/dev/", "/prod/") for argument in APP_VARIABLES]
    planned = workspace.plan("app", *prod)
    assert set(inventory(planned)) == set(inventory(app))
    assert planned["planned_values"]["outputs"]["use"] == app["planned_values"]["outputs"]["use"]


def test_the_platform_tells_app_everything_that_it_asks_for(workspace: Workspace, app: Shown) -> None:
    told = workspace.output("platform", "platform")
    assert told["hash_key"]["version_id"]
    assert set(told["accounts"]) == set(TABLE["accounts"])


def charts(app: Shown) -> dict[str, dict[str, Any]]:
    """The charts of each dashboard, by its name and their ids."""
    return {
        each["values"]["name"]: {
            chart["chart_id"]: chart["queries"][0]["target"]
            for widget in each["values"]["widgets"]
            for chart in widget["chart"]
        }
        for each in of_type(app, "yandex_monitoring_dashboard")
    }


def deployed_as(name: str) -> str:
    return f"aistudio-dev-{name.replace('_', '-')}"


def test_every_function_has_a_dashboard_and_one_shows_the_dead_letters(app: Shown) -> None:
    found = charts(app)
    of_any, of_timer = {"latency", "failures"}, {"left"}
    of_queue = {"messages", "depth", "age", "outcomes", "dead-lettered"}  # a timer's function settles no message
    expected = {name: of_any | (of_queue if "queue" in FUNCTIONS[name] else of_timer) for name in FUNCTIONS}
    assert found.keys() == {"aistudio-dev"} | {deployed_as(name) for name in FUNCTIONS}
    assert {name: set(found[deployed_as(name)]) for name in FUNCTIONS} == expected
    assert {"dead-letters", "dead-letters-age", "due", "results", "tokens"} <= found["aistudio-dev"].keys()


def test_a_function_s_dead_letters_are_counted_by_its_own_lines(app: Shown) -> None:
    for name in (name for name in FUNCTIONS if "queue" in FUNCTIONS[name]):
        (target,) = charts(app)[deployed_as(name)]["dead-lettered"]
        assert f'function="{name}", end="dead_lettered"' in target["query"]


def test_the_charts_of_a_dashboard_do_not_overlap(app: Shown) -> None:
    for dashboard in of_type(app, "yandex_monitoring_dashboard"):
        taken: set[tuple[int, int]] = set()
        for widget in dashboard["values"]["widgets"]:
            at = {name: int(value) for name, value in widget["position"][0].items()}
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            assert at["x"] + at["w"] <= 36
            assert not cells & taken
            taken |= cells


def test_the_tables_are_those_of_the_code(servers: Servers, platform: Shown) -> None:
    """Made by Terraform, they are what the code's own command would make."""
    for definition in tables.definitions():
        made = servers.dynamodb.describe_table(TableName=f"aistudio.{definition['name']}")["Table"]
        schema = tables._schema(made["TableName"], definition)
        assert made["KeySchema"] == schema["KeySchema"]
        assert {each["AttributeName"] for each in made["AttributeDefinitions"]} == {
            each["AttributeName"] for each in schema["AttributeDefinitions"]
        }
        assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        expiry = servers.dynamodb.describe_time_to_live(TableName=made["TableName"])["TimeToLiveDescription"]
        assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": definition["ttl"]}


def test_the_tables_are_made_without_the_tags_and_backups_that_ydb_does_not_have(
    tables_api: Server, platform: Shown
) -> None:
    """The provider asks for both after it has made a table, and has to live with the answer."""
    assert tables_api.refused == {"DescribeContinuousBackups", "ListTagsOfResource"}
