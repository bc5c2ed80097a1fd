"""What a first apply would create, short enough to be read in a review: each resource with what matters of it.

`python -m tests.infra.write_inventory` (`make inventory`) writes it anew.
"""

import tempfile
from pathlib import Path
from typing import Any

import yaml

from infra.local.cloud.servers import running_servers
from tests.infra.document_api import document_api
from tests.infra.workspace import Shown, Workspace, resources

INVENTORY = Path(__file__).with_name("inventory")

TELLING = {
    "aws_dynamodb_table": ("hash_key", "range_key"),
    "yandex_function": ("name", "entrypoint", "memory", "execution_timeout"),
    "yandex_function_iam_member": ("role",),
    "yandex_function_scaling_policy": ("policy",),
    "yandex_function_trigger": ("name",),
    "yandex_kms_symmetric_key": ("name",),
    "yandex_kms_symmetric_key_iam_member": ("role",),
    "yandex_iam_service_account": ("name",),
    "yandex_lockbox_secret": ("name", "deletion_protection"),
    "yandex_lockbox_secret_iam_member": ("role",),
    "yandex_logging_group": ("name", "retention_period"),
    "yandex_message_queue": ("name", "visibility_timeout_seconds", "message_retention_seconds", "max_message_size"),
    "yandex_monitoring_dashboard": ("name",),
    "yandex_resourcemanager_folder_iam_member": ("folder_id", "role"),
    "yandex_storage_bucket": ("bucket",),
    "yandex_storage_bucket_iam_binding": ("bucket", "role"),
    "yandex_ydb_database_iam_binding": ("role",),
    "yandex_ydb_database_serverless": ("name", "deletion_protection"),
}
"""What is told of a resource beside its address, by type; of others the address says enough."""


def inventory(plan: Shown) -> dict[str, dict[str, Any]]:
    """Addresses with what is told of each; values that are not known before an apply are left out."""
    told = {}
    for resource in resources(plan):
        values = {name: resource["values"].get(name) for name in TELLING.get(resource["type"], ())}
        told[resource["address"]] = {name: value for name, value in values.items() if value is not None}
    return dict(sorted(told.items()))


def text(plan: Shown) -> str:
    """The inventory as YAML."""
    return yaml.safe_dump(inventory(plan), sort_keys=False, width=200)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_servers() as servers,
        document_api(servers.endpoint) as tables,
    ):
        workspace = Workspace.copied_to(Path(folder) / "copy")
        for name, plan in (
            ("bootstrap", workspace.bootstrap()),
            ("platform", workspace.platform(tables.endpoint)),
            ("app", workspace.app()),
            ("probe", workspace.probe()),
        ):
            (INVENTORY / f"{name}.yaml").write_text(text(plan))


if __name__ == "__main__":
    main()
