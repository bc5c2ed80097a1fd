"""Take an environment down: functions, queues with every message in them, ledger, secrets.

`python -m infra.deploy.destroy ENVIRONMENT --confirm ENVIRONMENT`. It takes a file `destroyable` in the environment's
folder, and never works where the name begins with `prod`. What bootstrap made stays (infra/README.md says how it goes).
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from infra.deploy.probe import take_down
from infra.deploy.terraform import INFRA, Root
from infra.operate.cloud import KEY, Stopped, begin, command

GUARDS = ("prevent_destroy = true", "deletion_protection = true")


def allowed(environment: str, confirmed: str | None, infra: Path = INFRA) -> None:
    """Raise Stopped where this environment must not be destroyed."""
    if environment.startswith("prod"):
        raise Stopped(f"{environment} is never destroyed by a command")
    if not (infra / "terraform" / "environments" / environment / "destroyable").exists():
        raise Stopped(f"{environment} is not destroyable: its folder in infra/terraform/environments has no such file")
    if confirmed != environment:
        raise Stopped(f"nothing was destroyed: say which one, make destroy ENV={environment} CONFIRM={environment}")


def destroy(environment: str, infra: Path = INFRA) -> None:
    """Destroy the probe, app, then platform, in a copy of the project whose resources are not protected. Raises Stopped."""
    with tempfile.TemporaryDirectory() as folder:
        copy = unprotected(infra, Path(folder))
        platform, app = Root("platform", environment, copy), Root("app", environment, copy)
        platform.init()
        told = platform.outputs().get("platform")
        probe = Root("probe", environment, copy)
        probe.init()
        if told and probe.outputs():
            take_down(probe, told)
        app.init()
        current = app.outputs()
        if told and "release" in current:
            known = Path(folder) / "platform.tfvars.json"
            known.write_text(json.dumps({"platform": told}))
            given = (f"-var-file={known}", *app.variables, f"-var=release={current['release']}")
            app.run("destroy", "-input=false", "-auto-approve", *given)
        if told:  # the services refuse to delete what they protect; a command that was cut short has unprotected it
            platform.run("apply", "-input=false", "-auto-approve", *platform.variables)
        platform.run("destroy", "-input=false", "-auto-approve", *platform.variables)


def unprotected(infra: Path, folder: Path) -> Path:
    """Copy what Terraform reads, without its protections; return the copy of `infra`."""
    copy = folder / "infra"
    ignored = shutil.ignore_patterns("*.py", "local", "__pycache__", ".terraform", "*.tfstate*")
    shutil.copytree(infra, copy, ignore=ignored)
    shutil.copytree(infra.parent / "functions", folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (copy / "terraform").rglob("*.tf"):
        text = path.read_text()
        for guard in GUARDS:
            text = text.replace(guard, guard.replace("true", "false"))
        path.write_text(text)
    return copy


@command
def main() -> int:
    """Destroy what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.destroy", description=__doc__)
    parser.add_argument("environment", help="a folder of infra/terraform/environments")
    parser.add_argument("--confirm", help="the environment's name once more")
    asked = parser.parse_args()
    allowed(asked.environment, asked.confirm)
    begin("YC_TOKEN", *KEY)
    destroy(asked.environment)
    return 0


if __name__ == "__main__":
    sys.exit(main())
