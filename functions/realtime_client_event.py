"""Send client events on a user event (POST /v1/realtime/client-events/{type}, or the WebSocket).

Sound and responses are billed, and an item that is put twice stands twice: so each message is claimed before it is
sent. What leaves nothing behind, by the table of client events, is sent again where its outcome is not known.
"""

from aistudio.realtime import Realtime, Request, check
from worker import Message, OnUnknown, Opaque, Outcome, queue_function


class RealtimeClientEvent(Message, Request, key="event_id", unknown="on_unknown"):
    """The API's own body, or a `script` of such; beside it what to do where the outcome is not known."""

    event_id: Opaque | None = None
    on_unknown: OnUnknown = "dead_letter"

    @property
    def retries_unknown(self) -> bool:
        """Whether it may be sent again though it may have happened."""
        return super().retries_unknown or self.leaves_nothing


RESULT = "yandex.aistudio.realtime.client_event.done"


@queue_function(RealtimeClientEvent, Realtime, RESULT, idempotent=False, check=check)
def handler(message: RealtimeClientEvent, realtime: Realtime, timeout: float) -> Outcome:
    """Send it, and read to the last acknowledgement, or its response's end; the result is all that was answered."""
    result = realtime.send(message, timeout)
    if result.accepted:
        return Outcome("accepted", result.trace, result.document())
    bulky = ("events", "responses", "items", "transcriptions", "text")
    usage, ended_by = result.usage, result.ended_by
    told = result.document()
    return Outcome("done", result.trace, told, usage, bulky, result.status, model=result.model, ended_by=ended_by)
