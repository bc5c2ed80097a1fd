"""Terraform on a copy of the project's files, so that nothing is written beside them."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

PROJECT = Path(__file__).resolve().parents[2]
INFRA = PROJECT / "infra"
MODULES = ["modules/document_tables", "modules/function", "modules/queue", "modules/table"]
TESTED = ["modules/document_tables", "modules/function", "modules/queue", "bootstrap", "platform", "app"]
ROOTS = ["bootstrap", "platform", "app", "probe"]

DEV = "../environments/dev"
PLATFORM_VARIABLES = (f"-var-file={DEV}/cloud.tfvars", f"-var-file={DEV}/platform.tfvars")
# The server that takes the Document API's place allows no slash in a table's name.
LOCAL_PLATFORM_VARIABLES = (
    *PLATFORM_VARIABLES,
    "-var=table_prefix=aistudio.",
    '-var=ledger_writers=["serviceAccount:ajeholds", "group:ajeoperators"]',
)
APP_VARIABLES = (
    "-var-file=../../../platform.tfvars.json",
    f"-var-file={DEV}/app.tfvars",
    "-var=release=" + "0" * 63 + "1",
)

ONE_AT_A_TIME = FileLock(Path(tempfile.gettempdir()) / f"aistudio-functions-terraform-{os.getuid()}.lock", timeout=580)
"""Held by whoever runs Terraform: what it starts providers from (a plugin cache, a wrapper that lays its mirror anew)
may have one user at a time."""

MACHINE_S_CLOCK = {"LD_PRELOAD": ""}
"""Terraform and its providers check each other's certificates, and CLOCK moves the clock of some of them only."""

LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'


def run(command: Sequence[str], cwd: Path = PROJECT, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, with `environment` over this process's own."""
    every = {**os.environ, **environment}
    return subprocess.run(  # noqa: S603 - fixed programs
        command, cwd=cwd, env=every, capture_output=True, text=True, check=False, timeout=580
    )


def terraform(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    # The providers ask for keys when they are configured, and are never given a service that would look at them.
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "TF_IN_AUTOMATION": "1"}
    with ONE_AT_A_TIME:
        return run([os.environ.get("TERRAFORM", "terraform"), *arguments], cwd, **keys, **MACHINE_S_CLOCK)


AT_ENDPOINT = """
provider "aws" {{
  endpoints {{
    dynamodb = "{endpoint}"
  }}
}}
"""

Shown = dict[str, Any]
"""A plan or a state, as `terraform show -json` tells it."""


@dataclass
class Workspace:
    """A copy of what Terraform reads, with states on disk. Directories are initialised when they are first used."""

    path: Path
    ready: set[str] = field(default_factory=set)
    told: dict[str, Shown] = field(default_factory=dict)

    @classmethod
    def copied_to(cls, path: Path) -> "Workspace":
        ignored = shutil.ignore_patterns("*.py", "local", "__pycache__", ".terraform*", "*.tfstate*")
        shutil.copytree(INFRA, path / "infra", ignore=ignored)
        shutil.copytree(PROJECT / "functions", path / "functions", ignore=shutil.ignore_patterns("__pycache__"))
        for root in ("platform", "app", "probe"):
            (path / "infra" / "terraform" / root / "backend_override.tf").write_text(LOCAL_STATE)
        return cls(path)

    def folder(self, directory: str) -> Path:
        return self.path / "infra" / "terraform" / directory

    def run(self, directory: str, *arguments: str) -> str:
        if directory not in self.ready:
            self._checked(directory, "init", "-input=false", "-no-color")
            self.ready.add(directory)
        return self._checked(directory, *arguments)

    def plan(self, root: str, *arguments: str) -> Shown:
        self.run(root, "plan", "-input=false", "-no-color", "-out=the.tfplan", *arguments)
        shown: Shown = json.loads(self.run(root, "show", "-json", "the.tfplan"))
        return shown

    def bootstrap(self) -> Shown:
        """The plan of the example environment's buckets and deployer."""
        return self.plan("bootstrap", f"-var-file={DEV}/cloud.tfvars", f"-var-file={DEV}/bootstrap.tfvars")

    def platform(self, endpoint: str) -> Shown:
        """The plan of the example environment's platform, which is applied then, its tables at this endpoint."""
        (self.folder("platform") / "provider_override.tf").write_text(AT_ENDPOINT.format(endpoint=endpoint))
        plan = self.plan("platform", *LOCAL_PLATFORM_VARIABLES)
        self._apply("platform")
        return plan

    def app(self) -> Shown:
        """The plan of the default functions on that platform, which is applied then."""
        told = {"platform": self.output("platform", "platform")}
        (self.path / "platform.tfvars.json").write_text(json.dumps(told))
        plan = self.plan("app", *APP_VARIABLES)
        self._apply("app")
        return plan

    def probe(self) -> Shown:
        """The plan of the trigger's probe beside it."""
        return self.plan("probe", "-var-file=../../../platform.tfvars.json", "-var=sha256=" + "0" * 63 + "2")

    def state(self, root: str) -> Shown:
        """The state after the last apply."""
        if root not in self.told:
            self.told[root] = json.loads(self.run(root, "show", "-json"))
        return self.told[root]

    def output(self, root: str, name: str) -> Any:
        return self.state(root)["values"]["outputs"][name]["value"]

    def _apply(self, root: str) -> None:
        self.run(root, "apply", "-input=false", "-no-color", "the.tfplan")
        self.told.pop(root, None)

    def _checked(self, directory: str, *arguments: str) -> str:
        done = terraform(*arguments, cwd=self.folder(directory))
        assert done.returncode == 0, f"terraform {arguments[0]} in {directory}:\n{done.stdout}{done.stderr}"
        return done.stdout


def resources(shown: Shown) -> Iterator[Mapping[str, Any]]:
    """All resources of a plan or a state, those of modules included: address, type and values."""
    modules = [(shown.get("planned_values") or shown["values"])["root_module"]]
    while modules:
        module = modules.pop()
        yield from module.get("resources", [])
        modules.extend(module.get("child_modules", []))


def of_type(shown: Shown, kind: str) -> Iterator[Mapping[str, Any]]:
    """The resources of a type: address and values."""
    return (each for each in resources(shown) if each["type"] == kind)


def grants(shown: Shown) -> Iterator[Mapping[str, Any]]:
    """All resources that give someone a role."""
    return (each for each in resources(shown) if "_iam_" in each["type"] and "role" in each["values"])
