"""The audits pass only what was looked at, and fail on what was found."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.operate.audit import REQUIREMENTS, Audit, Deployed, advisories, deployed, licences, pinned, report, slips

NAMES = ["aaa", "bbb"]
OLD = {"id": "PYSEC-1", "fix_versions": ["2.0"], "description": "it leaks"}


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text("aaa==1.0 \\\n    --hash=sha256:00\nbbb==1.0 \\\n    --hash=sha256:00\n")
    return path


def saying(tmp_path: Path, status: int = 0, **by_service: Any) -> list[str]:
    """A pip-audit that answers by service with the JSON given, or with that very text."""
    told = {name: each if isinstance(each, str) else json.dumps(each) for name, each in by_service.items()}
    script = tmp_path / "pip_audit.py"
    script.write_text(
        "import sys\n"
        f"told = {told!r}\n"
        "service = sys.argv[sys.argv.index('--vulnerability-service') + 1]\n"
        "sys.stdout.write(told.get(service, 'No known vulnerabilities found'))\n"
        f"sys.exit({status})\n"
    )
    return [sys.executable, str(script)]


def clean(*names: str) -> dict[str, Any]:
    return {"dependencies": [{"name": name, "version": "1.0", "vulns": []} for name in names]}


def skipped(*names: str) -> dict[str, Any]:
    return {"dependencies": [{"name": name, "skip_reason": "not found and could not be audited"} for name in names]}


def test_all_packages_known_and_nothing_against_them_is_a_pass(tmp_path: Path, requirements: Path) -> None:
    audit = advisories(saying(tmp_path, pypi=clean(*NAMES)), requirements)

    assert (audit.verdict, audit.told) == ("passed", "2 packages, by pypi")


def test_another_service_is_asked_where_the_first_one_does_not_answer(tmp_path: Path, requirements: Path) -> None:
    audit = advisories(saying(tmp_path, pypi=skipped(*NAMES), osv=clean(*NAMES)), requirements)

    assert (audit.verdict, audit.told) == ("passed", "2 packages, by osv")


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"pypi": skipped(*NAMES), "osv": skipped(*NAMES)},
        {"pypi": {"dependencies": []}},
        {"pypi": "Traceback (most recent call last): ConnectionError", "osv": "null"},
    ],
    ids=["words alone", "all skipped", "no packages", "a crash"],
)
@pytest.mark.parametrize("status", [0, 1])
def test_who_could_ask_nobody_has_audited_nothing_whatever_the_exit_code(
    tmp_path: Path, requirements: Path, answers: dict[str, Any], status: int
) -> None:
    audit = advisories(saying(tmp_path, status, **answers), requirements)

    assert audit == Audit("advisories", "NOT AUDITED", "audited nothing: no advisory service could be reached")


def test_an_unreachable_service_is_no_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    one = tmp_path / "requirements.txt"
    one.write_text(f"six==1.17.0 \\\n    --hash=sha256:{'0' * 64}\n")

    audit = advisories([sys.executable, "-m", "pip_audit", "--cache-dir", str(tmp_path / "cache")], one)

    assert audit.verdict == "NOT AUDITED"


def test_what_no_service_knows_is_named(tmp_path: Path, requirements: Path) -> None:
    audit = advisories(saying(tmp_path, pypi=clean("aaa"), osv=skipped(*NAMES)), requirements)

    assert (audit.verdict, audit.told) == ("NOT AUDITED", "no service knows 1 of 2: bbb")


@pytest.mark.parametrize("service", ["pypi", "osv"])
def test_an_advisory_fails_the_audit_whatever_else_was_not_audited(
    tmp_path: Path, requirements: Path, service: str
) -> None:
    known = {"dependencies": [{"name": "aaa", "version": "1.0", "vulns": [OLD]}, *skipped("bbb")["dependencies"]]}
    audit = advisories(saying(tmp_path, 1, **{service: known}), requirements)

    assert audit.verdict == "FAILED"
    assert audit.found == ("aaa 1.0: PYSEC-1, mended in 2.0",)


def test_every_package_that_is_deployed_has_a_licence_that_is_allowed() -> None:
    packages = deployed()

    assert {package.name for package in packages} == set(pinned(REQUIREMENTS))
    assert licences(packages).found == ()


@pytest.mark.parametrize(
    ("name", "licence", "allowed"),
    [
        ("aaa", "MIT", True),
        ("aaa", "Apache Software License; BSD License", True),
        ("aaa", "MIT License; MIT No Attribution License (MIT-0)", True),
        ("aaa", "GPL-3.0-only OR MIT", True),
        ("aaa", "MIT AND Apache-2.0", True),
        ("certifi", "Mozilla Public License 2.0 (MPL 2.0)", True),
        ("aaa", "Mozilla Public License 2.0 (MPL 2.0)", False),
        ("aaa", "MIT AND GPL-3.0-only", False),
        ("aaa", "MIT License; GNU General Public License (GPL)", False),
        ("aaa", "UNKNOWN", False),
        ("aaa", "", False),
    ],
)
def test_a_licence_is_allowed_only_where_every_part_of_it_is(name: str, licence: str, *, allowed: bool) -> None:
    audit = licences([Deployed(name, "1.0", licence)])

    assert audit.verdict == ("passed" if allowed else "FAILED")


def test_a_package_of_another_version_has_no_known_licence(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("httpx==0.0.1\nno-such-package==1.0\n")

    assert [package.licence for package in deployed(path)] == ["", ""]


def test_nothing_is_found_in_our_own_code() -> None:
    assert slips() == Audit("bandit", "passed", "functions, infra")


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [(["passed"] * 2, 0), (["passed", "NOT AUDITED"], 3), (["NOT AUDITED", "FAILED"], 1)],
)
def test_the_last_line_names_every_verdict_and_only_passes_pass(
    verdicts: list[Any], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    audits = [Audit(f"audit{number}", verdict, "why") for number, verdict in enumerate(verdicts)]

    assert report(Console(), [], audits) == status

    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"audit: audit0 {verdicts[0]} (why); audit1 {verdicts[1]} (why)"
