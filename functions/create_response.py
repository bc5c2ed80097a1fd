"""Create one response (POST /v1/responses): plainly, read as a stream, or in the background."""

from dataclasses import asdict, replace

from aistudio import Responses, Trace
from aistudio.responses.create_body import Body
from retention import Registration
from retention.policies import Kept, check
from retention.registering import register
from worker import Desk, Message, OnUnknown, Opaque, Outcome, Send, Time, Word, queue_function

RESULT, POLL = "yandex.aistudio.response.created", "get_response"


class CreateResponse(Message, Body, Kept, key="event_id", about="subject", unknown="on_unknown"):
    """The API's own body, unchanged; beside it the person concerned, and how long the stored response is kept."""

    event_id: Opaque | None = None
    on_unknown: OnUnknown = "dead_letter"
    subject: Opaque | None = None
    policy: Word | None = None
    delete_after: Time | None = None


def known(message: CreateResponse, response_id: str, desk: Desk) -> Outcome | None:
    """Register a response of which only the id is known, and leave it to polls to say how it ends."""
    dated = message.dated(desk.settings.retention_policies, desk.sent_at / 1000)
    said = Registration(response_id, desk.sent_at, desk.body_hash, previous=message.previous, **asdict(dated))
    person, talk = desk.key("subject", message.subject), desk.key("conversation", message.talk)
    said = replace(said, subject=person, conversation=talk)
    registers = (lambda: register(said, desk.store, desk.keys, desk.clock.now())) if message.stored else tuple
    sends = (Send(POLL, "poll", {"response_id": response_id, "until_over": True}, once=True),)
    return Outcome("begun", Trace(), sends=sends, registers=registers) if message.findable else None


@queue_function(
    CreateResponse, Responses, RESULT, idempotent=False, sends_to=[POLL], check=check, desk=True, found=known
)
def handler(message: CreateResponse, responses: Responses, timeout: float, desk: Desk) -> Outcome:
    """Create it, and register it where it is stored. Its end is the result, or polls tell it where it goes on."""
    response = responses.create(message.body, timeout, desk.learn if message.findable else None)
    outcome, begun = Outcome.of(response), known(message, response.id, desk) if response.id else None
    if begun is None or response.over:
        return replace(outcome, registers=begun.registers if begun else tuple)
    return replace(outcome, state="queued", result=None, sends=begun.sends, registers=begun.registers)
