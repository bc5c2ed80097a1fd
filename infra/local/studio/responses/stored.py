"""Endpoints about one stored response: get, delete, and its input items."""

from infra.local.studio.responses.inquiry import Inquiry, not_found
from infra.local.studio.state import Studio
from infra.local.studio.wire.answers import Answer, bad_request, document


def get(studio: Studio, inquiry: Inquiry) -> Answer:
    """`GET /v1/responses/{id}`: the stored response, or 404."""
    response = studio.responses.get(inquiry.id)
    return not_found(inquiry.id) if response is None else document(response)


def delete(studio: Studio, inquiry: Inquiry) -> Answer:
    """`DELETE /v1/responses/{id}`: 200 without a body (the API reference names no schema), or 404."""
    if studio.responses.pop(inquiry.id, None) is None:
        return not_found(inquiry.id)
    studio.inputs.pop(inquiry.id, None)
    inquiry.call.effect = True
    return Answer(200)


def input_items(studio: Studio, inquiry: Inquiry) -> Answer:
    """`GET /v1/responses/{id}/input_items`: a page of what was asked, newest first unless `order` is asc."""
    if inquiry.id not in studio.responses:
        return not_found(inquiry.id)
    items = list(studio.inputs.get(inquiry.id, ()))
    if inquiry.query.get("order", "desc") != "asc":
        items.reverse()
    limit = inquiry.query.get("limit", "20")
    if not (limit.isdecimal() and 1 <= int(limit) <= 100):
        return bad_request("limit must be between 1 and 100", "limit")
    ids = [item["id"] for item in items]
    if (after := inquiry.query.get("after")) is not None:
        if after not in ids:
            return bad_request("after names no item", "after")
        items = items[ids.index(after) + 1 :]
    page = items[: int(limit)]
    ends = (page[0]["id"], page[-1]["id"]) if page else ("", "")
    more = len(items) > len(page)
    return document({"object": "list", "data": page, "has_more": more, "first_id": ends[0], "last_id": ends[1]})
