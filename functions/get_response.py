"""Get one stored response and send it as a result (GET /v1/responses/{response_id})."""

from aistudio import Absent, ResponseId, Responses
from worker import Desk, Later, Message, Outcome, queue_function

RESULT = "yandex.aistudio.response.fetched"
POLLED = Later(10, "unfinished", longest=300, detail="the response was not over within the message's age limit")
APPEARS_WITHIN = 120.0
"""Seconds from its first message on in which a response may not be found that was created just before."""


class GetResponse(Message):
    """Get the response with this id: in its present state, or once it is over. Every message has its own result."""

    response_id: ResponseId
    until_over: bool = False


@queue_function(GetResponse, Responses, RESULT, idempotent=True, desk=True)
def handler(message: GetResponse, responses: Responses, timeout: float, desk: Desk) -> Outcome:
    """Get it, in any status, or once it is over where the message says so. That it does not exist is a result too."""
    found = responses.get(message.response_id, timeout)
    fresh = desk.clock.now() - desk.sent_at / 1000 < APPEARS_WITHIN
    if message.until_over and fresh and isinstance(found, Absent):
        return Outcome("unfinished", found.trace, status="absent", later=POLLED)
    if message.until_over and not isinstance(found, Absent) and not found.over:
        return Outcome("unfinished", found.trace, status=found.status, model=found.model, later=POLLED)
    return Outcome.of(found)
