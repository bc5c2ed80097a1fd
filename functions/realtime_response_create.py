"""Issue response.create on a user event (POST /v1/realtime/client-events/response.create, or the WebSocket)."""

from typing import Any, Literal

from pydantic import BaseModel

from aistudio.realtime import Realtime, check
from worker import Message, OnUnknown, Opaque, Outcome, queue_function


class Context(BaseModel, frozen=True, extra="forbid"):
    """What is sent before response.create, over WebSocket only: session settings, then the conversation's items."""

    session: dict[str, Any] | None = None
    items: list[dict[str, Any]] = []


class RealtimeResponseCreate(Message, key="event_id", unknown="on_unknown"):
    """The API's own body, unchanged; beside it the context, and what to do where the outcome is unknown."""

    type: Literal["response.create"]
    event_id: Opaque | None = None
    response: dict[str, Any] | None = None
    context: Context | None = None
    on_unknown: OnUnknown = "dead_letter"


RESULT = "yandex.aistudio.realtime.response.done"


@queue_function(RealtimeResponseCreate, Realtime, RESULT, idempotent=False, check=check)
def handler(message: RealtimeResponseCreate, realtime: Realtime, timeout: float) -> Outcome:
    """Ask for the response and wait for its end, in any status. The result has its text in one field."""
    event = message.model_dump(include={"type", "event_id", "response"})
    result = realtime.create(event, message.context, timeout)
    data = result.document()
    if result.accepted:
        return Outcome("accepted", result.trace, {"status": "accepted"} | data)
    status = str(data.get("status", "completed"))
    return Outcome("done", result.trace, data, result.usage, ("audio", "output", "text"), status, model=result.model)
