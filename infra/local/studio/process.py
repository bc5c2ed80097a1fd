"""A local AI Studio in a process of its own, for as long as a `with` block lasts."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from infra.local.processes.leash import Leashed
from infra.local.processes.readiness import Server, serving
from infra.local.processes.surroundings import handed_on
from infra.local.studio.settings import HOST, PostMode, Settings
from infra.local.studio.state import hash_of


@dataclass(frozen=True)
class StudioHandle:
    """A running local AI Studio: where it is, what it accepts, and its control plane."""

    base_url: str
    realtime_url: str
    folder_id: str
    api_key: str
    realtime_model: str
    server: Server
    control: httpx.Client

    @property
    def pid(self) -> int:
        """Its process."""
        return self.server.pid

    @property
    def headers(self) -> dict[str, str]:
        """The headers that every REST call needs."""
        return {"Authorization": f"Api-Key {self.api_key}", "OpenAI-Project": self.folder_id}

    @property
    def realtime_model_uri(self) -> str:
        """The `model` of a WebSocket session."""
        return f"gpt://{self.folder_id}/{self.realtime_model}"

    def seed(self, *response_ids: str, **fields: Any) -> None:
        """Store responses under these ids, with these fields of theirs in place of the usual ones.

        A `status` that is not the last one stays: until a cancel, where `background` is true. `input` is what was asked.
        """
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

    def frames(self) -> list[dict[str, Any]]:
        """The Realtime API's client events, oldest first, over both transports. Shape: `state.Frame`."""
        return self._ask("GET", "frames")  # type: ignore[no-any-return]  # as above

    def creates(self, text: str) -> list[dict[str, Any]]:
        """The calls that created, or tried to create, a response to an input of this text."""
        return [call for call in self.requests() if call["input_hash"] == hash_of(text)]

    def fault(self, **fault: Any) -> None:
        """Arm a fault: the fields of `HttpFault`, with `response=` of `ResponseFault`, with `realtime=` of `RealtimeFault`."""
        self._ask("POST", "faults", fault)

    def faults(self, faults: list[dict[str, Any]]) -> None:
        """Arm several, in this order."""
        self._ask("POST", "faults", faults)

    def clear_faults(self) -> None:
        """Disarm all faults."""
        self._ask("DELETE", "faults")

    def realtime_post(self, mode: PostMode, event_id: str | None = None) -> None:
        """Choose how the POST form of client events is answered: to all events, or to one."""
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
def running_studio(settings: Settings | None = None, port: int = 0) -> Iterator[StudioHandle]:
    """Run a local AI Studio until the block ends, on this port where it is free.

    Raises DidNotStart.
    """
    given = settings or Settings()

    def start(listener: socket.socket) -> Leashed:
        arguments = [f"--fd={listener.fileno()}", *_flags(given)]
        return Leashed("infra.local.studio", arguments, handed_on(), inherit=[listener.fileno()])

    with serving("the local AI Studio", "/_local/responses", port, start) as server:
        at = f"{HOST}:{server.port}"
        with httpx.Client(base_url=f"http://{at}/_local", timeout=10, trust_env=False) as control:
            yield StudioHandle(
                base_url=f"http://{at}/v1",
                realtime_url=f"ws://{at}/v1/realtime",
                folder_id=given.folder_id,
                api_key=given.keys[0],
                realtime_model=given.realtime_model,
                server=server,
                control=control,
            )


def _flags(settings: Settings) -> list[str]:
    named = {
        "--folder": settings.folder_id,
        "--realtime-model": settings.realtime_model,
        "--realtime-post": settings.realtime_post,
        "--latency": settings.latency,
        "--keepalive": settings.keepalive,
        "--seed": settings.seed,
        "--background-polls": settings.background_polls,
    }
    return [f"{name}={value}" for name, value in named.items()] + [f"--key={key}" for key in settings.keys]
