"""The verbs that people begin with, as they type them."""

import os
import subprocess
import sys
from pathlib import Path

import pexpect

from infra.local.processes.surroundings import ROOT
from tests.support.processes import ENVIRONMENT


def made(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603, S607 - what people type


def test_setup_makes_ops_which_runs_from_anywhere(tmp_path: Path) -> None:
    (folder := tmp_path / "bin").mkdir()
    (python := folder / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)

    made("setup", "INSTALLED=requirements-dev.txt", f"BIN={os.path.relpath(folder, ROOT)}")

    shown = subprocess.run(  # noqa: S603 - our own program
        [str(folder / "ops"), "break", "--list"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("throttled")
    completed = subprocess.run(  # noqa: S603 - the same
        [str(folder / "ops")],
        env={**ENVIRONMENT, "_OPS_COMPLETE": "complete_bash", "COMP_WORDS": "ops dead", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert completed.stdout.split() == ["dead-letters"]


def test_ctrl_c_ends_make_dev_well(tmp_path: Path) -> None:
    arguments = f"ARGS=--settings {tmp_path / 'local.env'} --log {tmp_path / 'dev.log'}"
    dev = pexpect.spawn(
        "make", ["dev", "INSTALLED=requirements-dev.txt", arguments], cwd=str(ROOT), encoding="utf-8", timeout=300
    )
    dev.expect_exact("Ctrl-C stops everything.")
    dev.sendintr()
    dev.expect_exact("Stopping.")
    dev.expect(pexpect.EOF)
    assert dev.wait() == 0
