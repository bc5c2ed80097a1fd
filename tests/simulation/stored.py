"""Stored responses of AI Studio: created plainly, as a stream or in the background; got, cancelled and deleted."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from tests.simulation.messages import CONTENT

if TYPE_CHECKING:
    from aistudio.network.deadline import Exchange
    from tests.simulation.studio import Studio
    from tests.simulation.world import World

_POLLS = 2
"""Looks at a response in the background that find it unfinished."""
_IN_PROGRESS, _COMPLETED, _CANCELLED = "in_progress", "completed", "cancelled"


@dataclass(slots=True)
class _Response:
    body: dict[str, Any]
    polls: int
    gone: bool = False


class Stored:
    """What is stored; each create makes a response of its own, however often it is repeated."""

    def __init__(self, world: "World", studio: "Studio") -> None:
        self._world = world
        self._studio = studio
        self.responses = {name: _Response(_stored(name), 0, name in world.plan.absent) for name in world.plan.stores}

    def handle(self, request: httpx.Request, exchange: "Exchange") -> httpx.Response:
        """Carry out one request, once the scheduler says."""
        response_id, _, action = request.url.path.partition("/responses")[2].strip("/").partition("/")
        if not response_id:
            return self._studio.created(json.loads(request.read()), exchange)
        self._world.checker.calls.may_begin()
        if request.method == "DELETE":
            self._world.checker.retained.begins(response_id)
        kind = "POST" if action == "cancel" else request.method
        effect = partial({"GET": self._get, "POST": self._cancel, "DELETE": self._delete}[kind], response_id, exchange)
        return self._world.perform("CANCEL" if action else kind, f"{kind} {response_id} {action}".strip(), effect)

    def make(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Make the response that a create asks for."""
        name = f"resp_{len(self.responses) - len(self._world.plan.stores) + 1}"
        background = asked.get("background") is True
        body: dict[str, Any] = {
            "id": name,
            "object": "response",
            "status": _IN_PROGRESS if background else _COMPLETED,
            "output": [],
        }
        body |= {"background": background, "instructions": CONTENT}
        self.responses[name] = _Response(body, _POLLS if background else 0)
        return body

    def _get(self, response_id: str, exchange: "Exchange", fault: str) -> httpx.Response:
        found = self.responses[response_id]
        if not fault and not found.gone:
            self._world.checker.found(response_id)
        if not fault and found.body["status"] == _IN_PROGRESS:
            found.polls -= 1
            found.body["status"] = _IN_PROGRESS if found.polls >= 0 else _COMPLETED
        return self._answer(fault, response_id, exchange)

    def _cancel(self, response_id: str, exchange: "Exchange", fault: str) -> httpx.Response:
        found = self.responses[response_id]
        if (not fault or fault.endswith("after")) and found.body["status"] == _IN_PROGRESS:
            found.body["status"] = _CANCELLED
        return self._answer(fault, response_id, exchange)

    def _delete(self, response_id: str, exchange: "Exchange", fault: str) -> httpx.Response:
        found = self.responses[response_id]
        if found.body["status"] == _IN_PROGRESS:
            return self._studio.answer("409", response_id, exchange, {})
        was_gone = found.gone
        if not fault and not was_gone and response_id in self._world.plan.refused:
            fault = "400"
        found.gone = found.gone or not fault or fault.endswith("after")
        if found.gone and not was_gone:
            self._world.checker.retained.deleted(response_id)
        if was_gone and not fault:
            return self._studio.answer("404", response_id, exchange, {})
        return self._studio.answer(fault, response_id, exchange, {"id": response_id, "deleted": True})

    def _answer(self, fault: str, response_id: str, exchange: "Exchange") -> httpx.Response:
        found = self.responses[response_id]
        return self._studio.answer(fault or ("404" if found.gone else ""), response_id, exchange, dict(found.body))


def _stored(name: str) -> dict[str, Any]:
    """A response that another application has stored."""
    return {"id": name, "object": "response", "status": _COMPLETED, "output": [], "instructions": CONTENT}


def as_stream(body: dict[str, Any], *, cut: bool) -> httpx.Response:
    """The answer to a create as a stream of events, which may be cut behind the one that names the response."""
    begun = {"type": "response.created", "response": {**body, "status": _IN_PROGRESS}}
    events = [begun] if cut else [begun, {"type": f"response.{body['status']}", "response": body}]
    headers = [("content-type", "text/event-stream")]
    return httpx.Response(
        200, headers=headers, stream=_Events([f"data: {json.dumps(each)}\n\n" for each in events], cut)
    )


class _Events(httpx.SyncByteStream):
    def __init__(self, events: list[str], cut: bool) -> None:
        self._events = events
        self._cut = cut

    def __iter__(self) -> Iterator[bytes]:
        for event in self._events:
            yield event.encode()
        if self._cut:
            raise httpx.ReadError("simulated")
