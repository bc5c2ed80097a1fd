"""A service whose answers never end."""

import socket
import threading
from collections.abc import Iterator

import pytest

BEGINNING = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def dripping(over: threading.Event) -> Iterator[str]:
    """The URL of a server whose answers come byte by byte, and never whole."""

    def drip(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65_536)
                connection.sendall(BEGINNING)
                while not over.wait(0.1):
                    connection.sendall(b" ")
            except OSError:
                return  # the client has left

    def serve() -> None:
        while not over.is_set():
            connection, _ = server.accept()
            threading.Thread(target=drip, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        socket.create_connection(server.getsockname()).close()  # wakes the server, so that it sees that it is over
