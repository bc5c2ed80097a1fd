"""AI Studio behind an HTTP transport: what is stored, what was billed, and every way in which an answer goes missing."""

import json
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from tests.simulation.budgets import Call
from tests.simulation.plan import CONTENT

if TYPE_CHECKING:
    from aistudio.network.deadline import Exchange
    from tests.simulation.world import World

URL = "https://studio.test/v1"
_DELETED = httpx.Headers({"content-type": "application/json"})
_ERRORS = {"lost": httpx.ReadError, "slow": httpx.ReadTimeout, "no connection": httpx.ConnectError}
_UNKNOWN = frozenset({"lost", "lost after", "slow", "slow after", "500", "500 after", "409", "not deleted"})
"""After these, the caller can't know whether it happened; where it must not happen twice, after any 503 neither."""


class Studio(httpx.BaseTransport):
    """The service. A fault's name says what comes back; one that ends in "after" does so once the effect is there."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.gone: set[str] = set(world.plan.absent)
        self.gone_at: dict[str, float] = {}
        self.billed: Counter[str] = Counter()
        self._broken: set[Call] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, which is begun now and arrives when the scheduler says."""
        method, path = request.method, request.url.path
        exchange: Exchange = request.extensions["exchange"]
        key = path.rpartition("/")[2] if method != "POST" else _asked_by(json.loads(request.read()))
        call = self._call(exchange)
        if call not in self._broken:  # else it is the second request of a call whose connection broke, at once
            self._world.checker.begins(method, key)
        self._broken.discard(call)
        effect = partial({"POST": self._create, "DELETE": self._delete, "GET": self._look}[method], key, exchange)
        return self._world.perform(method, f"{method} {key}", effect)

    def _call(self, exchange: "Exchange") -> Call:
        return (self._world.current.name, exchange.deadline)

    def _create(self, key: str, exchange: "Exchange", fault: str) -> httpx.Response:
        fault = self._in_time(fault, exchange)
        unknown = fault in _UNKNOWN or fault.startswith("503")
        if not fault or fault.endswith("after"):
            self.billed[key] += 1
        elif not unknown:
            self._world.checker.budgets.create_refused(key)
        self._world.checker.budgets.counts(key, self._call(exchange), unknown=unknown)
        done = {"type": "response.done", "response": {"id": f"resp_{key}", "status": "completed", "output": []}}
        return self._answer(fault, exchange, {**done, "instructions": CONTENT})

    def _delete(self, response_id: str, exchange: "Exchange", fault: str) -> httpx.Response:
        fault = self._in_time(fault, exchange)
        happens = (not fault or fault.endswith("after")) and response_id not in self.gone
        if happens:
            self.gone.add(response_id)
            self.gone_at[response_id] = self._world.t
            self._world.checker.deleted(response_id)
        self._world.checker.budgets.counts(response_id, self._call(exchange), unknown=fault in _UNKNOWN)
        return self._answer(fault or ("" if happens else "404"), exchange, {"id": response_id, "deleted": True})

    def _look(self, response_id: str, exchange: "Exchange", fault: str) -> httpx.Response:
        fault = self._in_time(fault, exchange)
        if not fault and response_id not in self.gone:
            self._world.checker.found(response_id)
        self._world.checker.budgets.counts(response_id, self._call(exchange), unknown=fault in _UNKNOWN)
        return self._answer(
            fault or ("404" if response_id in self.gone else ""), exchange, {"id": response_id, "text": CONTENT}
        )

    def _in_time(self, fault: str, exchange: "Exchange") -> str:
        """The fault, where the request arrives in its time; a call's own duration passes first."""
        if self._world.plan.slow_call:
            self._world.sleep(self._world.plan.slow_call)
        return "slow" if self._world.t > exchange.deadline else fault

    def _answer(self, fault: str, exchange: "Exchange", body: dict[str, Any]) -> httpx.Response:
        if fault.startswith("slow"):
            self._world.sleep(exchange.deadline - self._world.t)
        if fault.startswith("lost"):
            self._broken.add(self._call(exchange))
        return _answer(fault, body)


def _asked_by(event: dict[str, Any]) -> str:
    """The key of a create, which need not say it as its `event_id`."""
    key: str = event["response"]["instructions"].rpartition(" ")[2]
    return key


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
    message = f"No such response: {CONTENT}" if word == "404" else CONTENT
    told = {"error": {"message": message, "type": "planted", "code": None}}
    return httpx.Response(int(word), headers=headers, content=json.dumps(told).encode())
