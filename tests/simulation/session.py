"""Realtime sessions of AI Studio: frames that take effect or not, and all ways to end before an outcome."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close
from websockets.http11 import Response
from websockets.protocol import State

from aistudio.realtime.opening import Refused
from tests.simulation.asked import BILLED, Asked
from tests.simulation.messages import CONTENT

if TYPE_CHECKING:
    from aistudio.network.deadline import Exchange
    from tests.simulation.world import World


@contextmanager
def connected(world: "World", exchange: "Exchange") -> Iterator["Session"]:
    """Open a session, as `aistudio.realtime.opening.connected` does."""
    session = Session(world, exchange)
    try:
        session.open()
        yield session
    finally:
        session.closed()


class Session:
    """One session, as its client sees it: what it sends, what it can receive, and whether it is open still."""

    response = None

    def __init__(self, world: "World", exchange: "Exchange") -> None:
        self._world = world
        self._asked = Asked(world, (world.current.name, exchange.deadline))
        self._events: deque[Mapping[str, Any]] = deque([{"type": "session.created", "session": {}}])
        self._shown: dict[str, Any] = {}
        self._names: dict[str, str] = {}  # of the client events that began what the service names, by its ids
        self.state = State.OPEN
        self.close_code: int | None = None

    def open(self) -> None:
        """Shake hands."""
        self._world.checker.calls.may_begin()
        self._world.perform("OPEN", "opens a session", self._open, private=True)

    def _open(self, fault: str) -> None:
        if fault == "no connection":
            raise OSError("simulated")
        if fault:
            self._refused(fault)
            raise Refused(Response(int(fault), "", Headers(), b"{}"))

    def send(self, frame: bytes, *, text: bool) -> None:
        """Send a frame; only what is billed can be seen by others."""
        event = json.loads(frame)
        billed = event["type"] in BILLED
        if billed:
            self._asked.sends(event)
        label = f"sends {event['type']} {self._asked.key if billed else ''}".rstrip()
        self._world.perform("FRAME" if billed else "EVENT", label, partial(self._send, event), private=not billed)

    def _send(self, event: Mapping[str, Any], fault: str) -> None:
        if fault != "lost":
            self._takes(event, fault)
        if fault.startswith(("lost", "closed")):
            self._close()

    def _takes(self, event: Mapping[str, Any], fault: str) -> None:
        """Let the service do what a frame asks for, or say that it does not."""
        if event["type"] in BILLED and fault.isdigit():
            self._complains(event, fault)
            return
        if event["type"] in BILLED:
            self._asked.takes(event)
        answers = _ANSWERS.get(event["type"])
        if answers is not None:
            answers(self, event)

    def _complains(self, event: Mapping[str, Any], code: str) -> None:
        told = {"type": "planted", "code": code, "message": CONTENT, "event_id": event["event_id"]}
        self._events.append({"type": "error", "error": told})

    def _update(self, event: Mapping[str, Any]) -> None:
        if event["session"].get("voice") == "refused":
            self._asked.refuses(event)
            self._complains(event, "400")
            return
        self._shown |= event["session"]
        self._events.extend([{"type": "session.updated", "session": dict(self._shown)}] * 2)  # as seen live

    def _put(self, event: Mapping[str, Any]) -> None:
        item = {"id": f"item_{event['event_id']}", **event["item"]}
        self._events.append({"type": "conversation.item.created", "item": item})

    def _look(self, event: Mapping[str, Any]) -> None:
        item = {"id": event["item_id"], "type": "message"}
        self._events.append({"type": "conversation.item.retrieved", "item": item})

    def _commit(self, event: Mapping[str, Any]) -> None:
        item_id = f"sound_{event['event_id']}"
        self._names[item_id] = event["event_id"]
        self._events.append({"type": "input_audio_buffer.committed", "item_id": item_id})

    def _respond(self, event: Mapping[str, Any]) -> None:
        response_id = f"resp_{event['event_id']}"
        self._names[response_id] = event["event_id"]
        response = {"id": response_id, "status": "in_progress", "output": [], "instructions": CONTENT}
        self._events.append({"type": "response.created", "response": response})
        self._events.append({"type": "response.done", "response": {**response, "status": "completed"}})

    def _cancel(self, event: Mapping[str, Any]) -> None:
        if not self._events or self._events[-1]["type"] != "response.done":
            self._complains(event, "400")
            return
        self._events[-1]["response"]["status"] = "cancelled"

    def recv(self, timeout: float, *, decode: bool) -> bytes:
        """Receive the next event."""
        event = self._world.perform("EVENT", "receives an event", self._next, private=True)
        if event is None:
            self._world.sleep(timeout)
            raise TimeoutError
        if event["type"] == "error" and self._asked.told(event["error"]["event_id"]):
            self._refused(event["error"]["code"])
        if event["type"] == "response.done":
            self._asked.answered(self._names[event["response"]["id"]])
        if event["type"] == "input_audio_buffer.committed":
            self._asked.answered(self._names[event["item_id"]])
        return json.dumps(event).encode()

    def _next(self, fault: str) -> Mapping[str, Any] | None:
        if fault.startswith("closed"):
            self._close(int(fault.partition(" ")[2] or 0))
        if fault == "slow":
            self._asked.unheard()
            return None
        return self._events.popleft() if self._events else None

    def _close(self, code: int = 0) -> None:
        self.state, self.close_code = State.CLOSED, code or None
        if code and not self._asked.key:
            self._refused("403")
        raise ConnectionClosedError(Close(code, "") if code else None, None)

    def _refused(self, status: str) -> None:
        process = self._world.current.process
        process.answers.add(status)
        if status == "403":
            process.denied.add(self._world.current.name)
        process.closed = process.closed or status == "429"

    def closed(self) -> None:
        """Note that the session is over."""
        self._asked.over(broken=self.state is not State.OPEN)


_ANSWERS: Mapping[str, Callable[[Session, Mapping[str, Any]], None]] = {
    "session.update": Session._update,
    "conversation.item.create": Session._put,
    "conversation.item.retrieve": Session._look,
    "input_audio_buffer.commit": Session._commit,
    "response.create": Session._respond,
    "response.cancel": Session._cancel,
}
