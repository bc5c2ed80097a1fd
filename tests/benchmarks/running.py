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

from infra.deploy import table
from infra.deploy.package import Package, build, interpreter

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KEPT = ROOT / ".local" / "benchmarks"
LOCKED = HERE / "rivals" / "requirements.txt"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a program took: seconds of its work, of CPU in it, of the whole process; peak memory in MiB; requests."""

    seconds: float
    cpu: float
    peak: float
    whole: float
    requests: Mapping[str, int]


class Environment:
    """The unpacked archive, the rivals' environment, and a stand-in server."""

    def __init__(self, port: int, root: Path, package: Package, rivals: Path) -> None:
        self._port = port
        self._root = root
        self.package = package
        self._rivals = rivals
        self._python = interpreter()

    def product(self, messages: int, batch: int, at_once: int) -> Taken:
        """Delete with the product."""
        bare = [str(self._python), "-I", "-S", str(HERE / "programs" / "product.py"), str(self._root)]
        return self._run([*bare, str(messages), str(batch)], at_once)

    def http_client(self, messages: int, at_once: int) -> Taken:
        """Delete with http.client, and do nothing else."""
        bare = [str(self._python), "-I", "-S", str(HERE / "programs" / "http_client.py")]
        return self._run([*bare, str(messages), str(at_once)], at_once)

    def rival(self, name: str, messages: int, argument: int) -> Taken:
        """Delete with a rival; its argument is the batch, or how many at once."""
        program = str(HERE / "rivals" / f"{name}.py")
        return self._run([str(self._rivals), "-I", program, str(messages), str(argument)], argument)

    def _run(self, command: list[str], at_once: int) -> Taken:
        url = f"http://127.0.0.1:{self._port}"
        environment = {
            "AISTUDIO_BASE_URL": f"{url}/v1",
            "AISTUDIO_FOLDER_ID": "b1g",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "CONCURRENCY": str(at_once),
            "DEAD_LETTER_QUEUE_URL": f"{url}/dead",
            "HASH_KEY": "0" * 32,
            "PATH": os.environ.get("PATH", ""),
            "PYTHONDONTWRITEBYTECODE": "1",
            "QUEUE_URL": f"{url}/own",
            "RESULTS_QUEUE_URL": f"{url}/results",
            "RETENTION_POLICIES": table.policies(),
            "YDB_DOCAPI_ENDPOINT": url,
            "YMQ_ENDPOINT": url,
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
def environment(api: int, tables: int, queues: int) -> Iterator[Environment]:
    """Make everything that the programs need; the delays are in milliseconds."""
    package, rivals = build(), _rivals()
    root = KEPT / "code"
    shutil.rmtree(root, ignore_errors=True)
    with zipfile.ZipFile(package.path) as archive:
        archive.extractall(root)
    command = [sys.executable, "-m", "tests.benchmarks.stand_in", str(api), str(tables), str(queues)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:  # noqa: S603 - a fixed list
        assert server.stdout is not None
        try:
            yield Environment(int(server.stdout.readline()), root, package, rivals)
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
