"""Write what a first apply would create, for a review: ``python -m tests.infra.write_inventory``."""

import tempfile
from pathlib import Path

from infra.inventory import text
from infra.local.servers import running_servers
from tests.infra.document_api import document_api
from tests.infra.workspace import Workspace

INVENTORY = Path(__file__).with_name("inventory")


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
        ):
            (INVENTORY / f"{name}.yaml").write_text(text(plan))


if __name__ == "__main__":
    main()
