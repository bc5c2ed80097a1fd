"""Deploy the functions: build the package, plan, show the plan, ask, upload, apply that very plan, and make sure of it.

`python -m infra.deploy.deploy ENVIRONMENT`; with `--release SHA256` an earlier package runs again, with `--only
FUNCTION` for that function alone; `--plan` changes nothing. A queue is deleted, with the messages in it, only where
`--drop-queue NAME` names it.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.deploy import smoke, table
from infra.deploy.package import Package, build
from infra.deploy.plans import differences, keep_queues
from infra.deploy.releases import fetch, lacking, newest, origin, upload
from infra.deploy.terraform import Root
from infra.operate.cloud import KEY, Stopped, begin, command, storage

Ask = Callable[[str], bool]
"""Asks a question, and says whether the answer was yes."""


def ask(question: str) -> bool:
    """Ask at the terminal. Raises Stopped where there is none."""
    if not sys.stdin.isatty():
        raise Stopped("nothing was applied: there is no terminal to ask at, and --yes was not given")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


@dataclass(frozen=True)
class Deployment:
    """App of one environment, as it is and as it is to be.

    `platform` is what platform tells; `package` gives the bytes of a release's package, and `keep` stores what
    was built before it is applied; `drop` names the queues that may be deleted.
    """

    app: Root
    platform: Any
    package: Callable[[str], bytes]
    keep: Callable[[], None] = lambda: None
    drop: Collection[str] = ()
    confirm: Ask = field(default=ask)

    def plan(self, release: str, releases: Mapping[str, str], planned: str) -> None:
        """Write the plan to a file, and print it. Raises Stopped where it must not be applied."""
        with self._variables(release, releases) as given:
            self.app.run("plan", "-input=false", f"-out={planned}", *given)
        shown = self.app.shown(planned)
        keep_queues(shown, self.drop)
        functions = table.read(self.app.infra)["functions"]
        wanted: dict[str, dict[str, Any]] = {}
        for name, sha256 in shown["planned_values"]["outputs"]["releases"]["value"].items():
            wanted.setdefault(sha256, {})[name] = functions[name]
        faults = [f"{sha}: {fault}" for sha, entries in wanted.items() for fault in lacking(self.package(sha), entries)]
        if faults:
            told = "\n".join(f"  {fault}" for fault in faults)
            raise Stopped(f"nothing was applied: a package lacks what is deployed\n{told}")

    def apply(self, release: str, releases: Mapping[str, str]) -> None:
        """Plan, ask, apply what was shown, and believe it only where the next plan is empty.

        A version that failed to build is only a warning to the provider. The plan that follows then differs, because the
        environment of the version that runs names another release. Raises Stopped.
        """
        with tempfile.TemporaryDirectory() as folder:
            planned, after = str(Path(folder) / "app.tfplan"), str(Path(folder) / "after.tfplan")
            self.plan(release, releases, planned)
            if not self.confirm(f"Apply this to {self.app.environment}?"):
                raise Stopped("nothing was applied")
            self.keep()
            self.app.run("apply", "-input=false", planned)
            with self._variables(release, releases) as given:
                if self.app.differs(f"-out={after}", *given):
                    raise Stopped(differences(self.app.shown(after)))

    @contextmanager
    def _variables(self, release: str, releases: Mapping[str, str]) -> Iterator[list[str]]:
        """The arguments that give app its variables."""
        with tempfile.TemporaryDirectory() as folder:
            known = Path(folder) / "platform.tfvars.json"
            known.write_text(json.dumps({"platform": self.platform}))
            given = [f"-var-file={known}", *self.app.variables, f"-var=release={release}"]
            yield [*given, f"-var=releases={json.dumps(releases)}"] if releases else given


def release_of(current: Mapping[str, Any], only: str | None, release: str) -> tuple[str, dict[str, str]]:
    """The variables release and releases, by what runs now (app's outputs). Raises Stopped."""
    if only is None:
        return release, {}
    if only not in current.get("releases", {}):
        raise Stopped(
            f"{only} is not deployed; there are {', '.join(current.get('releases', {})) or 'no functions yet'}"
        )
    return current["release"], {**current["releases"], only: release}


def check(
    deployment: Deployment, current: Mapping[str, Any], release: str, only: str | None = None, *, interactive: bool
) -> int:
    """Send the messages that show whether it works; where one does not end well, name the way back, and offer it.

    `current` is what ran before, and `release` what runs now: for all functions, or for `only` one. Returns the exit code.
    """
    failed = smoke.run(deployment.platform, deployment.app.output("queues"))
    ran = current.get("releases", {})
    before = ran.get(only) if only else current.get("release")
    if not failed:
        return 0
    whose = f" for {only}" if only else ""
    print(f"the check failed, and release {release} runs{whose}", file=sys.stderr)
    if before in (None, release):
        print("there is no earlier release to go back to", file=sys.stderr)
        return failed
    back = f"ENV={deployment.app.environment} RELEASE={before}{f' FUNCTION={only}' if only else ''}"
    print(f"back to the release before: make rollback {back}", file=sys.stderr)
    if interactive and deployment.confirm(f"Go back to {before}{whose} now?"):
        deployment.apply(current["release"], ran)
        print(f"release {before} runs again{whose}", file=sys.stderr)
    return failed


@command
def main() -> int:
    """Deploy as the arguments say."""
    asked = _arguments()
    begin("YC_TOKEN", *KEY)
    platform_root, app = Root("platform", asked.environment), Root("app", asked.environment)
    platform_root.init()
    platform = platform_root.output("platform")
    client, bucket = storage(), platform["package_bucket"]
    app.init()
    current = app.outputs()
    if asked.releases:
        print(f"{current.get('release', 'nothing')} runs; the newest packages:", *newest(client, bucket), sep="\n")
        return 0
    built: Package | None = None if asked.release else build()
    release, releases = release_of(current, asked.only, built.sha256 if built else asked.release)

    def package(sha256: str) -> bytes:
        if built and sha256 == built.sha256:
            return built.path.read_bytes()
        return fetch(client, bucket, sha256)

    def keep() -> None:
        if built:
            upload(client, bucket, built, origin())

    confirm: Ask = (lambda _: True) if asked.yes else ask
    deployment = Deployment(app, platform, package, keep, asked.drop_queue, confirm)
    print(f"release {release}{''.join(f', {name} {sha}' for name, sha in releases.items())}")
    if asked.plan:
        with tempfile.TemporaryDirectory() as folder:
            deployment.plan(release, releases, str(Path(folder) / "app.tfplan"))
        return 0
    deployment.apply(release, releases)
    if asked.no_smoke:
        return 0
    return check(deployment, current, asked.release or release, asked.only, interactive=not asked.yes)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.deploy", description=__doc__)
    parser.add_argument("environment", help="a folder of infra/terraform/environments")
    parser.add_argument("--release", help="sha256 of an earlier package, to roll back to")
    parser.add_argument("--only", metavar="FUNCTION", help="roll back this function alone; takes --release")
    parser.add_argument("--releases", action="store_true", help="list the newest packages, and change nothing")
    parser.add_argument("--plan", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--yes", action="store_true", help="apply without asking")
    parser.add_argument("--no-smoke", action="store_true", help="send no messages to see it work")
    parser.add_argument(
        "--drop-queue", action="append", default=[], metavar="NAME", help="let this queue be deleted; may be repeated"
    )
    asked = parser.parse_args()
    if asked.only and not asked.release:
        parser.error("--only takes --release: a package that is built anew is for all functions")
    return asked


if __name__ == "__main__":
    sys.exit(main())
