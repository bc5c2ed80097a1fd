"""Run the measured programs, each in a process of its own, in turn with its rivals."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from infra.deploy import table
from infra.deploy.package import Package, build, interpreter

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KEPT = ROOT / ".local" / "benchmarks"
LOCKED = HERE / "rivals" / "requirements.txt"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a program took: seconds of its work, of CPU in it, of the whole process; peak memory and what is left, in MiB;
    requests, and messages to each queue."""

    seconds: float
    cpu: float
    peak: float
    left: float
    whole: float
    requests: Mapping[str, int]


class Environment:
    """The unpacked archive, the rivals' environment, and a stand-in server."""

    def __init__(self, ports: tuple[int, int], root: Path, package: Package, rivals: Path) -> None:
        self._port, self._realtime_port = ports
        self._root = root
        self.package = package
        self._rivals = rivals
        self._python = interpreter()

    def product(self, messages: int, batch: int, at_once: int) -> Taken:
        """Delete with the product."""
        return self.function("delete_response", messages, batch, at_once)

    def function(self, name: str, messages: int, batch: int, at_once: int, place: str = "", **more: str) -> Taken:
        """Settle messages with a function of the product, on servers under `place`, with further settings."""
        return self._run(self._own("product", name, messages, batch), at_once, place, more)

    def turns(self, count: int, at_once: int = 1, path: str = "") -> Taken:
        """Make realtime turns with the product, on servers that answer at once, the results of long ones to a bucket."""
        url = f"ws://127.0.0.1:{self._realtime_port}{path}"
        more = {"AISTUDIO_REALTIME_URL": url, "RESULTS_BUCKET": "bucket"}
        return self.function("realtime_response_create", count, at_once, at_once, "/quick", **more)

    def sweep(self, ticks: int) -> Taken:
        """Sweep so often with the product."""
        queues = {f"{name}_QUEUE_URL": "http://127.0.0.1/q" for name in ("DELETE_RESPONSE", "VERIFY_DELETION")}
        return self._run(self._own("sweep", ticks), 1, "", queues)

    def websocket(self, turns: int) -> Taken:
        """Make text turns with websockets alone."""
        return self._run(self._own("websocket", turns), 1)

    def _own(self, program: str, *arguments: object) -> list[str]:
        bare = [str(self._python), "-I", "-S", str(HERE / "programs" / f"{program}.py"), str(self._root)]
        return [*bare, *map(str, arguments)]

    def http_client(self, messages: int, at_once: int) -> Taken:
        """Delete with http.client, and do nothing else."""
        bare = [str(self._python), "-I", "-S", str(HERE / "programs" / "http_client.py")]
        return self._run([*bare, str(messages), str(at_once)], at_once)

    def rival(self, name: str, messages: int, argument: int) -> Taken:
        """Delete with a rival; its argument is the batch, or how many at once."""
        program = str(HERE / "rivals" / f"{name}.py")
        return self._run([str(self._rivals), "-I", program, str(messages), str(argument)], argument)

    def _run(
        self, command: list[str], at_once: int, place: str = "", more: Mapping[str, str] = MappingProxyType({})
    ) -> Taken:
        url = f"http://127.0.0.1:{self._port}{place}"
        environment = {
            "AISTUDIO_BASE_URL": f"{url}/v1",
            "AISTUDIO_FOLDER_ID": "b1g",
            "AISTUDIO_REALTIME_URL": f"ws://127.0.0.1:{self._realtime_port}",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "CONCURRENCY": str(at_once),
            "DEAD_LETTER_QUEUE_URL": f"{url}/dead",
            "HASH_KEY": "0" * 32,
            "PATH": os.environ.get("PATH", ""),
            "PYTHONDONTWRITEBYTECODE": "1",
            "QUEUE_URL": f"{url}/own",
            "REALTIME_MODEL": "m",
            "REALTIME_TRANSPORT": "websocket",
            "RESULTS_QUEUE_URL": f"{url}/results",
            "RETENTION_POLICIES": table.policies(),
            "YDB_DOCAPI_ENDPOINT": url,
            "STORAGE_ENDPOINT": url,
            "YMQ_ENDPOINT": url,
            **more,
        }
        self._counted()
        began = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=KEPT)  # noqa: S603 - a fixed list
        whole = time.perf_counter() - began
        if done.returncode != 0:
            raise RuntimeError(f"{command} failed:\n{done.stderr[-2000:]}")
        told = json.loads(done.stdout.splitlines()[-1])
        return Taken(**told, whole=whole, requests=self._counted())

    def _counted(self) -> dict[str, int]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/counted") as answer:
            counted: dict[str, int] = json.loads(answer.read())
            return counted


@contextmanager
def environment(api: int, tables: int, queues: int, quota: int) -> Iterator[Environment]:
    """Make everything that the programs need; the delays are in milliseconds, the quota is of calls at a time."""
    package, rivals = build(), _rivals()
    root = KEPT / "code"
    shutil.rmtree(root, ignore_errors=True)
    with zipfile.ZipFile(package.path) as archive:
        archive.extractall(root)
    command = [sys.executable, "-m", "tests.benchmarks.stand_in", *map(str, (api, tables, queues, quota))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:  # noqa: S603 - a fixed list
        assert server.stdout is not None
        try:
            http, realtime = map(int, server.stdout.readline().split())
            yield Environment((http, realtime), root, package, rivals)
        finally:
            server.terminate()


def _rivals() -> Path:
    """The interpreter of the rivals' environment, made anew where their locked requirements changed."""
    folder = KEPT / "rivals"
    python, installed = folder / "bin" / "python", folder / "installed.txt"
    if not installed.exists() or installed.read_bytes() != LOCKED.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        _succeed([str(interpreter()), "-m", "venv", "--without-pip", str(folder)])
        _succeed(
            [
                sys.executable,
                "-m",
                "pip",
                "--python",
                str(python),
                "--quiet",
                "--disable-pip-version-check",
                "install",
                "--require-hashes",
                "--requirement",
                str(LOCKED),
            ]
        )
        shutil.copyfile(LOCKED, installed)
    return python


def _succeed(command: list[str]) -> None:
    subprocess.run(command, check=True)  # noqa: S603 - a fixed list
