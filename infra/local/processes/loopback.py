"""A client for the servers of this machine."""

from functools import cache

import httpx


@cache
def loopback() -> httpx.Client:
    """One client for all calls: a new one reads all certificates, which takes 30 ms, and no server here has any.

    It keeps no connection, because these servers are stopped and started.
    """
    return httpx.Client(trust_env=False, timeout=10, limits=httpx.Limits(max_keepalive_connections=0))
