"""Register a stored response that another application created: the person concerned, and until when it is kept."""

from dataclasses import asdict

from aistudio import ResponseId, Trace
from retention import Registration, text_of
from retention.policies import NoDate, check, policies_of
from retention.registering import registered
from worker import Desk, Invalid, Message, Opaque, Outcome, Time, Word, ledger_only, queue_function

RESULT = "yandex.aistudio.response.registered"


class RegisterResponse(Message):
    """Register the response with this id. It is kept until `delete_after`, or as long as its policy says."""

    response_id: ResponseId
    created_at: Time | None = None
    subject: Opaque | None = None
    policy: Word | None = None
    delete_after: Time | None = None
    previous_response_id: ResponseId | None = None
    conversation: Opaque | None = None


@queue_function(RegisterResponse, ledger_only, RESULT, idempotent=True, desk=True, check=check)
def handler(message: RegisterResponse, _client: None, _timeout: float, desk: Desk) -> Outcome:
    """Put it on its record. Without a policy the default policy counts; an unknown policy makes the message invalid."""
    created = message.created_at.timestamp() if message.created_at else desk.sent_at / 1000
    try:
        dated = policies_of(desk.settings.retention_policies).dated(message.policy, message.delete_after, created)
    except NoDate as error:
        raise Invalid(f"body.{error}") from None
    said = Registration(
        message.response_id,
        *(desk.sent_at, desk.body_hash, created),
        subject=desk.key("subject", message.subject),
        previous=message.previous_response_id,
        conversation=desk.key("conversation", message.conversation),
        **asdict(dated),
    )
    ended, until = registered(said, desk.store, desk.keys, desk.clock.now()), text_of(dated.delete_after)
    return Outcome("done", Trace(), {"outcome": ended.value, "delete_after": until, "policy": dated.policy})
