"""Issue response.create on a user event (POST /v1/realtime/client-events/response.create, or the WebSocket)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, StringConstraints

from aistudio.realtime import Realtime
from worker import Message, Outcome, queue_function
from worker.settings import realtime_check


class Context(BaseModel, frozen=True, extra="forbid"):
    """What the session is told before, over WebSocket only: its settings, then the conversation's items, in order."""

    session: dict[str, Any] | None = None
    items: list[dict[str, Any]] = []


class RealtimeResponseCreate(Message, key="event_id"):
    """The API's own body, nothing renamed; beside it the context, and what to do where nobody knows what happened."""

    type: Literal["response.create"]
    event_id: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    response: dict[str, Any] | None = None
    context: Context | None = None
    on_unknown: Literal["park", "retry"] = "park"


RESULT = "yandex.aistudio.realtime.response.done"


@queue_function(RealtimeResponseCreate, Realtime, RESULT, idempotent=False, needs=30, check=realtime_check)
def handler(message: RealtimeResponseCreate, realtime: Realtime, timeout: float) -> Outcome:
    """Ask for the response and wait for its end, whatever its status: that is the result."""
    event = message.model_dump(include={"type", "event_id", "response"})
    return Outcome.from_realtime(realtime.create(event, message.context, timeout))
