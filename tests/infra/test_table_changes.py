"""What app makes of tables that the project does not have yet."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.pretend import PLATFORM
from tests.infra.test_table import FUNCTIONS, TABLE
from tests.infra.workspace import APP_VARIABLES, Workspace, of_type, terraform
from tests.infra.write_inventory import inventory

pytestmark = pytest.mark.terraform


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    copied = Workspace.copied_to(tmp_path_factory.mktemp("table") / "copy")
    (copied.path / "platform.tfvars.json").write_text(json.dumps({"platform": PLATFORM}))
    return copied


def with_function(copy: Workspace, name: str, like: str, **changes: Any) -> Path:
    """Add a function to the copy's table; None takes a field away."""
    table = deepcopy(TABLE)
    entry = {**FUNCTIONS[like], **changes}
    table["functions"][name] = {field: value for field, value in entry.items() if value is not None or field == "quota"}
    (copy.path / "infra" / "functions.yaml").write_text(yaml.safe_dump(table))
    copy.run("app", "version")
    return copy.folder("app")


def test_generations_at_once_are_bounded_by_the_account_s_quota(copy: Workspace) -> None:
    changes = {"quota": "generations", "instances": 2, "concurrency": 2}
    folder = with_function(copy, "create_response", "realtime_response_create", **changes)
    done = terraform("plan", "-input=false", "-no-color", *APP_VARIABLES, cwd=folder)
    assert done.returncode == 1
    assert "12 generations at once" in done.stderr.replace("\n│ ", " ")

    enough = terraform("plan", "-input=false", "-no-color", *APP_VARIABLES, "-var=quotas={generations=12}", cwd=folder)
    assert enough.returncode == 0, enough.stderr


def test_a_timed_function_has_no_queue_and_its_trigger_may_write_dead_letters(copy: Workspace) -> None:
    with_function(copy, "sweep", "delete_response", queue=None, schedule="0 3 ? * * *", smoke=None)
    plan = copy.plan("app", *APP_VARIABLES)
    timed = [address for address in inventory(plan) if '"sweep"' in address]
    assert timed == [
        'module.timer_function["sweep"].module.function.yandex_function.this',
        'module.timer_function["sweep"].module.function.yandex_function_iam_member.invoker',
        'module.timer_function["sweep"].module.function.yandex_function_scaling_policy.this',
        'module.timer_function["sweep"].yandex_function_trigger.this',
    ]
    folder_roles = {
        (grant["values"]["member"], grant["values"]["role"])
        for grant in of_type(plan, "yandex_resourcemanager_folder_iam_member")
    }
    assert {("serviceAccount:ajetrigger", "ymq.reader"), ("serviceAccount:ajetrigger", "ymq.writer")} <= folder_roles
