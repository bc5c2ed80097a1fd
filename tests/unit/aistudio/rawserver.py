"""A server of bare sockets that does on purpose what real ones do by accident: each connection follows a script."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seen:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


DELETED = answer(200, b'{"id":"r1","deleted":true}', Content_Type="application/json")
NO_SUCH = answer(404, b'{"code":null,"message":"No such response","param":null,"type":"not_found"}')


@dataclass
class Peer:
    """The server's end of one connection."""

    sock: socket.socket
    number: int
    requests: list[Seen]
    stopping: threading.Event
    buffer: bytearray = field(default_factory=bytearray)

    def read_request(self) -> Seen | None:
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(self.buffer) < length:
            if not self._more():
                return None
        body, self.buffer = bytes(self.buffer[:length]), self.buffer[length:]
        method, target, _ = first.split(" ")
        seen = Seen(method, target, headers, body, self.number)
        self.requests.append(seen)
        return seen

    def _more(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except OSError:
            return False
        self.buffer += data
        return bool(data)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, data: bytes) -> None:
        """Send a byte at a time: each comes well within any timeout for one read."""
        for at in range(len(data)):
            if self.stopping.wait(0.01):
                return
            self.send(data[at : at + 1])

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Script = Callable[[Peer], None]


def serve(*answers: bytes) -> Script:
    """Answer the requests of a connection in turn, then close it."""

    def script(peer: Peer) -> None:
        for data in answers:
            if peer.read_request() is None:
                return
            peer.send(data)

    return script


def keep_serving(data: bytes) -> Script:
    def script(peer: Peer) -> None:
        while peer.read_request():
            peer.send(data)

    return script


def then(data: bytes, end: Callable[[Peer], object]) -> Script:
    """Answer one request well, then do as told with the connection."""

    def script(peer: Peer) -> None:
        peer.read_request()
        peer.send(data)
        end(peer)

    return script


def hang_up(peer: Peer) -> None:
    peer.read_request()


def reset(peer: Peer) -> None:
    peer.read_request()
    peer.reset()


def pause(peer: Peer) -> None:
    """Do nothing for so long that it must be noticed, then close."""
    peer.stopping.wait(2)


@dataclass
class RawServer:
    """Gives each connection the next script, and the last one to all that follow."""

    scripts: tuple[Script, ...]
    tls: ssl.SSLContext | None = None
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    ended: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._peers: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._change = threading.Condition()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/v1" if self.tls else f"http://127.0.0.1:{self.port}/v1"

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/realtime"

    def wait_ended(self, connection: int) -> None:
        """Wait until the server has closed the connection of that number, from 1."""
        with self._change:
            assert self._change.wait_for(lambda: connection in self.ended, timeout=60)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._peers.append(sock)
            thread = threading.Thread(target=self._follow, args=(sock, self.connections), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _follow(self, sock: socket.socket, number: int) -> None:
        script = self.scripts[min(number, len(self.scripts)) - 1]
        with contextlib.suppress(OSError):  # a client that hangs up in the middle of a script is what tests are about
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
                self._peers.append(sock)
            script(Peer(sock, number, self.requests, self._stopping))
        sock.close()
        with self._change:
            self.ended.append(number)
            self._change.notify_all()

    def close_door(self) -> None:
        """Refuse connections from now on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread up
        self._listener.close()
        self._accepting.join(60)

    def close_peers(self) -> None:
        self._stopping.set()
        for sock in list(self._peers):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.close_door()
        self.close_peers()
        for thread in (*self._threads, self._accepting):
            thread.join(60)
            assert not thread.is_alive()
        for sock in self._peers:
            sock.close()


@contextlib.contextmanager
def raw_server(*scripts: Script, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    server = RawServer(scripts, tls)
    try:
        yield server
    finally:
        server.close()
