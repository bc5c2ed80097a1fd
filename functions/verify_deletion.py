"""Look whether a deleted response stays away (GET /v1/responses/{response_id}); delete it again if not."""

from dataclasses import asdict

from aistudio import APIError, ResponseId, Responses
from aistudio import Trace as Nothing
from retention import VERIFICATION, VERIFY
from retention.verification import MOST_DELETED_AGAIN, RESURRECTED, VERIFIED_ABSENT, found_again, put_off, verified
from worker import Desk, Later, Message, Outcome, Send, queue_function

RESULT = "yandex.aistudio.response.verification"
DELETION = "delete_response"
DETAIL = "the response was deleted and is there again, for the third time or more"


class VerifyDeletion(Message):
    """Look for the deleted response with this id. The sweep asks for it, when its policy says so."""

    response_id: ResponseId


@queue_function(VerifyDeletion, Responses, RESULT, idempotent=True, desk=True, sends_to=[DELETION])
def handler(message: VerifyDeletion, responses: Responses, timeout: float, desk: Desk) -> Outcome:
    """Look for it, where its record is due for that. Its absence is written down as a further receipt."""
    record, now = desk.store.get(desk.keys.key("response", message.response_id)), round(desk.clock.now(), 3)
    if record.due_for != VERIFY:
        return Outcome("done", Nothing(), {"outcome": "not_due"})
    try:
        existence = responses.exists(message.response_id, timeout)
    except APIError:
        desk.store.write(put_off(record, now))  # best effort: without it the sweep asks again after its lease
        raise
    if not existence.exists:
        told = {name: value for name, value in asdict(existence.trace).items() if value is not None}
        writes = verified(record, {"function": "verify_deletion", **told}, now)
        return Outcome("done", existence.trace, {"outcome": VERIFIED_ABSENT}, writes=writes)
    times, again = found_again(record, now)
    said = {"outcome": RESURRECTED, "times": times}
    if times > MOST_DELETED_AGAIN:
        over = Later(0, RESURRECTED, last=0, detail=DETAIL)  # it is over at once
        return Outcome("found", existence.trace, said, writes=(again,), later=over)
    send = Send(DELETION, "again", {"response_id": message.response_id, "reason": VERIFICATION})
    return Outcome("done", existence.trace, said, sends=(send,), writes=(again,))
