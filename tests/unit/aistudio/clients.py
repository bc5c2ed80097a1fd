"""Clients for tests, closed at the end."""

import contextlib
import itertools
from collections.abc import Callable, Iterator

import httpx

from aistudio import API, Config

TOKEN = "t1.planted-secret-token"
FOLDER = "b1gfolder"


@contextlib.contextmanager
def an_api(
    base_url: str = "http://127.0.0.1:9/v1",
    *,
    token: Callable[[], str] = lambda: TOKEN,
    transport: httpx.BaseTransport | None = None,
    now: float = 0.0,
    **settings: object,
) -> Iterator[API]:
    ids = itertools.count(1)
    config = Config(base_url, FOLDER, **settings)  # type: ignore[arg-type] # a test's settings are as it says
    api = API(config, token, new_id=lambda: f"id-{next(ids)}", transport=transport, now=lambda: now)
    with contextlib.closing(api):
        yield api
