"""Names with several addresses, of which some are dead."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest


def resolving_to(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """Let each name have these addresses, in this order."""
    look_up = socket.getaddrinfo

    def several(host: str, *args: Any, **kwargs: Any) -> Any:
        return [each for address in hosts for each in look_up(address, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", several)


@contextlib.contextmanager
def dead(port: int, *hosts: str) -> Iterator[None]:
    """Let nothing that knocks at these addresses be answered: their queues are full, and nothing is taken from them."""
    with contextlib.ExitStack() as stack:
        for host in hosts:
            stack.enter_context(socket.create_server((host, port), backlog=0))
            stack.enter_context(socket.create_connection((host, port)))
        yield
