"""Get one stored response and send it as a result (GET /v1/responses/{response_id})."""

from aistudio import Absent, ResponseId, Responses
from worker import Message, Outcome, queue_function

RESULT = "yandex.aistudio.response.fetched"


class GetResponse(Message):
    """Get the response with this id in its present state. Every message has its own result."""

    response_id: ResponseId


@queue_function(GetResponse, Responses, RESULT, idempotent=True)
def handler(message: GetResponse, responses: Responses, timeout: float) -> Outcome:
    """Get it, in any status. That it does not exist is a result too."""
    found = responses.get(message.response_id, timeout)
    if isinstance(found, Absent):
        return Outcome("done", found.trace, {"status": "absent"}, status="absent")
    data = {"response": found.body, "text": found.text, "usage": found.usage, "status": found.status}
    bulky = ("response", "text")
    return Outcome("done", found.trace, data, found.usage, bulky, found.status, model=found.model)
