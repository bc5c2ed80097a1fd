"""Get one stored response and send it as a result (GET /v1/responses/{response_id})."""

from aistudio import Absent, ResponseId, Responses
from worker import Later, Message, Outcome, queue_function

RESULT = "yandex.aistudio.response.fetched"
POLLED = Later(10, "unfinished", longest=300, detail="the response was not over within the message's age limit")


class GetResponse(Message):
    """Get the response with this id: in its present state, or once it is over. Every message has its own result."""

    response_id: ResponseId
    until_over: bool = False


@queue_function(GetResponse, Responses, RESULT, idempotent=True)
def handler(message: GetResponse, responses: Responses, timeout: float) -> Outcome:
    """Get it, in any status, or once it is over where the message says so. That it does not exist is a result too."""
    found = responses.get(message.response_id, timeout)
    if message.until_over and not isinstance(found, Absent) and not found.over:
        return Outcome("unfinished", found.trace, status=found.status, model=found.model, later=POLLED)
    return Outcome.of(found)
