"""A proxy before the queue and table server that can keep one API call waiting, on its way there or on its way back."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
HOP_BY_HOP = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}

Document = Mapping[str, Any]


@dataclass(eq=False)
class Hold:
    """One API call to come: the first of this operation whose document fits.

    With `applied` the server has carried it out, and its answer is kept; else the call itself is. `reached` is set
    when it waits here, until `go` lets it on or `drop` forgets it.
    """

    operation: str
    fits: Callable[[Document], bool]
    applied: bool
    reached: threading.Event = field(default_factory=threading.Event)
    _decided: threading.Event = field(default_factory=threading.Event)
    _dropped: bool = False

    def go(self) -> None:
        """Let it on."""
        self._decided.set()

    def drop(self) -> None:
        """Forget it: who sent it is dead."""
        self._dropped = True
        self._decided.set()

    def wait(self) -> bool:
        """Wait here; whether it goes on."""
        self.reached.set()
        self._decided.wait()
        return not self._dropped


class Proxy(ThreadingHTTPServer):
    """Forwards everything to the server on `port`, but for what is held."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int) -> None:
        super().__init__((HOST, 0), _Handler)
        self.port = port
        self._armed: list[Hold] = []
        self._holds: list[Hold] = []
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """Its URL, for the settings of a function."""
        return f"http://{HOST}:{self.server_port}"

    def hold(self, operation: str, fits: Callable[[Document], bool], *, applied: bool = False) -> Hold:
        """Keep the next such call."""
        hold = Hold(operation, fits, applied)
        with self._lock:
            self._armed.append(hold)
            self._holds.append(hold)
        return hold

    def take(self, operation: str, document: Document) -> Hold | None:
        """The hold for this call, used up by it."""
        with self._lock:
            found = next((hold for hold in self._armed if hold.operation == operation and hold.fits(document)), None)
            if found is not None:
                self._armed.remove(found)
            return found

    def drop_all(self) -> None:
        """Keep nothing any more."""
        for hold in self._holds:
            hold.drop()


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        hold = self.server.take(operation, json.loads(body or b"{}"))
        if hold is not None and not hold.applied and not hold.wait():
            self.close_connection = True
            return
        status, headers, answer = self._forward(body)
        if hold is not None and hold.applied and not hold.wait():
            self.close_connection = True
            return
        with suppress(ConnectionError):  # the client was killed
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection(HOST, self.server.port, timeout=30)
        try:
            connection.request("POST", self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def handle(self) -> None:
        with suppress(ConnectionError):  # a killed function resets its connections
            super().handle()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def running_proxy(port: int) -> Iterator[Proxy]:
    """A proxy before the server on this port, until the block ends."""
    with Proxy(port) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.drop_all()
            proxy.shutdown()
            thread.join()
