"""Realtime sessions of AI Studio: frames that take effect or not, and every way in which one ends before its outcome."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close
from websockets.http11 import Response
from websockets.protocol import State

from aistudio.realtime.connection import Refused
from tests.simulation.messages import CONTENT

if TYPE_CHECKING:
    from aistudio.network.deadline import Exchange
    from tests.simulation.world import World

_ASKS = "response.create"


@contextmanager
def connected(world: "World", exchange: "Exchange") -> Iterator["Session"]:
    """Open a session, as `aistudio.realtime.connection.connected` does."""
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
        self._call = (world.current.name, exchange.deadline)
        self._events: deque[Mapping[str, Any]] = deque([{"type": "session.created", "session": {}}])
        self._key = ""  # of the create that was sent, and whose outcome is not known
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
        """Send a frame; only what asks for a response can be seen by others."""
        event = json.loads(frame)
        asks = event["type"] == _ASKS
        if asks:
            content, self._key = event["response"]["instructions"].split(" ")[2:]
            self._world.checker.begins("POST", self._key, content)
        label = f"sends {event['type']} {self._key if asks else ''}".rstrip()
        self._world.perform("FRAME" if asks else "EVENT", label, partial(self._send, event), private=not asks)

    def _send(self, event: Mapping[str, Any], fault: str) -> None:
        if fault != "lost":
            self._takes(event, fault)
        if fault.startswith(("lost", "closed")):
            self._close()

    def _takes(self, event: Mapping[str, Any], fault: str) -> None:
        """Let the service do what a frame asks for, or say that it does not."""
        if event["type"] == "session.update":
            self._events.append({"type": "session.updated", "session": {}})
        elif event["type"] == "conversation.item.create":
            self._events.append({"type": "conversation.item.created", "item": event["item"]})
        elif fault.isdigit():
            told = {"type": "planted", "code": fault, "message": CONTENT, "event_id": event["event_id"]}
            self._events.append({"type": "error", "error": told})
        else:
            self._world.studio.billed[self._key] += 1
            response = {"id": f"resp_{self._key}", "status": "in_progress", "output": [], "instructions": CONTENT}
            self._events.append({"type": "response.created", "response": response})
            self._events.append({"type": "response.done", "response": {**response, "status": "completed"}})

    def recv(self, timeout: float, *, decode: bool) -> bytes:
        """Receive the next event."""
        event = self._world.perform("EVENT", "receives an event", self._next, private=True)
        if event is None:
            self._world.sleep(timeout)
            raise TimeoutError
        if event["type"] == "error":
            self._refused(event["error"]["code"])
            self._ended(refused=True)
        if event["type"] == "response.done":
            self._ended()
        return json.dumps(event).encode()

    def _next(self, fault: str) -> Mapping[str, Any] | None:
        if fault.startswith("closed"):
            self._close(int(fault.partition(" ")[2] or 0))
        return None if fault == "slow" or not self._events else self._events.popleft()

    def _close(self, code: int = 0) -> None:
        self.state, self.close_code = State.CLOSED, code or None
        if code and not self._key:
            self._refused("403")
        raise ConnectionClosedError(Close(code, "") if code else None, None)

    def _refused(self, status: str) -> None:
        process = self._world.current.process
        process.answers.add(status)
        if status == "403":
            process.denied.add(self._call[0])
        process.closed = process.closed or status == "429"

    def _ended(self, *, refused: bool = False) -> None:
        """Note that the outcome of the create is known."""
        self._world.checker.calls.create_ended(self._key, refused=refused)
        self._world.checker.calls.counts(self._key, self._call, unknown=False)
        self._key = ""

    def closed(self) -> None:
        """Note that the session is over; what was asked for, and not answered, may have happened."""
        if self._key:
            self._world.checker.calls.create_ended(self._key, refused=False)
            self._world.checker.calls.counts(self._key, self._call, unknown=True)
