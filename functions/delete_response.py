"""Delete one stored response when its retention message arrives (DELETE /v1/responses/{response_id})."""

from collections.abc import Mapping
from typing import Any

from aistudio import ResponseId, Responses
from ledger.record import ALREADY_ABSENT, DELETED, HELD
from worker import Message, Opaque, Outcome, Time, Word, queue_function

RESULT, NOTED = "yandex.aistudio.response.deletion", ("reason", "requested_at")


class DeleteResponse(Message, record="response", key="response_id", due="not_before", about="subject", recorded=NOTED):
    """Delete the stored response with this id, not before a time where one is given."""

    response_id: ResponseId
    reason: Word = "retention"
    requested_at: Time | None = None
    not_before: Time | None = None
    subject: Opaque | None = None

    @property
    def rank(self) -> int:
        """Any other reason counts more than retention."""
        return int(self.reason != "retention")


def when_held(message: DeleteResponse, responses: Responses, timeout: float) -> Outcome:
    """Under a legal hold: see whether it is still there, and leave it."""
    existence = responses.exists(message.response_id, timeout)
    return Outcome(HELD if existence.exists else ALREADY_ABSENT, existence.trace)


def tell(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make the result of the receipt, which has no content and can be told at any time."""
    return {name: told[name] for name in ("outcome", *NOTED, "subject") if told.get(name)}


@queue_function(DeleteResponse, Responses, RESULT, idempotent=True, when_held=when_held, result_of=tell, kept=None)
def handler(message: DeleteResponse, responses: Responses, timeout: float) -> Outcome:
    """Delete it; a 404 means that it was gone already, and does not say who deleted it."""
    deletion = responses.delete(message.response_id, timeout)
    return Outcome(ALREADY_ABSENT if deletion.absent else DELETED, deletion.trace)
