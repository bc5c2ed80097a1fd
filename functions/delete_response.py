"""Delete one stored response when its retention message arrives (DELETE /v1/responses/{response_id})."""

from aistudio import ResponseId, Responses
from ledger.record import ALREADY_ABSENT, DELETED, HELD
from worker import Later, Message, Opaque, Outcome, Send, Time, Word, queue_function

RESULT, NOTED = "yandex.aistudio.response.deletion", ("reason", "requested_at")
CANCEL = "cancel_response"


class DeleteResponse(
    Message, record="response", key="response_id", due="not_before", about="subject", asks="reason", recorded=NOTED
):
    """Delete the stored response with this id, not before `not_before`."""

    response_id: ResponseId
    reason: Word = "retention"
    requested_at: Time | None = None
    not_before: Time | None = None
    subject: Opaque | None = None


def when_held(message: DeleteResponse, responses: Responses, timeout: float) -> Outcome:
    """Under a legal hold, find out whether the response still exists, and leave it."""
    existence = responses.exists(message.response_id, timeout)
    return Outcome(HELD if existence.exists else ALREADY_ABSENT, existence.trace)


@queue_function(
    DeleteResponse, Responses, RESULT, idempotent=True, when_held=when_held, receipt=True, may_send_to=[CANCEL]
)
def handler(message: DeleteResponse, responses: Responses, timeout: float) -> Outcome:
    """Delete it. A 404 means that it was gone already; it does not say who deleted it. After a 409 cancel it first."""
    deletion = responses.delete(message.response_id, timeout)
    if deletion.conflict:
        cancel = Send(CANCEL, "cancel", {"response_id": message.response_id})
        later = Later(10, "conflict", counted=True, detail="HTTP 409: the response may still be running")
        return Outcome("conflict", deletion.trace, sends=(cancel,), later=later)
    return Outcome(ALREADY_ABSENT if deletion.absent else DELETED, deletion.trace)
