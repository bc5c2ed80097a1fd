"""List the input items of one stored response (GET /v1/responses/{response_id}/input_items)."""

from typing import Annotated

from pydantic import Field, StringConstraints

from aistudio import Absent, ResponseId, Responses
from aistudio.responses import Order
from worker import Message, Outcome, queue_function

RESULT = "yandex.aistudio.response.input_items"


class ListInputItems(Message):
    """List all input items of the response with this id, or at most `limit`, beginning behind the item `after`."""

    response_id: ResponseId
    limit: Annotated[int, Field(ge=1, strict=True)] | None = None
    order: Order = "desc"
    after: Annotated[str, StringConstraints(min_length=1, max_length=512)] | None = None


@queue_function(ListInputItems, Responses, RESULT, idempotent=True)
def handler(message: ListInputItems, responses: Responses, timeout: float) -> Outcome:
    """List them. Where there is no such response, the result says so."""
    found = responses.input_items(
        message.response_id, timeout, limit=message.limit, order=message.order, after=message.after
    )
    if isinstance(found, Absent):
        return Outcome.of(found)
    data = {"object": "list", "data": found.items, "has_more": found.has_more}
    return Outcome("done", found.trace, data, bulky=("data",))
