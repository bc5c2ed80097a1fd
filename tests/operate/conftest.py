"""One local environment for all tests of `ops`, and `ops` itself, run in this process."""

import io
import json
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from infra.local import catalog
from infra.local.environment import Environment, running_environment
from infra.local.printed import as_json
from infra.local.settings import write_env
from infra.local.studio.settings import Settings
from infra.operate.ops.cli import main


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


class Ops:
    """`ops` on one environment."""

    def __init__(self, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = settings
        self._monkeypatch = monkeypatch

    def __call__(self, command: str, *arguments: object) -> Ran:
        """Run a command as it is typed, with further arguments as they are."""
        given = ["ops", "--env-file", str(self.settings), *shlex.split(command), *map(str, arguments)]
        self._monkeypatch.setattr("sys.argv", given)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main()
        assert "Traceback" not in err.getvalue()
        return Ran(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Scene:
    """The running environment, with the file that describes it."""

    environment: Environment
    settings: Path


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("operate")
    log = folder / "dev.log"
    log.touch()

    def write(function: str, line: str) -> None:
        with log.open("a") as lines:
            lines.write(as_json(function, line) + "\n")

    chosen = [each.hurried() for each in catalog.functions()]
    names = (
        "delete_response",
        "realtime_response_create",
        "legal_hold",
        "register_response",
        "erase_subject",
        "get_response",
    )
    wanted = [each for each in chosen if each.name in names]
    own = {"ERASE_SETTLE": "0s"}  # an erasure's first look may be its last
    with running_environment(wanted, settings=own, studio=Settings(realtime_post="json"), log=write) as environment:
        write_env(environment.told(log), folder / "local.env")
        yield Scene(environment, folder / "local.env")


@pytest.fixture
def environment(scene: Scene) -> Iterator[Environment]:
    """The environment with its functions at work, and nothing left of other tests."""
    scene.environment.studio.reset()
    for url in (*scene.environment.queues.values(), scene.environment.dead_letters, scene.environment.results):
        scene.environment.sqs.purge_queue(QueueUrl=url)
    if not scene.environment.triggers:
        scene.environment.start()
    yield scene.environment
    scene.environment.studio.clear_faults()


@pytest.fixture
def still(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Environment, "Ops"]:
    """The environment with queues that no function reads, and `ops` on it."""
    there = scene.environment

    def queue(name: str) -> str:
        return there.sqs.create_queue(QueueName=f"{name}-{tmp_path.name}"[-80:])["QueueUrl"]

    quiet = replace(there, queues={name: queue(name) for name in there.queues}, dead_letters=queue("dead"))
    write_env(quiet.told(scene.settings.with_name("dev.log")), tmp_path / "still.env")
    monkeypatch.setenv("COLUMNS", "80")
    return quiet, Ops(tmp_path / "still.env", monkeypatch)


@pytest.fixture
def ops(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Ops:
    monkeypatch.setenv("COLUMNS", "80")
    return Ops(scene.settings, monkeypatch)
