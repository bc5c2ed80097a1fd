"""A terraform that only notes what it is asked for, and what platform would tell app."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.deploy import table

BUCKET = "packages"

ACCOUNTS_MADE = {
    name: {"id": f"aje{name}", "key_secret_id": f"e6q{name}", "key_version_id": "e6v"}
    for name in table.read()["accounts"]
}

PLATFORM = {
    "environment": "dev",
    "cloud_id": "b1gcloud",
    "folder_id": "b1gfolder",
    "aistudio_folder_id": "b1gaistudio",
    "table_prefix": "aistudio/",
    "document_api_endpoint": "https://docapi.test/ru-central1/b1gcloud/etn",
    "log_group_id": "e23group",
    "trigger_account_id": "ajetrigger",
    "package_bucket": BUCKET,
    "results_bucket": "results",
    "evidence_bucket": "evidence",
    "accounts": ACCOUNTS_MADE,
    "hash_key": {"secret_id": "e6qhash", "version_id": "e6v"},
}

PROGRAM = """#!{python}
import json, os, pathlib, re, sys

folder, arguments = pathlib.Path({folder!r}), sys.argv[1:]
verb = arguments[1]
with (folder / "calls").open("a") as calls:
    calls.write(" ".join(arguments) + "\\n")
(folder / "environment.json").write_text(json.dumps(dict(os.environ)))
told = json.loads((folder / "told.json").read_text())
if verb == "plan":
    (folder / "planned").write_text("\\n".join(arguments))
    sys.exit(told["differs"] if "-detailed-exitcode" in arguments else 0)
if verb == "show":
    given = (folder / "planned").read_text()
    release = re.search("-var=release=(.*)", given)[1]
    each = re.search("-var=releases=(.*)", given)
    releases = {{name: release for name in told["deployed"]}} | (json.loads(each[1]) if each else {{}})
    changes = told["after" if "-detailed-exitcode" in given else "changes"]
    print(json.dumps({{"planned_values": {{"outputs": {{"releases": {{"value": releases}}}}}}, "resource_changes": changes}}))
if verb == "output":
    outputs = told["outputs"].get(arguments[0].rpartition("/")[2], {{}})
    print(json.dumps({{name: {{"value": value}} for name, value in outputs.items()}}))
sys.exit(told["codes"].get(verb, 0))
"""


@dataclass(frozen=True)
class Terraform:
    """The program's folder. What it is to tell can be changed at any time; `calls` are those that it got."""

    folder: Path

    @property
    def calls(self) -> list[str]:
        """Arguments of all calls, in order."""
        noted = self.folder / "calls"
        return noted.read_text().splitlines() if noted.exists() else []

    @property
    def verbs(self) -> list[str]:
        """The verbs of all calls, in order."""
        return [call.split()[1] for call in self.calls]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the last call."""
        found: dict[str, str] = json.loads((self.folder / "environment.json").read_text())
        return found

    def tell(
        self,
        *,
        codes: Mapping[str, int] = {},
        differs: int = 0,
        changes: Sequence[Any] = (),
        after: Sequence[Any] = (),
        app: Mapping[str, Any] | None = None,
        platform: Mapping[str, Any] | None = None,
        probe: Mapping[str, Any] = {},
        deployed: Sequence[str] = ("delete_response",),
    ) -> None:
        """Exit codes by verb; whether the plan after an apply differs; changes of both plans; outputs of both roots."""
        outputs = {
            "app": {"queues": {"delete_response": "https://queue"}} if app is None else app,
            "platform": {"platform": PLATFORM if platform is None else platform},
            "probe": probe,
        }
        told = {"codes": codes, "differs": 2 if differs else 0, "changes": changes, "after": after, "outputs": outputs}
        (self.folder / "told.json").write_text(json.dumps({**told, "deployed": deployed}))

    def install(self) -> Path:
        """Write the program; return its path."""
        binary = self.folder / "terraform"
        binary.write_text(PROGRAM.format(python=sys.executable, folder=str(self.folder)))
        binary.chmod(0o755)
        return binary
