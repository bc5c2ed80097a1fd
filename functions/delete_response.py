"""Delete one stored response when its retention message arrives (DELETE /v1/responses/{response_id})."""

from typing import Annotated

from pydantic import StringConstraints

from aistudio import ResponseId, Responses
from worker import Message, Outcome, Time, queue_function

Reason = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]


class DeleteResponse(Message, key="response_id", recorded=("reason", "requested_at")):
    """Delete the stored response with this id, not before a time where one is given."""

    response_id: ResponseId
    reason: Reason = "retention"
    requested_at: Time | None = None
    not_before: Time | None = None
    subject: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None


def look(message: DeleteResponse, responses: Responses, timeout: float) -> Outcome:
    """Under a legal hold: see whether it is still there, and leave it."""
    return Outcome.from_look(responses.exists(message.response_id, timeout))


@queue_function(DeleteResponse, Responses, "yandex.aistudio.response.deletion", idempotent=True, look=look)
def handler(message: DeleteResponse, responses: Responses, timeout: float) -> Outcome:
    """Delete it; an answer of 404 means that it was gone already."""
    return Outcome.from_deletion(responses.delete(message.response_id, timeout))
