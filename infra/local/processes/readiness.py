"""Waiting until a server in a child process answers, and ending it afterwards."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from infra.local.processes.leash import Leashed

START_TIMEOUT = 30.0
"""Seconds that a server may take to answer: a busy machine needs seconds for what takes 0.3 s."""


class DidNotStart(RuntimeError):
    """A server ended, or did not answer in time; the message holds what it printed."""


@contextmanager
def ready(child: Leashed, name: str, url: str) -> Iterator[None]:
    """Enter the block once a GET of `url` succeeds, and end the child after it.

    The socket has to listen already: a request then waits in its backlog until the server reads it.

    Raises:
        DidNotStart: the child ended, or START_TIMEOUT passed.
    """
    try:
        _wait_until_ready(child, name, url)
        yield
    finally:
        child.stop()


def _wait_until_ready(child: Leashed, name: str, url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and not child.ended:
        try:
            if httpx.get(url, timeout=1, trust_env=False).is_success:
                return
        except httpx.TransportError:
            continue
    child.stop()
    raise DidNotStart(f"{name} did not start; it printed:\n{child.printed}")
