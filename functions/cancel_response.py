"""Cancel one response that runs in the background (POST /v1/responses/{response_id}/cancel)."""

from dataclasses import replace

from aistudio import ResponseId, Responses
from worker import Message, Outcome, queue_function

RESULT = "yandex.aistudio.response.cancellation"


class CancelResponse(Message):
    """Cancel the response with this id; with `where_possible` only if it runs in the background."""

    response_id: ResponseId
    where_possible: bool = False


@queue_function(CancelResponse, Responses, RESULT, idempotent=True)
def handler(message: CancelResponse, responses: Responses, timeout: float) -> Outcome:
    """Cancel it. The result is the response after that: a response that was over, or is gone, stays so."""
    found = responses.cancel(message.response_id, timeout, where_possible=message.where_possible)
    return replace(Outcome.of(found), usage=None)  # its create, or the poll behind that, counts its tokens
