"""The Realtime API of the stand-in server: turns of text, and turns of speech, without a pause."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

DELTAS = 20
"""Pieces of a turn of text."""

MINUTES, RATE = 8, 48_000
"""Of a spoken turn, and bytes of a second of its sound: 24 kHz in 16 bits."""

_PIECE = base64.b64encode(bytes(RATE // 5)).decode()
_ABOUT = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    """Serve turns, spoken ones under `/speech`; the port."""
    async with serve(_turn, "127.0.0.1", 0, compression=None, max_size=None) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def _turn(connection: ServerConnection) -> None:
    spoken = connection.request is not None and connection.request.path.startswith("/speech")
    await connection.send(_event("session.created", session={}))
    async for frame in connection:
        asked = json.loads(frame)["type"]
        if asked == "session.update":
            await connection.send(_event("session.updated", session={}))
        elif asked == "response.create":
            for event in _speech() if spoken else _text():
                await connection.send(event)


def _event(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, "event_id": "event_1", **fields})


def _text() -> Iterator[str]:
    yield _event("response.created", response={"id": "resp_1", "status": "in_progress", "output": []})
    for _ in range(DELTAS):
        yield _event("response.output_text.delta", delta="The parcel has arrived. ", **_ABOUT)
    yield _event("response.output_text.done", text="The parcel has arrived. " * DELTAS, **_ABOUT)
    yield _done({"type": "output_text", "text": "The parcel has arrived. " * DELTAS})


def _speech() -> Iterator[str]:
    yield _event("response.created", response={"id": "resp_1", "status": "in_progress", "output": []})
    delta = _event("response.output_audio.delta", delta=_PIECE, **_ABOUT)
    for _ in range(MINUTES * 60 * 5):
        yield delta
    yield _event("response.output_audio.done", **_ABOUT)
    yield _done({"type": "output_audio", "transcript": "The parcel has arrived."})


def _done(part: Any) -> str:
    item = {"id": "item_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    response = {"id": "resp_1", "status": "completed", "output": [item], "usage": usage}
    return _event("response.done", response=response)
