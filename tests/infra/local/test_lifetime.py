"""Nothing is left behind, however a command ends, and nothing is taken from one that runs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import httpx
import pytest

from infra.local.catalog import functions, timers, with_those_they_send_to
from infra.local.cloud.servers import Servers
from infra.local.printed import as_json
from infra.local.processes.surroundings import ROOT
from infra.local.settings import read_env
from tests.support.processes import ENVIRONMENT, alive, descendants
from tests.support.waiting import eventually

ONE = ["--function", "delete_response"]
WITH_TIMER = [*ONE, "--function", "retention_sweep"]
RUNNING = with_those_they_send_to([each for each in (*functions(), *timers()) if each.name in WITH_TIMER])


def logged(settings: Path) -> list[str]:
    """Where these keep what functions print: not in the checkout, and not where nothing may be left."""
    (folder := settings.parent.with_name(f"{settings.parent.name}-log")).mkdir(exist_ok=True)
    return ["--log", str(folder / "dev.log")]


@contextmanager
def dev(
    settings: Path,
    *before: str,
    only: Sequence[str] = ONE,
    stdout: IO[str] | int = subprocess.DEVNULL,
    options: Sequence[str] = (),
    **own: str,
) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "infra.local.dev", "--settings", str(settings), *logged(settings), *only, *options]
    with subprocess.Popen(  # noqa: S603 - a fixed command
        [*before, *command],
        cwd=ROOT,
        env=ENVIRONMENT | {"TMPDIR": str(settings.parent), **own},
        stdout=stdout,
        stderr=subprocess.DEVNULL,
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
    """An environment with all its children: the servers, the AI Studio, the functions' processes, and the sweeper."""
    with dev(settings, only=WITH_TIMER) as process:
        eventually(settings.exists)
        assert len(descendants(process.pid)) == 3 + sum(each.instances for each in RUNNING)
        yield process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_environment_leaves_no_process_and_no_file(
    running: "subprocess.Popen[bytes]", settings: Path, number: signal.Signals
) -> None:
    children = descendants(running.pid)
    running.send_signal(number)
    assert running.wait(timeout=60) == (0 if number == signal.SIGINT else 128 + number)
    assert alive(children) == set()
    assert list(settings.parent.iterdir()) == []


def test_a_killed_environment_leaves_no_process_and_no_file(running: "subprocess.Popen[bytes]", settings: Path) -> None:
    children = descendants(running.pid)
    running.kill()
    running.wait(timeout=60)
    eventually(lambda: not alive(children))
    eventually(lambda: not list(settings.parent.iterdir()))


IN_THE_MIDDLE = """
import os, signal
from infra.local.processes.stopping import stopping_in_order
with stopping_in_order():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        print("cleaned up")
"""


def test_a_second_signal_of_another_kind_does_not_interrupt_the_clean_up() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", IN_THE_MIDDLE], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("cleaned up\n", 128 + signal.SIGINT)


def test_a_start_replaces_settings_that_something_left(settings: Path) -> None:
    settings.write_text("YMQ_ENDPOINT=http://127.0.0.1:1\nLEFT_OVER=1\n")
    with dev(settings) as process:
        eventually(lambda: "LEFT_OVER" not in settings.read_text())
        assert read_env(settings)["YMQ_ENDPOINT"] != "http://127.0.0.1:1"
        process.terminate()
        process.wait(timeout=60)
    assert not settings.exists()


def test_what_a_killed_environment_and_its_sweeper_left_is_replaced(settings: Path) -> None:
    with dev(settings) as process:
        eventually(settings.exists)
        started = {process.pid, *descendants(process.pid)}
        for number in (signal.SIGSTOP, signal.SIGKILL):  # all at once: a sweeper that saw its parent end would sweep
            for pid in started:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        process.wait(timeout=60)
    eventually(lambda: not alive(started))
    left = read_env(settings)
    with dev(settings) as process:
        eventually(lambda: read_env(settings) != left)
        process.terminate()
        process.wait(timeout=60)
    eventually(lambda: not list(settings.parent.iterdir()))


