"""make new-function, in a copy of the project: what it writes passes the tests that look at every function."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from infra.local.processes.surroundings import ROOT

NAME, ONCE, WALKED = "pin_response", "rank_response", "count_tokens"
WALKTHROUGH = (ROOT / "functions" / "walkthrough.md").read_text()
EVERY_FUNCTION = (
    "tests/unit/test_functions.py",
    "tests/unit/test_imports.py",
    "tests/unit/test_pages.py",
    "tests/unit/worker/test_samples.py",
    "tests/infra/local/test_samples.py",
    "tests/infra/test_table.py",
    "tests/e2e/test_samples.py",
)


def run(project: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    own = {"PYTHONPATH": "functions", "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache")}
    return subprocess.run(  # noqa: S603 - fixed commands
        [sys.executable, "-m", *command], cwd=project, env=os.environ | own, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with three more functions: one may repeat its call, one must not, one is made as the walkthrough says."""
    project = tmp_path_factory.mktemp("project") / "project"
    told = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in told.stdout.splitlines():
        if (ROOT / name).is_file():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, project / name)
    for arguments in ((NAME,), (ONCE, "--once"), (WALKED,)):
        made = run(project, "infra.local.new_function", *arguments)
        assert made.returncode == 0, made.stderr
    for name, text in shown():
        before = "" if WALKED in name else (project / name).read_text() + "\n\n"
        (project / name).write_text(before + text)
    return project


def shown() -> list[tuple[str, str]]:
    """The files that the walkthrough shows whole or in part, with their texts."""
    blocks = re.findall(r"(?ms)^   ```python (\S+)\n(.*?)^   ```$", WALKTHROUGH)
    return [(name, textwrap.dedent(text)) for name, text in blocks]


@pytest.mark.parametrize("command", ["ruff check", "ruff format --check", "mypy", "importlinter.cli"])
def test_what_is_written_is_clean(project: Path, command: str) -> None:
    module, *arguments = command.split()
    done = run(project, module, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_written_passes_the_tests_that_look_at_every_function(project: Path) -> None:
    done = run(
        project,
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        f"{NAME} or {ONCE} or {WALKED} or every_function_is_named",
        *EVERY_FUNCTION,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr


@pytest.mark.parametrize(
    ("gone", "told", "by"),
    [
        (f"functions/{NAME}.py", f"{NAME}.py, which functions/ does not have", "tests/infra/local/test_samples.py"),
        (
            f"infra/local/studio/further/{NAME}.py",
            f"add infra/local/studio/further/{NAME}.py",
            "tests/unit/worker/test_samples.py",
        ),
        (
            f"events/{NAME}/throttled.json",
            f"events/{NAME}/ has no sample with a message that ends deferred",
            "tests/infra/local/test_samples.py",
        ),
    ],
)
def test_what_is_missing_is_told_with_where_to_put_it(project: Path, gone: str, told: str, by: str) -> None:
    text = (project / gone).read_text()
    (project / gone).unlink()
    try:
        done = run(project, "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", f"{NAME}", by)
    finally:
        (project / gone).write_text(text)
    assert done.returncode != 0
    assert told in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["", "Pin", "pin-response", "delete_response", "worker"])
def test_a_name_that_can_not_be_one_is_refused(project: Path, name: str) -> None:
    assert run(project, "infra.local.new_function", name).returncode != 0


def test_the_walkthrough_shows_every_step() -> None:
    assert [name for name, _ in shown()] == [
        f"functions/{WALKED}.py",
        f"infra/local/studio/further/{WALKED}.py",
        "infra/operate/contract/results.py",
    ]
