"""`make audit`: known slips in our Python, the licences of what is deployed, and the advisories published about it.

Exits 0 where all three passed, 1 where something was found, and 3 where nothing was found but not all was audited: an
advisory service that can't be reached has not said that all is well. The last line names all three.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements.txt"

ALLOWED = frozenset(
    {
        "Apache Software License",
        "Apache-2.0",
        "BSD License",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MIT",
        "MIT License",
        "MIT No Attribution License (MIT-0)",
        "MIT-0",
        "PSF-2.0",
    }
)
"""Licences that ask for no more than to be passed on with the archive."""

ALLOWED_FOR = {"certifi": "Mozilla Public License 2.0 (MPL 2.0)"}
"""Others, each for one package: certifi is a list of certificates, which we pass on as it is."""

SERVICES = ("pypi", "osv")
"""Where pip-audit may ask, in this order: one that knows every package is enough."""

PASSED, FOUND, NOT_AUDITED = 0, 1, 3

Verdict = Literal["passed", "FAILED", "NOT AUDITED"]


@dataclass(frozen=True, slots=True)
class Audit:
    """What one audit says, in a line of its own, and what it found."""

    name: str
    verdict: Verdict
    told: str
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployed:
    """One package of the archive, as installed here; `licence` is empty where it is not."""

    name: str
    version: str
    licence: str


def slips() -> Audit:
    """Bandit: everything over what is deployed; over infra, which starts programs by its nature, what is graver."""
    command = [sys.executable, "-m", "bandit", "--quiet", "--recursive"]
    runs = [
        subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
        for arguments in ([*command, "functions"], [*command, "-ll", "-ii", "infra"])
    ]
    found = tuple(run.stdout + run.stderr for run in runs if run.returncode)
    return Audit("bandit", "FAILED" if found else "passed", "functions, infra", found)


def deployed(requirements: Path = REQUIREMENTS) -> list[Deployed]:
    """Every package that the requirements pin, with the licence that its metadata names."""
    pins = pinned(requirements)
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--packages", *pins]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    known = {normal(each["Name"]): each for each in json.loads(told)}
    return [
        Deployed(name, version, known[name]["License"] if known.get(name, {}).get("Version") == version else "")
        for name, version in pins.items()
    ]


def pinned(requirements: Path) -> dict[str, str]:
    """Name and version of everything that is pinned."""
    pins = re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s;\\]+)", requirements.read_text())
    return {normal(name): version for name, version in pins}


def normal(name: str) -> str:
    """A package's name, as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licences(packages: Sequence[Deployed]) -> Audit:
    """Whether each has a licence that is allowed."""
    found = tuple(
        f"{each.name} {each.version}: {each.licence or 'not installed in this version, so its licence is not known'}"
        for each in packages
        if not _allowed(each)
    )
    return Audit("licences", "FAILED" if found else "passed", f"{len(packages)} packages", found)


def _allowed(package: Deployed) -> bool:
    named = [part.strip() for part in re.split(r";|\bAND\b", package.licence)]
    allowed = ALLOWED | {ALLOWED_FOR.get(package.name, "")} - {""}
    return all(
        any(one.strip(" ()") in allowed or one.strip() in allowed for one in part.split(" OR ")) for part in named
    )


def advisories(
    command: Sequence[str] = (sys.executable, "-m", "pip_audit"), requirements: Path = REQUIREMENTS
) -> Audit:
    """Ask the advisory services, one after the other, until one of them knows every package.

    pip-audit exits 0, and says that nothing is known, also where no service answered it: so its answers are counted.
    """
    wanted, most = set(pinned(requirements)), set[str]()
    for service in SERVICES:
        answers = _ask(command, requirements, service)
        found = tuple(_problems(answers))
        if found:
            return Audit("advisories", "FAILED", f"{service}: {len(found)} known", found)
        audited = {normal(each["name"]) for each in answers if "vulns" in each}
        most = max(most, audited, key=len)
        if audited >= wanted:
            return Audit("advisories", "passed", f"{len(audited)} packages, by {service}")
    if not most:
        return Audit("advisories", "NOT AUDITED", "audited nothing: no advisory service could be reached")
    left = sorted(wanted - most)
    return Audit("advisories", "NOT AUDITED", f"no service knows {len(left)} of {len(wanted)}: {', '.join(left)}")


def _ask(command: Sequence[str], requirements: Path, service: str) -> list[dict[str, Any]]:
    """What one service says of each package; nothing where there was no answer."""
    asked = [*command, "--requirement", str(requirements), "--disable-pip", "--require-hashes"]
    asked += ["--vulnerability-service", service, "--format", "json", "--progress-spinner", "off"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    try:
        answers = json.loads(told)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return []
    return [each for each in answers if isinstance(each, dict) and isinstance(each.get("name"), str)]


def _problems(answers: Sequence[dict[str, Any]]) -> Iterator[str]:
    for each in answers:
        for known in each.get("vulns", []):
            fixed = ", ".join(known.get("fix_versions", [])) or "no version yet"
            yield f"{each['name']} {each.get('version')}: {known.get('id')}, mended in {fixed}"


def report(console: Console, packages: Sequence[Deployed], audits: Sequence[Audit]) -> int:
    """Print the licences, what was found, and the verdicts in one line; the exit code."""
    table = Table("package", "version", "licence", box=None, pad_edge=False)
    for package in packages:
        table.add_row(package.name, package.version, package.licence)
    console.print(table)
    for audit in audits:
        for found in audit.found:
            console.print(f"{audit.name}: {found}", soft_wrap=True, markup=False, highlight=False)
    told = "; ".join(f"{audit.name} {audit.verdict} ({audit.told})" for audit in audits)
    console.print(f"audit: {told}", soft_wrap=True, markup=False, highlight=False)
    verdicts = {audit.verdict for audit in audits}
    return FOUND if "FAILED" in verdicts else NOT_AUDITED if "NOT AUDITED" in verdicts else PASSED


def main() -> int:
    """Audit, and say how it went."""
    packages = deployed()
    return report(Console(), packages, [slips(), licences(packages), advisories()])


if __name__ == "__main__":
    sys.exit(main())
