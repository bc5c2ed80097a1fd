"""Run Terraform on one root of one environment, without one environment's files ever serving another.

`python -m infra.deploy.terraform ENVIRONMENT bootstrap|platform VERB [ARGUMENT ...]`; app is infra.deploy.deploy's to change, and
can only be looked at here: `python -m infra.deploy.terraform ENVIRONMENT app output|state [ARGUMENT ...]`.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.deploy import table
from infra.operate.cloud import KEY, Stopped, begin, command, ours

INFRA = Path(__file__).resolve().parents[1]

VARIABLES = {"bootstrap": ("cloud", "bootstrap"), "platform": ("cloud", "platform"), "app": ("app",), "probe": ()}
"""Which of an environment's .tfvars each root takes."""


@dataclass(frozen=True, slots=True)
class Root:
    """A root module (`platform`, `app`) as used for one environment; `infra` is the folder of table and roots."""

    name: str
    environment: str
    infra: Path = INFRA

    @property
    def settings(self) -> Path:
        """The folder with the environment's files."""
        return self.infra / "terraform" / "environments" / self.environment

    @property
    def folder(self) -> Path:
        """The folder with the root's own files."""
        return self.infra / "terraform" / self.name

    def init(self) -> None:
        """Fetch providers and connect the environment's state. Raises Stopped, also where the table is wrong."""
        table.read(self.infra)
        if not self.settings.is_dir():
            known = ", ".join(sorted(path.name for path in (self.infra / "terraform" / "environments").iterdir()))
            raise Stopped(f"there is no environment {self.environment!r}: infra/terraform/environments has {known}")
        # bootstrap makes the bucket of the other states, so its own is a file.
        backend = (
            f"path={self.settings / 'bootstrap.tfstate'}"
            if self.name == "bootstrap"
            else self.settings / "s3.tfbackend"
        )
        # A lock file that is committed is kept to; without one, the versions in versions.tf decide alone.
        locked = (self.folder / ".terraform.lock.hcl").exists()
        kept = ("-lockfile=readonly",) if locked else ()
        # To standard error: what commands answer on standard output is for programs.
        self._run(("init", "-input=false", "-reconfigure", *kept, f"-backend-config={backend}"), stdout=2)

    @property
    def variables(self) -> list[str]:
        """The arguments that give it the environment's variables."""
        return [f"-var-file={self.settings / name}.tfvars" for name in VARIABLES[self.name]]

    def run(self, *arguments: str) -> None:
        """Run one command, which prints as it likes. Raises Stopped where it fails."""
        self._run(arguments)

    def outputs(self) -> dict[str, Any]:
        """The values of all outputs; none where nothing was applied yet. Raises Stopped."""
        told = json.loads(self._run(("output", "-json"), capture=True).stdout or "{}")
        return {name: each["value"] for name, each in told.items()}

    def output(self, name: str) -> Any:
        """The value of an output. Raises Stopped where there is none."""
        outputs = self.outputs()
        if name not in outputs:
            verb = "deploy" if self.name == "app" else self.name
            raise Stopped(
                f"{self.name} of {self.environment} tells no {name}: it was not applied yet (make {verb} ENV={self.environment})"
            )
        return outputs[name]

    def shown(self, plan: str) -> Any:
        """What a plan in a file would do, as `terraform show -json` tells it. Raises Stopped."""
        return json.loads(self._run(("show", "-json", plan), capture=True).stdout)

    def differs(self, *arguments: str) -> bool:
        """Whether a plan, which is printed, finds anything to change. Raises Stopped where it can't be made."""
        done = self._run(("plan", "-input=false", "-detailed-exitcode", *arguments), allowed=(0, 2))
        return done.returncode == 2

    def _run(
        self,
        arguments: Sequence[str],
        *,
        capture: bool = False,
        stdout: int | None = None,
        allowed: Sequence[int] = (0,),
    ) -> "subprocess.CompletedProcess[str]":
        binary = os.environ.get("TERRAFORM", "terraform")
        command = [binary, f"-chdir={self.folder}", *arguments]
        stdout = subprocess.PIPE if capture else stdout
        try:
            done = subprocess.run(command, env=self._environment(), stdout=stdout, text=True, check=False)
        except OSError as error:
            raise Stopped(
                f"{binary} can't be run ({error.strerror}): set TERRAFORM to Terraform 1.10 or newer"
            ) from None
        if done.returncode not in allowed:
            raise Stopped(f"terraform {arguments[0]} of {self.name} failed in {self.environment}")
        return done

    def _environment(self) -> dict[str, str]:
        given = ours(os.environ)
        # A data directory an environment: switching environments then needs no care.
        given["TF_DATA_DIR"] = str(self.infra.parent / ".local" / "terraform" / self.environment / self.name)
        given["TF_IN_AUTOMATION"] = "1"
        # One static key serves all; the provider asks for it under names of its own.
        for name, same in zip(KEY, ("YC_MESSAGE_QUEUE_ACCESS_KEY", "YC_MESSAGE_QUEUE_SECRET_KEY"), strict=True):
            given.setdefault(same, given.get(name, ""))
        return given


@command
def main() -> int:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.terraform", description=__doc__)
    parser.add_argument("environment", help="a folder of infra/terraform/environments")
    parser.add_argument("root", choices=["bootstrap", "platform", "app"])
    parser.add_argument("verb", choices=["plan", "apply", "output", "import", "state"])
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="further arguments of Terraform's")
    asked = parser.parse_args()
    if asked.root == "app" and asked.verb not in ("output", "state"):
        parser.error("app is changed by infra.deploy.deploy only (make plan, make deploy): here, output or state")
    root = Root(asked.root, asked.environment)
    begin("YC_TOKEN", *(() if asked.root == "bootstrap" else KEY))
    root.init()
    root.run(asked.verb, *(root.variables if asked.verb in ("plan", "apply", "import") else ()), *asked.rest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
