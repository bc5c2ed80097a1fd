"""A Realtime server that follows a script, on the library's own server: each connection is one call of the script."""

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

Event = dict[str, Any]


@dataclass
class Service:
    """What the server was asked, over all connections."""

    url: str = ""
    handshakes: list[Request] = field(default_factory=list)
    frames: list[Event] = field(default_factory=list)
    closes: list[int | None] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    off_script: list[AssertionError] = field(default_factory=list)

    @property
    def asked(self) -> list[Event]:
        """The response.create frames seen."""
        return [frame for frame in self.frames if frame["type"] == "response.create"]


@dataclass
class Session:
    """The server's end of one connection."""

    connection: ServerConnection
    service: Service

    def emit(self, kind: str, **fields: Any) -> None:
        self.connection.send(json.dumps({"type": kind, "event_id": "event_x", **fields}))

    def take(self, kind: str) -> Event:
        frame = json.loads(self.connection.recv(timeout=60))
        self.service.frames.append(frame)
        assert frame["type"] == kind
        return dict(frame)

    def open(self) -> Event:
        """Begin as the service does; returns the session.update."""
        self.emit("session.created", session={})
        update = self.take("session.update")
        self.emit("session.updated", session={})
        self.emit("session.updated", session={})  # as seen live
        return update

    def take_item(self) -> Event:
        frame = self.take("conversation.item.create")
        item = {"id": f"item_{len(self.service.frames)}", **frame["item"]}
        for name in ("added", "created", "done"):
            self.emit(f"conversation.item.{name}", item=item)
        return frame

    def asked(self) -> Event:
        return self.take("response.create")

    def created(self, response_id: str = "resp_1") -> None:
        self.emit("response.created", response={"id": response_id, "status": "in_progress", "output": []})

    def done(self, response_id: str = "resp_1", status: str = "completed", **fields: Any) -> None:
        self.emit("response.done", response={"id": response_id, "status": status, "output": [], **fields})

    def text(self, kind: str, value: str, response_id: str = "resp_1") -> None:
        """A delta or the done of text, transcript or audio: `output_text.delta` and so on."""
        name = "delta" if kind.endswith("delta") else "transcript" if "transcript" in kind else "text"
        self.emit(f"response.{kind}", response_id=response_id, item_id="i", content_index=0, **{name: value})

    def drop(self) -> None:
        """End the connection without a close frame."""
        self.connection.socket.shutdown(socket.SHUT_RDWR)

    def until_closed(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.service.frames.append(json.loads(self.connection.recv(timeout=60)))


Script = Callable[[Session], None]
Gate = Callable[[ServerConnection, Request], Response | None]


@contextlib.contextmanager
def ws_server(script: Script, gate: Gate | None = None, **kwargs: Any) -> Iterator[Service]:
    service = Service()
    logger = logging.getLogger("tests.wsserver")
    logger.setLevel(logging.CRITICAL)

    def admit(connection: ServerConnection, request: Request) -> Response | None:
        service.handshakes.append(request)
        return gate(connection, request) if gate else None

    def follow(connection: ServerConnection) -> None:
        try:
            script(Session(connection, service))
            if connection.close_code is None:
                with contextlib.suppress(ConnectionClosed, TimeoutError):
                    connection.recv(timeout=60)
        except (ConnectionClosed, OSError):
            pass  # clients that give up are what tests are about
        except AssertionError as error:
            service.off_script.append(error)
        finally:
            connection.close()
            service.closes.append(connection.close_code)

    server = serve(
        follow, "127.0.0.1", 0, process_request=admit, logger=logger, close_timeout=0.5, ping_interval=None, **kwargs
    )
    server.SHUTDOWN_POLLING_INTERVAL = 0.005
    scheme = "wss" if "ssl" in kwargs else "ws"
    host = "localhost" if "ssl" in kwargs else "127.0.0.1"
    service.url = f"{scheme}://{host}:{server.socket.getsockname()[1]}/v1/realtime"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.stopping.set()
        server.shutdown()
        thread.join(60)
        assert not thread.is_alive()
    assert service.off_script == []
