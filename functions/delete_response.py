"""Delete one stored response when its retention message arrives (DELETE /v1/responses/{response_id})."""

from aistudio import ResponseId, Responses
from retention import ALREADY_ABSENT, DELETED, HELD
from retention.registering import registered
from retention.successors import ask
from worker import Later, Message, Opaque, Outcome, Registry, Send, Time, Word, queue_function

RESULT, CANCEL = "yandex.aistudio.response.deletion", "cancel_response"
CONFLICT = Later(10, "conflict", counted=True, detail="HTTP 409: the response may still be running")
KEPT = Registry(spread=ask, schedule=registered)
FIELDS = {"key": "response_id", "due": "not_before", "about": "subject", "asks": "reason", "spreads": "cascade"}


class DeleteResponse(Message, record="response", recorded=("reason", "requested_at"), **FIELDS):
    """Delete the stored response with this id, not before `not_before`; with `cascade` what continues it too."""

    response_id: ResponseId
    reason: Word = "retention"
    requested_at: Time | None = None
    not_before: Time | None = None
    subject: Opaque | None = None
    cascade: bool = False


def held(message: DeleteResponse, responses: Responses, timeout: float) -> Outcome:
    """Under a legal hold, find out whether the response still exists, and leave it."""
    existence = responses.exists(message.response_id, timeout)
    return Outcome(HELD if existence.exists else ALREADY_ABSENT, existence.trace)


@queue_function(DeleteResponse, Responses, RESULT, idempotent=True, when_held=held, registry=KEPT, may_send_to=[CANCEL])
def handler(message: DeleteResponse, responses: Responses, timeout: float) -> Outcome:
    """Delete it. A 404 means that it was gone already; it does not say who deleted it. After a 409 cancel it first."""
    deletion = responses.delete(message.response_id, timeout)
    if deletion.conflict:
        sends = (Send(CANCEL, "cancel", {"response_id": message.response_id, "where_possible": True}),)
        return Outcome("conflict", deletion.trace, sends=sends, later=CONFLICT)
    return Outcome(ALREADY_ABSENT if deletion.absent else DELETED, deletion.trace)
