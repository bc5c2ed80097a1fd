"""Endpoints about one stored response: get, cancel, delete."""

import time

from infra.local.studio.responses.inquiry import Inquiry, not_found
from infra.local.studio.responses.streaming import stream
from infra.local.studio.state import Studio
from infra.local.studio.wire.answers import Answer, bad_request, document, error


def get(studio: Studio, inquiry: Inquiry) -> Answer:
    """`GET /v1/responses/{id}`: the stored response, or 404. Each GET takes a running one a step further.

    With `stream=true` the events behind `starting_after`, to the end: a running response is over with the last.
    """
    if refusal := unsupported(inquiry):
        return refusal
    life = studio.responses.get(inquiry.id)
    if life is None:
        return not_found(inquiry.id)
    if life.hidden:
        life.hidden -= 1
        return not_found(inquiry.id)
    after = inquiry.query.get("starting_after", "-1")
    if not after.removeprefix("-").isdecimal():
        return bad_request("starting_after must be a whole number", "starting_after")
    if inquiry.query.get("stream") == "true":
        return stream(life, studio.faults.responses("stream", inquiry.call.path, inquiry.id, life.text), int(after))
    life.look(time.monotonic())
    return document(life.shown())


def cancel(studio: Studio, inquiry: Inquiry) -> Answer:
    """`POST /v1/responses/{id}/cancel`: background ones only; one that is over stays as it is."""
    life = studio.responses.get(inquiry.id)
    if life is None or life.hidden:
        return not_found(inquiry.id)
    if not life.final["background"]:
        return bad_request("Only responses created in the background can be cancelled", "response_id")
    struck = studio.faults.responses("cancel", inquiry.call.path, inquiry.id, life.text)
    if life.over:
        if "cancel_refused" in struck:
            return bad_request("The response is over", "response_id")
        return document(life.shown())
    if "cancel_loses" in struck:
        life.finish()
        return document(life.shown())
    slow = struck.get("cancel_slow")
    life.cancel(0 if slow is None else slow.polls or 1)
    inquiry.call.effect = True
    return document(life.shown())


def delete(studio: Studio, inquiry: Inquiry) -> Answer:
    """`DELETE /v1/responses/{id}`: 200 without a body (the API reference names no schema), or 404."""
    life = studio.responses.get(inquiry.id)
    if life is None or life.hidden:
        return not_found(inquiry.id)
    struck = studio.faults.responses("delete", inquiry.call.path, inquiry.id, life.text)
    if not life.over and "delete_conflict" in struck:
        return error(409, "conflict_error", "The response is still running", "aborted", "response_id")
    if not life.over and (back := struck.get("delete_comes_back")) is not None:
        life.hidden = back.polls or 1
        life.finish()
    else:
        del studio.responses[inquiry.id]
    inquiry.call.effect = True
    return Answer(200)


def unsupported(inquiry: Inquiry) -> Answer | None:
    """The 400 for a query parameter that the reference marks as not supported."""
    for name in ("include", "include[]", "include_obfuscation"):
        if name in inquiry.query:
            return bad_request(f"{name} is not supported", name)
    return None
