"""Get one stored response and send it on as a result (GET /v1/responses/{response_id})."""

from aistudio import Absent, ResponseId, Responses
from worker import Message, Outcome, queue_function

RESULT = "yandex.aistudio.response.fetched"


class GetResponse(Message):
    """Get the response with this id as it is now; each message is a request of its own, and has its own result."""

    response_id: ResponseId


@queue_function(GetResponse, Responses, RESULT, idempotent=True)
def handler(message: GetResponse, responses: Responses, timeout: float) -> Outcome:
    """Get it, whatever its status; that it is not there is a result, too."""
    found = responses.get(message.response_id, timeout)
    if isinstance(found, Absent):
        return Outcome("done", found.trace, {"status": "absent"}, status="absent")
    data = {"response": found.body, "text": found.text, "usage": found.usage, "status": found.status}
    bulky = ("response", "text")
    return Outcome("done", found.trace, data, found.usage, bulky, found.status, model=found.model)
