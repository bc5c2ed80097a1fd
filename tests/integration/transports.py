"""Steps of tests on the function that issues response.create, with its own client on both transports."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Literal

from aistudio import API, Config
from aistudio.realtime import Realtime
from tests.support.bench import Bench
from tests.support.kit import Kit
from tests.support.messages import Entry

Transport = Literal["http", "websocket"]
TRANSPORTS: tuple[Transport, ...] = ("http", "websocket")
DONE, UNKNOWN = [("done", "done")], [("dead_lettered", "outcome_unknown")]


@contextmanager
def client_of(kit: Kit, transport: Transport, **urls: str) -> Iterator[Realtime]:
    """The real client, of the local AI Studio unless told otherwise."""
    studio = kit.studio
    where = {"base_url": studio.base_url, "realtime_url": studio.realtime_url, **urls}
    config = Config(
        folder_id=studio.folder_id,
        api_key=studio.api_key,
        realtime_model=studio.realtime_model,
        realtime_transport=transport,
        **where,  # type: ignore[arg-type]  # both are URLs
    )
    with closing(API(config, token=lambda: "")) as api:
        yield Realtime(api)


def event(bench: Bench, event_id: str = "evt_1", more: dict[str, Any] | None = None, **said: Any) -> Entry:
    """A message that asks for a response; a retry message where `said` is given."""
    body = {"type": "response.create", "event_id": event_id, "response": {"instructions": "hi"}, **(more or {})}
    return bench.retry_message(body, **said) if said else bench.message(body)


def refuse(bench: Bench, transport: Transport, **fault: Any) -> None:
    """Let the POST, or the handshake, be answered like this."""
    bench.studio.fault(match={"method": "POST" if transport == "http" else "GET"}, **fault)


def lose(bench: Bench, transport: Transport, event_id: str = "evt_1") -> None:
    """Let the model run, and the answer get lost."""
    how: dict[str, Any] = (
        {"drop": "after"} if transport == "http" else {"realtime": "close_after", "close_code": 1006, "after_events": 3}
    )
    bench.studio.fault(match={"id": event_id}, **how)


def one_answer(bench: Bench, event_id: str = "evt_1") -> bool:
    """Billed once, told once, and the record says so."""
    return (bench.studio.billed(event_id), len(bench.results()), bench.record(event_id).state) == (1, 1, "done")
