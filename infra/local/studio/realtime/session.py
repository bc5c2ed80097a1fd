"""`GET /v1/realtime?model=...`: one WebSocket session."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from aiohttp import WSMsgType, web

from infra.local.studio.faults.realtime import RealtimeFault
from infra.local.studio.model import text_of
from infra.local.studio.realtime.events import Event, Turn, error_event, turn_events
from infra.local.studio.realtime.post import asked_for, event_problem, fit_modalities
from infra.local.studio.state import Call, Studio
from infra.local.studio.wire.access import refused
from infra.local.studio.wire.answers import Answer, bad_request, error, spoilt
from infra.local.studio.wire.connection import cut
from infra.local.studio.wire.serve import begin, describe, send

FRAME_LIMIT = 8 * 2**20
SESSION_FIELDS_OF_2025 = {"modalities", "input_audio_format", "output_audio_format"}
ROLES = ("user", "assistant", "system")


class _Closed(Exception):
    """The session is over; the connection is closed already."""


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
    with suppress(_Closed, ConnectionError):  # closed by a fault, or the client is gone
        await _Session(studio, call, request, socket).run(model)
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


class _Session:
    def __init__(self, studio: Studio, call: Call, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._studio = studio
        self._handshake = call
        self._request = request
        self._socket = socket
        self._heard: list[str] = []
        self._last_item: str | None = None
        self._modalities: tuple[str, ...] = ("text", "audio")
        self._config: dict[str, Any] = {
            "type": "realtime",
            "object": "realtime.session",
            "id": f"sess_{studio.hex_id()}",
            "instructions": "",
            "tools": [],
        }

    async def run(self, model: str) -> None:
        if not model.startswith("gpt://"):
            await self._close(1008, "Invalid model URI")
        self._config["model"] = model
        fault = await self._fault("connect", None)
        if fault is None:
            await self._emit({"type": "session.created", "session": self._shown()})
        async for event in self._client_events():
            await self._take(event)

    async def _client_events(self) -> AsyncIterator[Event]:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                await self._complain("Only text frames are taken", None)
                continue
            try:
                event = json.loads(message.data)
            except ValueError:
                await self._complain("The frame is not JSON", None, "invalid_json")
                continue
            if isinstance(event, dict) and isinstance(event.get("type"), str):
                yield event
            else:
                await self._complain("The frame is not an event: it has no type", None, "invalid_event")

    async def _take(self, event: Event) -> None:
        event_id = event["event_id"] if isinstance(event.get("event_id"), str) else None
        match event["type"]:
            case "session.update":
                await self._update(event, event_id)
            case "conversation.item.create":
                await self._add(event, event_id)
            case "response.create":
                await self._respond(event, event_id)
            case other:
                await self._complain(f"The event {other} is not supported", event_id, "unsupported_event")

    async def _update(self, event: Event, event_id: str | None) -> None:
        fault = await self._fault("session.update", event_id)
        if fault is not None and fault.realtime == "error_event":
            return
        patch = event.get("session")
        if not isinstance(patch, dict) or not fit_modalities(patch.get("output_modalities")):
            await self._complain("session must be an object; output_modalities may hold text and audio", event_id)
            return
        if old := sorted(SESSION_FIELDS_OF_2025 & set(patch)):
            await self._complain(f"Fields of the old session format: {', '.join(old)}", event_id)
            return
        self._modalities = tuple(patch.get("output_modalities") or self._modalities)
        self._config.update({name: patch[name] for name in patch if name not in ("id", "object", "model")})
        if fault is None:
            for _ in range(2):  # as seen live
                await self._emit({"type": "session.updated", "session": self._shown()})

    async def _add(self, event: Event, event_id: str | None) -> None:
        if await self._fault("conversation.item.create", event_id) is not None:
            return
        given = event.get("item")
        if not isinstance(given, dict) or not isinstance(given.get("type"), str):
            await self._complain("item must be an object with a type", event_id)
            return
        if given["type"] == "message" and given.get("role") not in ROLES:
            await self._complain("A message needs a role: user or system", event_id)
            return
        if given.get("role") == "assistant":
            await self._complain("Assistant items are not supported yet", event_id)
            return
        item = {"id": f"item_{self._studio.hex_id()}", "object": "realtime.item", "status": "completed", **given}
        self._heard.append(text_of(item))
        for name in ("added", "created"):
            before = self._last_item
            await self._emit({"type": f"conversation.item.{name}", "previous_item_id": before, "item": item})
        await self._emit({"type": "conversation.item.done", "item": item})
        self._last_item = item["id"]

    async def _respond(self, event: Event, event_id: str | None) -> None:
        call = self._studio.record("websocket", "WS", self._handshake.path, self._handshake.headers)
        call.id = call.event_id = event_id
        if problem := event_problem(event):
            await self._complain(problem, event_id)
            return
        fault = await self._fault("response.create", event_id, call)
        if fault is not None and fault.realtime == "error_event":
            return
        call.billed = call.effect = True
        heard = " ".join(filter(None, self._heard)) or text_of(self._config["instructions"])
        turn = asked_for(self._studio, event.get("response") or {}, heard, self._modalities)
        await asyncio.sleep(self._studio.settings.latency)
        await self._play(replace(turn, fault=fault))

    async def _play(self, turn: Turn) -> None:
        events = turn_events(turn)
        fault = turn.fault
        if fault is not None and fault.realtime == "close_after":
            for event in events[: fault.after_events]:
                await self._emit(event)
            await self._close(fault.close_code, "fault")
        for event in events:
            if fault is not None and fault.realtime == "slow":
                await asyncio.sleep(fault.delay)
            await self._emit(event)

    async def _fault(self, step: Any, event_id: str | None, call: Call | None = None) -> RealtimeFault | None:
        """The fault of this step; one that closes or complains has done so when this returns."""
        fault = self._studio.faults.realtime(step, self._handshake.path, event_id)
        if fault is None:
            return None
        noted = call or self._handshake
        noted.fault = fault.realtime
        if fault.realtime == "close_before":
            await self._close(fault.close_code, "fault")
        if fault.realtime == "error_event":
            noted.billed = noted.effect = fault.billed
            await self._emit(error_event(fault.error_type, "A fault", fault.error_code, event_id))
        return fault

    def _shown(self) -> dict[str, Any]:
        # The service shows both modalities whatever was asked for; only what it produces follows the request.
        return {**self._config, "output_modalities": ["text", "audio"]}

    async def _complain(self, message: str, event_id: str | None, code: str | None = None) -> None:
        await self._emit(error_event("invalid_request_error", message, code, event_id))

    async def _emit(self, event: Event) -> None:
        named = {"event_id": f"event_{self._studio.hex_id()}", **event}
        await self._socket.send_str(json.dumps(named, ensure_ascii=False))

    async def _close(self, code: int, reason: str) -> None:
        if code == 1006:
            cut(self._request)
        else:
            await self._socket.close(code=code, message=reason.encode())
        raise _Closed
