"""One instance of a function: a process that is started cold, kept warm between calls, and killed at its timeout."""

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Any, Literal

from infra.local.processes.surroundings import ROOT, handed_on

FUNCTIONS = ROOT / "functions"
FUNCTION_ID = "d4elocalfunction0000"
START_TIMEOUT = 60.0
"""Seconds that a process may take to start where no call waits for it."""
FUNCTION_PROCESS = Path(__file__).with_name("function_process.py")


@dataclass(frozen=True)
class Reply:
    """How a call ended; the platform calls only `returned` a success.

    Of `raised`, `error` is the exception's class, with its message and traceback lines. `seconds` is the time
    that the caller waited, start of the process included where the call was `cold`.
    """

    ended: Literal["returned", "raised", "timed out", "killed"]
    seconds: float
    cold: bool
    error: str = ""
    message: str = ""
    stack: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the platform would take the call for a success."""
        return self.ended == "returned"


class Runtime:
    """Calls one entry point in a process of its own, one call at a time; a killed one is replaced at the next call.

    The process sees `settings` as its environment, `root` first on its path, and nothing else of this process;
    what it prints goes line by line to `log`. `timeout` (seconds) includes the start of the process, as on the
    platform. `token` is the IAM token in the context.
    """

    def __init__(
        self,
        entry_point: str,
        settings: Mapping[str, str],
        *,
        timeout: float,
        memory: int = 128,
        token: str = "",
        log: Callable[[str], None] = lambda _line: None,
        root: Path = FUNCTIONS,
    ) -> None:
        self._entry_point = entry_point
        self._settings = dict(settings)
        self._timeout = timeout
        self._memory = memory
        self._token = token
        self._log = log
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._output: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The process that serves calls now, if there is one."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def warm(self) -> None:
        """Call the handler with no messages, so that the first real call finds a process that is ready."""
        self._invoke({"messages": []}, START_TIMEOUT)

    def invoke(self, event: Any, timeout: float | None = None) -> Reply:
        """Call the handler with a JSON-able event, and wait for it until the timeout; `timeout` replaces its own."""
        return self._invoke(event, self._timeout if timeout is None else timeout)

    def _invoke(self, event: Any, timeout: float) -> Reply:
        begun, cold = time.monotonic(), self.pid is None
        process = self._start() if cold or self._process is None else self._process
        request = json.dumps({"event": event, "context": self._context(timeout)}).encode() + b"\n"
        line = _exchange(process, request, begun + timeout)
        seconds = time.monotonic() - begun
        if line is None or not line.endswith(b"\n"):
            self.kill()
            return Reply("timed out" if line is None else "killed", seconds, cold)
        reply = json.loads(line)
        if "errorType" not in reply:
            return Reply("returned", seconds, cold)
        return Reply("raised", seconds, cold, reply["errorType"], reply["errorMessage"], tuple(reply["stackTrace"]))

    def kill(self) -> None:
        """End the process by SIGKILL, also in the middle of a call from another thread; the next call is cold."""
        process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def stop(self) -> None:
        """Kill the process and let go of its pipes; not while a call is under way. Safe to repeat.

        When it returns, `log` has been told everything that the process printed.
        """
        self.kill()
        process, self._process = self._process, None
        if self._output is not None:
            self._output.join()
        for pipe in (process.stdin, process.stdout) if process is not None else ():
            if pipe is not None:
                with suppress(BrokenPipeError):  # what a killed process did not read
                    pipe.close()

    def _start(self) -> "subprocess.Popen[bytes]":
        self.stop()
        self._process = process = subprocess.Popen(
            [sys.executable, str(FUNCTION_PROCESS), str(self._root), self._entry_point],
            cwd=self._root,
            env={**handed_on(), **self._settings, **self._reserved()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the parent
        )
        self._output = threading.Thread(target=self._pump, args=[process.stderr], name="function output", daemon=True)
        self._output.start()
        return process

    def _pump(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._log(line.decode(errors="replace").rstrip("\n"))

    def _reserved(self) -> dict[str, str]:
        """What the platform itself sets; libraries guess from these where they run."""
        return {
            "_HANDLER": self._entry_point,
            "LAMBDA_TASK_ROOT": str(self._root),
            "LAMBDA_RUNTIME_DIR": str(self._root),
            "HOME": "/nonexistent",  # a developer's ~/.aws must not change what a function does
        }

    def _context(self, timeout: float) -> dict[str, Any]:
        request_id = str(uuid.uuid4())
        return {
            "aws_request_id": request_id,
            "deadline_ms": int((time.time() + timeout) * 1000),
            "function_name": FUNCTION_ID,
            "function_version": "d4elocalversion00000",
            "invoked_function_arn": FUNCTION_ID,
            "log_group_name": "ckglocalloggroup0000",
            "log_stream_name": "d4elocalversion00000",
            "memory_limit_in_mb": self._memory,
            "request_id": request_id,
            "token": {"access_token": self._token, "expires_in": 42299, "token_type": "Bearer"},
        }


def _exchange(process: "subprocess.Popen[bytes]", request: bytes, deadline: float) -> bytes | None:
    """Send a request and read the reply's line: None at the deadline, a line without its end if the process ended."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process was started without pipes")
    try:
        process.stdin.write(request)
        process.stdin.flush()
    except OSError:  # it has just been killed
        return b""
    line = b""
    while not line.endswith(b"\n"):
        if not wait([process.stdout.fileno()], max(0.0, deadline - time.monotonic())):
            return None
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            break
        line += chunk
    return line
