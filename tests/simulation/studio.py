"""AI Studio behind an HTTP transport: what is stored, what was billed, and every way in which an answer goes missing."""

import json
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from tests.simulation.plan import CONTENT

if TYPE_CHECKING:
    from aistudio.network import Flight
    from tests.simulation.world import World

URL = "https://studio.test/v1"
_DELETED = httpx.Headers({"content-type": "application/json"})
_ERRORS = {"lost": httpx.ReadError, "slow": httpx.ReadTimeout, "no connection": httpx.ConnectError}
UNKNOWN = frozenset({"lost", "lost after", "slow", "slow after", "500", "500 after", "503 wait after", "503 wait 2"})
"""After these, the caller of a call that must not repeat can't know whether it happened."""


class Studio(httpx.BaseTransport):
    """The service. A fault's name says what comes back; one that ends in "after" does so once the effect is there."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.gone: set[str] = set(world.plan.absent)
        self.gone_at: dict[str, float] = {}
        self.gone_at_step: dict[str, int] = {}
        self.billed: Counter[str] = Counter()
        self.billed_bodies: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, which is begun now and arrives when the scheduler says."""
        method, path = request.method, request.url.path
        flight: Flight = request.extensions["flight"]
        if method == "POST":
            body = request.read()
            key = json.loads(body)["event_id"]
            return self._world.perform("POST", f"POST {key}", partial(self._create, key, body.decode(), flight))
        response_id = path.rpartition("/")[2]
        self._world.checker.begins(method, response_id)
        effect = partial(self._delete if method == "DELETE" else self._look, response_id, flight)
        return self._world.perform(method, f"{method} {response_id}", effect)

    def _create(self, key: str, body: str, flight: "Flight", fault: str) -> httpx.Response:
        self.calls[key] += 1
        fault = self._in_time(fault, flight)
        if not fault or fault.endswith("after"):
            self.billed[key] += 1
            self.billed_bodies.add(body)
            self._world.checker.billed(key)
        self._note_unknown(key, fault)
        done = {"type": "response.done", "response": {"id": f"resp_{key}", "status": "completed", "output": []}}
        return self._answer(fault, flight, {**done, "instructions": CONTENT})

    def _delete(self, response_id: str, flight: "Flight", fault: str) -> httpx.Response:
        self.calls[response_id] += 1
        fault = self._in_time(fault, flight)
        if fault and not fault.endswith("after"):
            self._note_unknown(response_id, fault)
            return self._answer(fault, flight, {})
        if response_id in self.gone:
            return self._answer(fault or "404", flight, {})
        self.gone.add(response_id)
        self.gone_at[response_id] = self._world.t
        self.gone_at_step[response_id] = self._world.steps
        self._world.checker.deleted(response_id)
        self._note_unknown(response_id, fault)
        return self._answer(fault, flight, {"id": response_id, "deleted": True})

    def _look(self, response_id: str, flight: "Flight", fault: str) -> httpx.Response:
        fault = self._in_time(fault, flight)
        return self._answer(
            fault or ("404" if response_id in self.gone else ""), flight, {"id": response_id, "text": CONTENT}
        )

    def _in_time(self, fault: str, flight: "Flight") -> str:
        """The fault, where the request arrives in its time; a call's own duration passes first."""
        if self._world.plan.slow_call:
            self._world.sleep(self._world.plan.slow_call)
        return "slow" if self._world.t > flight.deadline else fault

    def _answer(self, fault: str, flight: "Flight", body: dict[str, Any]) -> httpx.Response:
        if fault.startswith("slow"):
            self._world.sleep(flight.deadline - self._world.t)
        return _answer(fault, body)

    def _note_unknown(self, key: str, fault: str) -> None:
        if fault in UNKNOWN or fault in ("404 html", "409", "not deleted"):
            self.unknown[key] += 1


def _answer(fault: str, body: dict[str, Any]) -> httpx.Response:
    word, _, rest = fault.partition(" ")
    if not word.isdigit():
        error = _ERRORS.get(fault) or _ERRORS.get(word)
        if error is not None:
            raise error("simulated")
        if fault == "not deleted":
            body = {"deleted": False}
        return httpx.Response(200, headers=_DELETED, content=json.dumps(body).encode())
    if rest == "html":
        return httpx.Response(int(word), content=b"<html>not here</html>")
    headers = {"retry-after": rest.rpartition(" ")[2]} if rest.startswith("wait") else {}
    if rest == "wait after":
        headers = {"retry-after": "1"}
    told = {"error": {"message": CONTENT, "type": "planted", "code": None}}
    return httpx.Response(int(word), headers=headers, content=json.dumps(told).encode())
