"""Nothing is left behind, however a command ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from infra.local.leash import ROOT
from infra.local.send import send
from infra.local.settings import read_env
from tests.local.helpers import alive, descendants
from tests.support.waiting import eventually

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": "functions"}


@contextmanager
def dev(settings: Path, *before: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(  # noqa: S603 - a fixed command
        [*before, sys.executable, "-m", "infra.local.dev", "--settings", str(settings)],
        cwd=ROOT,
        env=ENVIRONMENT | {"TMPDIR": str(settings.parent)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / "settings.env"


@pytest.fixture
def running(settings: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """An environment with all its children: the servers, the AI Studio, a function's process, and the sweeper."""
    with dev(settings) as process:
        eventually(settings.exists, seconds=30)
        send("delete_response", '{"response_id": "resp_1"}', given := read_env(settings))
        asked = given["AISTUDIO_BASE_URL"].removesuffix("/v1") + "/_local/requests"
        eventually(lambda: httpx.get(asked, trust_env=False).json())
        assert len(descendants(process.pid)) == 4
        yield process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_environment_leaves_no_process_and_no_file(
    running: "subprocess.Popen[bytes]", settings: Path, number: signal.Signals
) -> None:
    children = descendants(running.pid)
    running.send_signal(number)
    assert running.wait(timeout=20) == 128 + number
    assert alive(children) == set()
    assert list(settings.parent.iterdir()) == []


def test_a_killed_environment_leaves_no_process_and_no_file(running: "subprocess.Popen[bytes]", settings: Path) -> None:
    children = descendants(running.pid)
    running.kill()
    running.wait(timeout=10)
    eventually(lambda: not alive(children))
    eventually(lambda: not settings.exists())
    assert list(settings.parent.iterdir()) == []


def test_a_start_replaces_settings_that_something_left(settings: Path) -> None:
    settings.write_text("YMQ_ENDPOINT=http://127.0.0.1:1\nLEFT_OVER=1\n")
    with dev(settings) as process:
        eventually(lambda: "LEFT_OVER" not in settings.read_text(), seconds=30)
        assert read_env(settings)["YMQ_ENDPOINT"] != "http://127.0.0.1:1"
        process.terminate()
        process.wait(timeout=20)
    assert not settings.exists()


@pytest.mark.parametrize("children", [1, 2])
def test_an_environment_killed_while_it_starts_leaves_no_process(settings: Path, children: int) -> None:
    with dev(settings) as process:
        eventually(lambda: len(descendants(process.pid)) >= children, seconds=30)
        started = descendants(process.pid)
    eventually(lambda: not alive(started))


def test_an_environment_whose_parent_is_killed_ends_with_it(settings: Path) -> None:
    with dev(settings, sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])") as parent:
        eventually(settings.exists, seconds=30)
        left = descendants(parent.pid)
        assert len(left) >= 3
        parent.kill()
    eventually(lambda: not alive(left), seconds=20)
    assert not settings.exists()


def test_a_leashed_module_runs_like_any_other_and_ends_with_its_standard_input() -> None:
    command = [sys.executable, "-m", "infra.local.leash", "http.server", "--bind", "127.0.0.1", "0"]
    with subprocess.Popen(  # noqa: S603 - a fixed command
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT | {"PYTHONUNBUFFERED": "1"}
    ) as process:
        assert process.stdout is not None
        assert b"Serving HTTP" in process.stdout.readline()
        begun = time.monotonic()
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)
        assert time.monotonic() - begun < 5
