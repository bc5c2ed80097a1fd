"""A local AI Studio in a process of its own, for as long as a `with` block lasts."""

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from infra.local.studio.settings import PostMode, Settings

ROOT = Path(__file__).parents[3]
START_TIMEOUT = 20.0
STOP_TIMEOUT = 5.0


@dataclass(frozen=True)
class StudioHandle:
    """A running local AI Studio: where it is, what it accepts, and its control plane."""

    base_url: str
    realtime_url: str
    folder_id: str
    api_key: str
    realtime_model: str
    pid: int
    control: httpx.Client

    @property
    def headers(self) -> dict[str, str]:
        """The headers that every REST call needs."""
        return {"Authorization": f"Api-Key {self.api_key}", "OpenAI-Project": self.folder_id}

    @property
    def realtime_model_uri(self) -> str:
        """The `model` of a WebSocket session."""
        return f"gpt://{self.folder_id}/{self.realtime_model}"

    def seed(self, *response_ids: str, **fields: Any) -> None:
        """Store responses under these ids, with these fields of theirs in place of the usual ones."""
        if not fields:
            self._ask("POST", "responses", list(response_ids))
        for response_id in response_ids if fields else ():
            self._ask("PUT", f"responses/{quote(response_id, safe='')}", fields)

    def stored(self) -> list[str]:
        """The ids still stored, sorted."""
        return self._ask("GET", "responses")  # type: ignore[no-any-return]  # JSON; the control plane promises it

    def requests(self, subject: str | None = None) -> list[dict[str, Any]]:
        """The calls seen, oldest first: all, or those of one response id or event id. Shape: `state.Call`."""
        query = "" if subject is None else f"?id={quote(subject, safe='')}"
        return self._ask("GET", f"requests{query}")  # type: ignore[no-any-return]  # as above

    def billed(self, event_id: str) -> int:
        """How many response.create of this event id a model was run for, over both transports."""
        return sum(call["billed"] for call in self.requests(event_id))

    def fault(self, **fault: Any) -> None:
        """Arm a fault: the fields of `faults.HttpFault`, or with `realtime=` of `faults.RealtimeFault`."""
        self._ask("POST", "faults", fault)

    def faults(self, faults: list[dict[str, Any]]) -> None:
        """Arm several, in this order."""
        self._ask("POST", "faults", faults)

    def clear_faults(self) -> None:
        """Disarm all faults."""
        self._ask("DELETE", "faults")

    def realtime_post(self, mode: PostMode, event_id: str | None = None) -> None:
        """Choose how the POST form of response.create is answered: to all events, or to one."""
        self._ask("PUT", "realtime", {"post": mode} | ({} if event_id is None else {"id": event_id}))

    def reset(self) -> None:
        """Start over: nothing stored, logged or armed."""
        self._ask("POST", "reset")

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.control.request(method, path, json=body)
        if answer.is_error:
            raise ValueError(f"The local AI Studio refused {method} {path}: {answer.text}")
        return answer.json()


@contextmanager
def running_studio(settings: Settings | None = None, *, port: int = 0) -> Iterator[StudioHandle]:
    """Start a local AI Studio and stop it at the end of the block; it also stops when this process dies.

    Raises RuntimeError where it does not start (a port taken, say); why is on stderr.
    """
    command = [sys.executable, "-m", "infra.local.studio", "--exit-with-stdin", *_flags(settings or Settings(), port)]
    # A session of its own: Ctrl-C in the terminal reaches the parent, which then stops its children in its order.
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            told = _announcement(process)
            with httpx.Client(base_url=told.pop("control_url"), timeout=10, trust_env=False) as control:
                yield StudioHandle(**told, pid=process.pid, control=control)
        finally:
            _stop(process)


def _flags(settings: Settings, port: int) -> list[str]:
    named = {
        "--port": port,
        "--folder": settings.folder_id,
        "--realtime-model": settings.realtime_model,
        "--realtime-post": settings.realtime_post,
        "--latency": settings.latency,
        "--keepalive": settings.keepalive,
        "--seed": settings.seed,
    }
    return [f"{name}={value}" for name, value in named.items()] + [f"--key={key}" for key in settings.keys]


def _announcement(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    if process.stdout is None or not select.select([process.stdout], [], [], START_TIMEOUT)[0]:
        raise RuntimeError(f"The local AI Studio did not start within {START_TIMEOUT:g} s")
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("The local AI Studio ended at once")
    told: dict[str, Any] = json.loads(line)
    return told


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