def test_a_second_environment_is_refused_while_one_has_the_settings(settings: Path) -> None:
    with dev(settings) as process:
        eventually(settings.exists)
        before = settings.read_bytes()
        command = [sys.executable, "-m", "infra.local.dev", "--settings", str(settings)]
        second = subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert (second.returncode, second.stdout) == (1, "")
        told = f"`make dev` runs already (process {process.pid} has {settings}): use that one, or stop it first.\n"
        assert second.stderr == told
        assert settings.read_bytes() == before
        process.terminate()
        process.wait(timeout=60)
    assert list(settings.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "shown"),
    [((), "delete_response: dead_lettered, invalid_message"), (["--json"], '"end":"dead_lettered"')],
)
def test_what_a_function_prints_is_shown_at_once_and_kept(
    settings: Path, tmp_path_factory: pytest.TempPathFactory, options: Sequence[str], shown: str
) -> None:
    out = tmp_path_factory.mktemp("shown") / "lines"
    with out.open("w") as file, dev(settings, stdout=file, options=options, MAX_ATTEMPTS="3") as process:
        eventually(settings.exists)
        told = read_env(settings)
        assert told["MAX_ATTEMPTS"] == "3"
        assert told["DELETE_RESPONSE_QUEUE_URL"].startswith(told["YMQ_ENDPOINT"])
        sqs = Servers(urlsplit(told["YMQ_ENDPOINT"]).port or 0).sqs
        sqs.send_message(QueueUrl=told["DELETE_RESPONSE_QUEUE_URL"], MessageBody="no JSON")
        eventually(lambda: shown in out.read_text())
        assert process.poll() is None
    kept = [json.loads(line) for line in Path(told["LOG_FILE"]).read_text().splitlines()]
    assert [line["end"] for line in kept if "end" in line] == ["dead_lettered"]


def test_a_server_that_ends_is_started_again_where_it_was(settings: Path) -> None:
    with dev(settings) as process:
        eventually(settings.exists)
        told = read_env(settings)
        (studio,) = (pid for pid in descendants(process.pid) if "infra.local.studio" in _command(pid))
        os.kill(studio, signal.SIGKILL)
        eventually(
            lambda: (
                httpx.get(
                    f"{told['AISTUDIO_BASE_URL'].removesuffix('/v1')}/_local/responses", timeout=60, trust_env=False
                ).is_success
            )
        )
        assert read_env(settings) == told
        process.terminate()
        process.wait(timeout=60)


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def test_a_setting_of_ones_own_that_is_malformed_is_named(settings: Path) -> None:
    command = [sys.executable, "-m", "infra.local.dev", "--settings", str(settings), *logged(settings)]
    done = subprocess.run(  # noqa: S603 - a fixed command
        command, cwd=ROOT, env=ENVIRONMENT | {"MAX_AGE": "long"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("settings missing or malformed: MAX_AGE write a number and s, m, h or d")


def test_a_line_that_is_no_json_object_becomes_one_that_names_its_function() -> None:
    line = json.dumps({"function": "delete_response", "level": "INFO"})
    assert as_json("delete_response", line) == line
    for text in ("Traceback", "[1]", "{"):
        assert json.loads(as_json("delete_response", text)) == {"function": "delete_response", "message": text}


@pytest.mark.parametrize("children", [1, 2])
def test_an_environment_killed_while_it_starts_leaves_no_process(settings: Path, children: int) -> None:
    with dev(settings) as process:
        eventually(lambda: len(descendants(process.pid)) >= children)
        started = descendants(process.pid)
    eventually(lambda: not alive(started))


def test_an_environment_whose_parent_is_killed_ends_with_it(settings: Path) -> None:
    with dev(settings, sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])") as parent:
        eventually(settings.exists)
        left = descendants(parent.pid)
        assert len(left) >= 3
        parent.kill()
    eventually(lambda: not alive(left))
    assert not settings.exists()


def test_a_leashed_module_runs_like_any_other_and_ends_with_its_standard_input() -> None:
    command = [sys.executable, "-m", "infra.local.processes.leash", "http.server", "--bind", "127.0.0.1", "0"]
    with subprocess.Popen(  # noqa: S603 - a fixed command
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT | {"PYTHONUNBUFFERED": "1"}
    ) as process:
        assert process.stdout is not None
        assert b"Serving HTTP" in process.stdout.readline()
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=60)
