"""`GET /v1/responses/{id}/input_items`."""

from infra.local.studio.responses.inquiry import Inquiry, not_found
from infra.local.studio.responses.stored import unsupported
from infra.local.studio.state import Studio
from infra.local.studio.wire.answers import Answer, bad_request, document


def list_input_items(studio: Studio, inquiry: Inquiry) -> Answer:
    """A page of what was asked, newest first unless `order` is asc."""
    life = studio.responses.get(inquiry.id)
    if life is None or life.hidden:
        return not_found(inquiry.id)
    query = inquiry.query
    order, limit, after = query.get("order", "desc"), query.get("limit", "20"), query.get("after")
    if order not in ("asc", "desc"):
        return bad_request("order must be asc or desc", "order")
    if not (limit.isdecimal() and 1 <= int(limit) <= 100):
        return bad_request("limit must be between 1 and 100", "limit")
    if refusal := unsupported(inquiry):
        return refusal
    items = life.inputs if order == "asc" else life.inputs[::-1]
    struck = studio.faults.responses("list", inquiry.call.path, inquiry.id, life.text)
    if after is not None:
        ids = [item["id"] for item in items]
        if after not in ids:
            return bad_request("after names no item", "after")
        items = items[0 if "pages_repeat" in struck else ids.index(after) + 1 :]
    page = [] if "page_empty" in struck else items[: int(limit)]
    if (long := struck.get("page_long")) is not None:
        page = [{**item, "content": [{"type": "input_text", "text": "l" * long.size}]} for item in page]
    ends = (page[0]["id"], page[-1]["id"]) if page else ("", "")
    more = not struck.keys() <= {"page_long"} or len(items) > len(page)
    return document({"object": "list", "data": page, "has_more": more, "first_id": ends[0], "last_id": ends[1]})
