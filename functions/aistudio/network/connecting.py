"""Look up names and connect by TCP under an exchange's deadline."""

import contextlib
import socket
import threading
from typing import Any

from aistudio.network.deadline import Exchange

CONNECT = 5.0
"""The most seconds that one address may take to accept."""

# Where a peer vanished without closing, the kernel probes after 15 s and gives up 15 s later.
_KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}


class Dialer:
    """Opens all connections of a client, and remembers which address of a host last worked."""

    def __init__(self) -> None:
        self._worked: dict[tuple[str, int], Any] = {}

    def open(self, host: str, port: int, exchange: Exchange) -> socket.socket:
        """Connect by TCP to the first address that accepts, beginning with the address that last worked.

        Each address gets its share of the time left, so that dead addresses leave time for those behind them.

        Raises TimeoutError: the deadline passed, in any step.
        Raises OSError: the name has no address, or no address accepts.
        """
        found = list(dict.fromkeys(_resolve(host, port, exchange)))
        found.sort(key=lambda each: each != self._worked.get((host, port)))
        failure = OSError("the name has no address")
        for index, each in enumerate(found):
            try:
                sock = _connect(each, min(CONNECT, exchange.left() / (len(found) - index)))
            except OSError as error:
                failure = error
            else:
                self._worked[host, port] = each
                return sock
        raise failure


def _connect(each: Any, timeout: float) -> socket.socket:
    family, kind, protocol, _, address = each
    sock = socket.socket(family, kind, protocol)  # raises for a family that this host does not have
    try:
        sock.settimeout(timeout)
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            with contextlib.suppress(AttributeError, OSError):  # not every system has them
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    except OSError:
        sock.close()
        raise
    return sock


def _resolve(host: str, port: int, exchange: Exchange) -> list[Any]:
    """Look up a name in a thread of its own, because the system's resolver has no timeout."""
    found: list[Any] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failed.append(error)
        except UnicodeError:  # a label that no name can have
            failed.append(OSError("not a host name"))

    thread = threading.Thread(target=look_up, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise OSError("no thread can be started") from error
    thread.join(exchange.left())
    if thread.is_alive():
        raise TimeoutError("the name lookup took too long")
    if failed:
        raise failed[0]
    return found
