"""AI Studio behind an HTTP transport: what is stored, what was billed, and every way to lose an answer."""

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from tests.simulation.calls import Call
from tests.simulation.messages import BEGUN, CONTENT
from tests.simulation.stored import Stored, as_stream

if TYPE_CHECKING:
    from aistudio.network.deadline import Exchange
    from tests.simulation.world import World

URL = "https://studio.test/v1"
Effect = Callable[[str], httpx.Response]
_JSON = httpx.Headers({"content-type": "application/json"})
_ERRORS = {"lost": httpx.ReadError, "slow": httpx.ReadTimeout, "no connection": httpx.ConnectError}
_UNKNOWN = frozenset({"lost", "lost after", "slow", "slow after", "500", "500 after", "409", "not deleted"})
"""After these, the caller can't know whether it happened; where it must not happen twice, after any 503 neither."""
_BUGS = frozenset({"bug", "bug after"})
_LARGE = "planted content " * 200


class Studio(httpx.BaseTransport):
    """The service. A fault's name says what comes back; one that ends in "after" does so once the effect is there.

    A bug is none of the service's: it stands for a defect in the function's own call.
    """

    def __init__(self, world: "World") -> None:
        self._world = world
        self.absent: set[str] = set(world.plan.absent)
        self.gone: set[str] = set(world.plan.absent)
        self.gone_at: dict[str, float] = {}
        self.billed: Counter[str] = Counter()
        self.stored = Stored(world, self)
        self._broken: set[Call] = set()
        self._taken = 0  # calls that it is at now

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request, which is begun now and arrives when the scheduler says."""
        method, path = request.method, request.url.path
        exchange: Exchange = request.extensions["exchange"]
        if self._world.plan.function == "respond":
            return self.stored.handle(request, exchange)
        key, content = path.rpartition("/")[2], ""
        if method == "POST":
            content, key = json.loads(request.read())["response"]["instructions"].split(" ")[2:]
        call = self._call(exchange)
        if call not in self._broken:  # else it is the second request of a call whose connection broke, at once
            self._world.checker.calls.may_begin()
            self._world.checker.begins(method, key, content)
        self._broken.discard(call)
        effect = partial({"POST": self._create, "DELETE": self._delete, "GET": self._look}[method], key, exchange)
        return self._within_quota(partial(self._world.perform, method, f"{method} {key}"), effect)

    def _within_quota(self, perform: Callable[[Effect], httpx.Response], effect: Effect) -> httpx.Response:
        """Carry out a call, or refuse it where as many as may be are under way."""
        if 0 < self._world.plan.quota <= self._taken:
            return perform(lambda fault: effect(fault or "429"))
        self._taken += 1
        try:
            return perform(effect)
        finally:
            self._taken -= 1

    def _call(self, exchange: "Exchange") -> Call:
        return (self._world.current.name, exchange.deadline)

    def created(self, asked: dict[str, Any], exchange: "Exchange") -> httpx.Response:
        """A request for a response that is stored."""
        content, key = asked["instructions"].split(" ")[2:]
        self._world.checker.calls.may_begin()
        self._world.checker.begins("POST", key, content)
        return self._world.perform("POST", f"POST {key}", partial(self._store, key, asked, exchange))

    def _store(self, key: str, asked: dict[str, Any], exchange: "Exchange", fault: str) -> httpx.Response:
        body: dict[str, Any] = {}
        if not fault or fault.endswith("after"):
            self.billed[key] += 1
            body = self.stored.make(asked)
        unknown = fault in _UNKNOWN or fault.startswith("503")
        refused = bool(fault) and not unknown and fault not in _BUGS and not fault.endswith("after")
        self._world.checker.calls.create_ended(key, refused=refused)
        self._world.checker.calls.counts(key, self._call(exchange), unknown=unknown)
        if asked.get("stream") and fault in ("", "lost after"):
            return as_stream(body, cut=bool(fault))
        return self.answer(fault, key, exchange, body)

    def _create(self, key: str, exchange: "Exchange", fault: str) -> httpx.Response:
        fault = self._in_time(fault, key, exchange)
        if not fault or fault.endswith("after"):
            self.billed[key] += 1
        unknown = fault in _UNKNOWN or fault.startswith("503")
        refused = bool(fault) and not unknown and fault not in _BUGS and not fault.endswith("after")
        self._world.checker.calls.create_ended(key, refused=refused)
        self._world.checker.calls.counts(key, self._call(exchange), unknown=unknown)
        response = {"id": f"resp_{key}", "status": "completed", "output": [], "instructions": CONTENT}
        if self._world.plan.large:
            response["text"] = _LARGE
        return self.answer(fault, key, exchange, {"type": "response.done", "response": response})

    def _delete(self, response_id: str, exchange: "Exchange", fault: str) -> httpx.Response:
        fault = self._in_time(fault, response_id, exchange)
        happens = (not fault or fault.endswith("after")) and response_id not in self.gone
        if happens:
            self.gone.add(response_id)
            self.gone_at[response_id] = self._world.t
            self._world.checker.holds.deleted(response_id)
        self._world.checker.calls.counts(response_id, self._call(exchange), unknown=fault in _UNKNOWN)
        if happens and not fault:
            self._world.checker.calls.deleted(response_id)
        answer = fault or ("" if happens else "404")
        return self.answer(answer, response_id, exchange, {"id": response_id, "deleted": True})

    def _look(self, response_id: str, exchange: "Exchange", fault: str) -> httpx.Response:
        fault = self._in_time(fault, response_id, exchange)
        if not fault and response_id not in self.gone:
            self._world.checker.found(response_id)
        self._world.checker.calls.counts(response_id, self._call(exchange), unknown=fault in _UNKNOWN)
        answer = fault or ("404" if response_id in self.gone else "")
        return self.answer(answer, response_id, exchange, {"id": response_id, "text": CONTENT})

    def _in_time(self, fault: str, key: str, exchange: "Exchange") -> str:
        """The fault, where the request arrives in its time; a call's own duration passes first."""
        if self._world.plan.slow_call:
            self._world.sleep(self._world.plan.slow_call)
        if key in self._world.plan.denied:
            return "403"
        if self._world.t < BEGUN + self._world.plan.retired:
            return "400"
        return "slow" if self._world.t > exchange.deadline else fault

    def answer(self, fault: str, key: str, exchange: "Exchange", body: dict[str, Any]) -> httpx.Response:
        """Answer with this body, or as the fault has it."""
        if fault.startswith("slow"):
            self._world.sleep(exchange.deadline - self._world.t)
        if fault.startswith("lost"):
            self._broken.add(self._call(exchange))
        if fault in _BUGS:
            self._world.bugs += 1
            raise RuntimeError(CONTENT)
        self._world.current.process.answers.add(fault)
        if fault in ("401", "403"):
            self._world.current.process.denied.add(key)
        if fault.startswith("429") and not fault.endswith("wait 2"):
            self._world.current.process.closed = True
        return _answer(fault, body)


def _answer(fault: str, body: dict[str, Any]) -> httpx.Response:
    word, _, rest = fault.partition(" ")
    if not word.isdigit():
        error = _ERRORS.get(fault) or _ERRORS.get(word)
        if error is not None:
            raise error("simulated")
        if fault == "not deleted":
            body = {"deleted": False}
        return httpx.Response(200, headers=_JSON, content=json.dumps(body).encode())
    if rest == "html":
        return httpx.Response(int(word), content=b"<html>not here</html>")
    headers = {"retry-after": rest.rpartition(" ")[2]} if rest.startswith("wait") else {}
    if rest == "wait after":
        headers = {"retry-after": "1"}
    message = f"No such response: {CONTENT}" if word == "404" else CONTENT
    told = {"error": {"message": message, "type": "planted", "code": None}}
    return httpx.Response(int(word), headers=headers, content=json.dumps(told).encode())
