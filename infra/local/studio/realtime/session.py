"""One WebSocket session, from its session.created to its close."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from aiohttp import WSMsgType, web

from infra.local.studio.faults.realtime import RealtimeFault
from infra.local.studio.realtime.client_events import Refused, check
from infra.local.studio.realtime.dialogue import Dialogue
from infra.local.studio.realtime.events import (
    Event,
    Turn,
    asked_for,
    cancelled_event,
    done_event,
    error_event,
    turn_events,
)
from infra.local.studio.state import Call, Frame, Studio
from infra.local.studio.wire.connection import cut
from infra.local.studio.wire.json_text import encoded, parsed

TRANSCRIBED = "conversation.item.input_audio_transcription.completed"


class Closed(Exception):
    """The session is over; the connection is closed already."""


class Session:
    """The session of one connection."""

    def __init__(
        self, studio: Studio, call: Call, request: web.Request, socket: web.WebSocketResponse, model: str
    ) -> None:
        self._studio = studio
        self._handshake = call
        self._request = request
        self._socket = socket
        self._model = model
        self._dialogue = Dialogue(studio.hex_id, model)
        self._late: list[Event] = []
        self._active: Turn | None = None  # known for slow responses: all others are over at once
        self._playing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Talk until either side closes; raises Closed where a fault, or a wrong model, closed it."""
        if not self._model.startswith("gpt://"):
            await self._close(1008, "Invalid model URI")
        if await self._fault("connect", None) is None:
            await self._emit({"type": "session.created", "session": self._dialogue.shown()})
        try:
            async for event in self._client_events():
                await self._take(event)
        finally:
            if self._playing is not None:
                self._playing.cancel()

    async def _client_events(self) -> AsyncIterator[Event]:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                await self._complain("Only text frames are taken", None)
                continue
            try:
                event = parsed(message.data)
            except ValueError:
                await self._complain("The frame is not JSON", None, "invalid_json")
                continue
            if isinstance(event, dict) and isinstance(event.get("type"), str):
                yield event
            else:
                await self._complain("The frame is not an event: it has no type", None, "invalid_event")

    async def _take(self, event: Event) -> None:
        event_id = event["event_id"] if isinstance(event.get("event_id"), str) else None
        frame = self._studio.frame(self._dialogue.id, "websocket", event)
        if event["type"] == "response.create":
            await self._respond(event, event_id, frame)
            return
        fault = await self._fault(event["type"], event_id)
        name = None if fault is None else fault.realtime
        if name == "error_event":
            return
        try:
            check(event)
            told = self._cancel(event, name) if event["type"] == "response.cancel" else self._dialogue.take(event)
        except Refused as refusal:
            if name != "silent_refusal":
                await self._complain(refusal.message, event_id, refusal.code)
            return
        frame.effect = True
        if fault is not None and name == "close_unacknowledged":
            await self._close(fault.close_code, "fault")
        if name not in ("unacknowledged", "session_updated_missing"):
            await self._tell(told, name)

    async def _tell(self, told: list[Event], fault: str | None) -> None:
        transcripts = [event for event in told if event["type"] == TRANSCRIBED]
        for event in told:
            if event not in transcripts or fault not in ("late_transcription", "no_transcription"):
                await self._emit(event)
        if fault == "late_transcription":
            self._late += transcripts

    def _cancel(self, event: Event, fault: str | None) -> list[Event]:
        if fault == "cancel_illegal":
            raise Refused("Cancelling is illegal in USER_SPEAKING state", "illegal_state")
        turn = self._active
        if turn is None or self._playing is None or event.get("response_id") not in (None, turn.response_id):
            return self._dialogue.take(event)
        if fault == "cancel_too_late":
            return []
        self._playing.cancel()
        self._active = None
        late, self._late = self._late, []
        return [cancelled_event(turn), *late]

    async def _respond(self, event: Event, event_id: str | None, frame: Frame) -> None:
        call = self._studio.record("websocket", "WS", self._handshake.path, self._handshake.headers)
        call.id = call.event_id = event_id
        try:
            check(event)
            self._need_silence()
        except Refused as refusal:
            await self._complain(refusal.message, event_id, refusal.code)
            return
        fault = await self._fault("response.create", event_id, call)
        if fault is not None and fault.realtime == "error_event":
            frame.effect = call.effect
            return
        frame.effect = call.billed = call.effect = True
        asked = {**self._dialogue.tools, **(event.get("response") or {})}
        turn = asked_for(self._studio.hex_id, asked, self._dialogue.heard, self._dialogue.modalities)
        turn = replace(turn, fault=fault)
        await asyncio.sleep(self._studio.settings.latency)
        if turn.has("slow"):
            self._active = turn
            self._playing = asyncio.create_task(self._play_slowly(turn))
        else:
            await self._play(turn)

    def _need_silence(self) -> None:
        if self._active is not None:
            raise Refused("There is an active response", "conversation_already_has_active_response")

    async def _play_slowly(self, turn: Turn) -> None:
        with suppress(ConnectionError):
            await self._play(turn)

    async def _play(self, turn: Turn) -> None:
        fault = turn.fault
        events = turn_events(turn)
        if fault is not None and fault.realtime == "close_after":
            for event in events[: fault.after_events]:
                await self._emit(event)
            await self._close(fault.close_code, "fault")
        for event in events:
            if fault is not None and fault.realtime == "slow":
                await asyncio.sleep(fault.delay)
            await self._emit(event)
        self._active = None
        self._dialogue.items.put(done_event(turn)["response"]["output"][0])
        late, self._late = self._late, []
        for event in late:
            await self._emit(event)

    async def _fault(self, step: str, event_id: str | None, call: Call | None = None) -> RealtimeFault | None:
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

    async def _complain(self, message: str, event_id: str | None, code: str | None = None) -> None:
        await self._emit(error_event("invalid_request_error", message, code, event_id))

    async def _emit(self, event: Event) -> None:
        named = {"event_id": f"event_{self._studio.hex_id()}", **event}
        await self._socket.send_str(encoded(named).decode())

    async def _close(self, code: int, reason: str) -> None:
        if code == 1006:
            cut(self._request)
        else:
            await self._socket.close(code=code, message=reason.encode())
        raise Closed
