import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from infra.local.studio.process import StudioHandle

Event = dict[str, Any]
TEXT_SESSION = {"type": "session.update", "session": {"output_modalities": ["text"], "turn_detection": None}}
QUESTION = {
    "type": "conversation.item.create",
    "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]},
}
CREATE = {"type": "response.create", "event_id": "event-1"}


@contextmanager
def session(studio: StudioHandle, model: str | None = None, key: str | None = None) -> Iterator[ClientConnection]:
    url = f"{studio.realtime_url}?model={quote(model or studio.realtime_model_uri, safe='')}"
    headers = {"Authorization": f"Api-Key {key or studio.api_key}"}
    with connect(url, additional_headers=headers, proxy=None, open_timeout=60, close_timeout=1) as connection:
        yield connection


def say(connection: ClientConnection, *events: Event) -> None:
    for event in events:
        connection.send(json.dumps(event))


def hear(connection: ClientConnection) -> Event:
    event: Event = json.loads(connection.recv(timeout=60))
    return event


def hear_until(connection: ClientConnection, kind: str) -> list[Event]:
    events = [hear(connection)]
    while events[-1]["type"] != kind:
        events.append(hear(connection))
    return events


def turn(connection: ClientConnection) -> list[Event]:
    hear_until(connection, "session.created")
    say(connection, TEXT_SESSION, QUESTION)
    hear_until(connection, "conversation.item.done")
    say(connection, CREATE)
    return hear_until(connection, "response.done")


def closed_by(connection: ClientConnection) -> int:
    """The code in the close frame; 1006 where the connection ended without one."""
    with suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=60)
    frame = connection.protocol.close_rcvd
    assert frame is not None or connection.protocol.close_sent is None, "cut means cut, not a malformed frame"
    return 1006 if frame is None else frame.code
