"""Clients for tests, closed at the end, and what they are asked to do."""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from aistudio import API, Config, Responses
from aistudio.answers import Answer, success
from aistudio.realtime import Realtime, RealtimeResult
from aistudio.realtime.client_events import KINDS
from tests.unit.aistudio.wsserver import Gate, Script, Service, Session, ws_server

TOKEN = "t1.planted-secret-token"
FOLDER = "b1gfolder"


@contextlib.contextmanager
def an_api(
    base_url: str = "http://127.0.0.1:9/v1",
    *,
    token: Callable[[], str] = lambda: TOKEN,
    transport: httpx.BaseTransport | None = None,
    now: float = 0.0,
    connections: int = 20,
    monotonic: Callable[[], float] = time.monotonic,
    **settings: object,
) -> Iterator[API]:
    ids = itertools.count(1)
    config = Config(base_url, FOLDER, **settings)  # type: ignore[arg-type] # a test's settings are as it says
    api = API(config, token, lambda: f"id-{next(ids)}", transport, monotonic, lambda: now, connections)
    with contextlib.closing(api):
        yield api


def delete(api: API, timeout: float = 30.0) -> bool:
    return Responses(api).delete("r1", timeout).absent


def create(api: API, timeout: float = 30.0, body: Mapping[str, Any] | None = None) -> Answer:
    return success(api.call("POST", "/things", timeout=timeout, idempotent=False, body=body or {}), idempotent=False)


# Turns over WebSocket


@dataclass(frozen=True)
class Context:
    session: Mapping[str, Any] | None = None
    items: Sequence[Mapping[str, Any]] = ()


EVENT = {"type": "response.create", "event_id": "ev-1"}
ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}


def plain(session: Session) -> None:
    session.open()
    session.asked()
    session.created()
    session.text("output_text.delta", "Hel")
    session.text("output_text.delta", "lo")
    session.text("output_text.done", "Hello")
    session.done(usage={"input_tokens": 1, "output_tokens": 2})
    session.until_closed()


@contextlib.contextmanager
def turn(
    script: Script, gate: Gate | None = None, max_size: int | None = 2**20, **settings: Any
) -> Iterator[tuple[Realtime, Service]]:
    settings = {"realtime_transport": "websocket", "realtime_model": "speech-1", **settings}
    with ws_server(script, gate, max_size=max_size) as service, an_api(realtime_url=service.url, **settings) as api:
        yield Realtime(api), service


@contextlib.contextmanager
def realtime_at(url: str) -> Iterator[Realtime]:
    with an_api(realtime_url=url, realtime_model="m", realtime_transport="websocket") as api:
        yield Realtime(api)


def hurry(monkeypatch: pytest.MonkeyPatch, kind: str, seconds: float) -> None:
    """Wait only so long until a client event of this type is acknowledged."""
    monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], within=seconds))


def run(script: Script, context: Context | None = None, timeout: float = 30.0, **settings: Any) -> RealtimeResult:
    with turn(script, **settings) as (realtime, _):
        return realtime.create(EVENT, context, timeout)
