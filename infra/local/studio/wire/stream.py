"""Server-sent events on the wire, and the ways in which they end."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from infra.local.studio.wire.connection import cut
from infra.local.studio.wire.json_text import encoded

EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True)
class EventStream:
    """Pieces of a body, `pause` seconds before each; `whole` is called once all are written.

    With `broken` the connection is cut behind them: by FIN, or by RST.
    """

    pieces: tuple[bytes, ...]
    pause: float = 0.0
    broken: str | None = None
    whole: Callable[[], None] | None = None


def frames(events: Iterable[dict[str, Any]]) -> tuple[bytes, ...]:
    """Write each event as a block of its own, named by its type."""
    return tuple(b"event: %s\ndata: %s\n\n" % (event["type"].encode(), encoded(event)) for event in events)


async def write(request: web.Request, headers: dict[str, str], status: int, stream: EventStream) -> web.StreamResponse:
    """Write the stream as chunks; a client that leaves ends it."""
    response = web.StreamResponse(status=status, headers=headers)
    with suppress(ConnectionError):
        await response.prepare(request)
        for piece in stream.pieces:
            if stream.pause:
                await asyncio.sleep(stream.pause)
            await response.write(piece)
        if stream.broken:
            return cut(request, reset=stream.broken == "reset", flush=True)
        if stream.whole is not None:
            stream.whole()
        await response.write_eof()
    return response
