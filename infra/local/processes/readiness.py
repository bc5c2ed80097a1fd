"""Servers in child processes: waited for until they answer, started again where they end, and ended afterwards."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from infra.local.processes.leash import Leashed
from infra.local.processes.loopback import loopback

HOST = "127.0.0.1"
START_TIMEOUT = 30.0
"""Seconds that a server may take to answer: a busy machine needs seconds for what takes 0.3 s."""


class DidNotStart(RuntimeError):
    """A server ended, or did not answer in time; the message holds what it printed."""


class Server:
    """A server on a socket that this process keeps: what asks while the server is started again waits in its backlog.

    `start` makes the child, which inherits the socket. A GET of `path` succeeds once the server answers.
    """

    def __init__(
        self, name: str, path: str, listener: socket.socket, start: Callable[[socket.socket], Leashed]
    ) -> None:
        self.name = name
        self.port: int = listener.getsockname()[1]
        self._path = path
        self._listener = listener
        self._start = start
        self._child = start(listener)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    @property
    def ended(self) -> bool:
        """Whether the child is no longer running."""
        return self._child.ended

    def again(self) -> None:
        """Start it anew; all that it kept in memory is gone. Raises DidNotStart."""
        self._child.stop()
        self._child = self._start(self._listener)
        self.wait()

    def wait(self) -> None:
        """Wait until it answers. Raises DidNotStart: the child ended, or START_TIMEOUT passed."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and not self._child.ended:
            try:
                if loopback().get(f"http://{HOST}:{self.port}{self._path}", timeout=1).is_success:
                    return
            except httpx.TransportError:
                continue
        self._child.stop()
        raise DidNotStart(f"{self.name} did not start; it printed:\n{self._child.printed}")

    def stop(self) -> None:
        """End the child."""
        self._child.stop()


@contextmanager
def serving(name: str, path: str, port: int, start: Callable[[socket.socket], Leashed]) -> Iterator[Server]:
    """Run a server until the block ends, on this port of the loopback, or on a free one where that is 0 or taken.

    The socket is bound before the child is started: no other process can take the port in between. Raises DidNotStart.
    """
    with _listener(port) as listener:
        server = Server(name, path, listener, start)
        try:
            server.wait()
            yield server
        finally:
            server.stop()


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=128)
    except OSError:
        return socket.create_server((HOST, 0), backlog=128)
