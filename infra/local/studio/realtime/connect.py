"""`GET /v1/realtime?model=...`: the handshake of a WebSocket session."""

import asyncio
from contextlib import suppress

from aiohttp import web

from infra.local.studio.realtime.session import Closed, Session
from infra.local.studio.state import Call, Studio
from infra.local.studio.wire.access import refused
from infra.local.studio.wire.answers import Answer, bad_request, error, spoilt
from infra.local.studio.wire.connection import cut
from infra.local.studio.wire.serve import begin, describe, send

FRAME_LIMIT = 8 * 2**20


async def connect(request: web.Request) -> web.StreamResponse:
    """Check the handshake, then talk until either side closes. A fault with a status or a drop refuses it."""
    studio, call = begin(request)
    await asyncio.sleep(studio.settings.latency)
    model = request.query.get("model", "")
    if refusal := refused(request.headers, studio.settings, folder_required=False) or _unfit(model, studio, call):
        return await send(request, studio, call, refusal)
    if (fault := studio.faults.http(call.method, call.path, None)) is not None:
        call.fault = describe(fault)
        await asyncio.sleep(fault.delay)
        if fault.drop is not None:
            return cut(request, reset=fault.reset)
        if fault.status is not None:
            return await send(request, studio, call, spoilt(fault, None), fault)
    socket = web.WebSocketResponse(max_msg_size=FRAME_LIMIT, timeout=1.0)
    call.status = 101
    await socket.prepare(request)
    with suppress(Closed, ConnectionError):  # closed by a fault, or the client is gone
        await Session(studio, call, request, socket, model).run()
    return socket


def _unfit(model: str, studio: Studio, call: Call) -> Answer | None:
    if call.transport != "websocket":
        return bad_request("This path takes WebSocket connections only")
    if not model.startswith("gpt://"):
        return None  # the service takes the connection, then closes it: see run
    folder, _, name = model.removeprefix("gpt://").partition("/")
    if folder != studio.settings.folder_id:
        return error(403, "permission_error", "Permission to the folder denied", "permission_denied")
    if name.split("/")[0] != studio.settings.realtime_model:
        return error(404, "invalid_request_error", "Failed to get model", "not_found", "model")
    return None
