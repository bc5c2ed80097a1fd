"""The frames of one session, within its bounds: 8 MiB a frame, 32 MiB and one deadline for all."""

from collections.abc import Callable

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.sync.client import ClientConnection

from aistudio.answers import MAX_STREAM
from aistudio.error_bodies import parse_object
from aistudio.network.deadline import Exchange

CUT = 1006
"""The close code of a connection that ended without a close code."""


class TooMuch(Exception):
    """The service said more than a session is read for."""

    def __init__(self) -> None:
        super().__init__(f"more than {MAX_STREAM} bytes")


class Wire:
    """Sends frames and receives events. All of it raises TimeoutError once the session's time is over."""

    def __init__(self, connection: ClientConnection, exchange: Exchange) -> None:
        self._connection = connection
        self._exchange = exchange
        self._read = 0

    @property
    def now(self) -> Callable[[], float]:
        """The clock of the deadline, in seconds."""
        return self._exchange.monotonic

    def left(self) -> float:
        """Return the seconds left. Raises TimeoutError."""
        return self._exchange.left()

    def closed_with(self) -> int | None:
        """Return the code with which the session is closed already; None while it is open."""
        return None if self._connection.state is State.OPEN else self._connection.close_code or CUT

    def send(self, frame: bytes) -> None:
        """Write one frame. Raises ConnectionClosed: when it can't be written."""
        self._connection.send(frame, text=True)

    def receive(self, within: float | None = None) -> dict[str, object]:
        """Read one event, which may take `within` seconds; what is no JSON object is an empty one.

        Raises TimeoutError: when none comes in that time.
        Raises ConnectionClosed: when the session is closed.
        Raises TooMuch: when the service said more than a session is read for.
        """
        left = self._exchange.left()
        frame = self._connection.recv(left if within is None else max(0.0, min(within, left)), decode=False)
        self._read += len(frame)
        if self._read > MAX_STREAM:
            raise TooMuch
        return parse_object(frame) or {}


def close_code(closed: ConnectionClosed) -> int:
    """Return the code that a close frame carried."""
    close = closed.rcvd or closed.sent
    return close.code if close else CUT
