"""Erase a person: have everything deleted that is registered for the person, and tell at the end what became of it."""

import json

from aistudio import Trace
from retention.erasure import LONGEST, Terms, look, wait
from retention.erasure_record import OfAnother, begin
from worker import Desk, Invalid, Later, Message, Opaque, Outcome, Time, ledger_only, queue_function

RESULT = "yandex.aistudio.erasure"
LEAST = 15.0
"""Seconds that a page of records takes at the most: with less left no further page is begun."""


class EraseSubject(Message, key="erasure_id"):
    """Have deleted what was created for this person until `requested_at`, or else until the message was sent."""

    subject: Opaque
    erasure_id: Opaque | None = None
    requested_at: Time | None = None

    @property
    def key(self) -> str | None:
        """The erasure's id with its person, so that an id which is used for two persons erases none silently."""
        return self.erasure_id and json.dumps([self.erasure_id, self.subject], ensure_ascii=False)


@queue_function(EraseSubject, ledger_only, RESULT, idempotent=True, desk=True)
def handler(message: EraseSubject, _client: None, _timeout: float, desk: Desk) -> Outcome:
    """Look, and come back until every record has an end; the result is the one summary."""
    record_key = desk.keys.key("erasure", message.erasure_id or desk.identity or desk.origin)
    subject, now = desk.keys.key("subject", message.subject), round(desk.clock.now(), 3)
    sent = desk.sent_at / 1000
    bound = min(sent, message.requested_at.timestamp()) if message.requested_at else sent
    settings = desk.settings
    terms = Terms(now, settings.sweep_lease, settings.erase_settle, lambda: desk.deadline.left_for_calls() > LEAST)
    try:
        erasure = look(begin(record_key, subject, bound, desk.store, now), desk.store, terms)
    except OfAnother:
        raise Invalid("body.erasure_id: stands for the erasure of another person") from None
    if erasure.summary is not None:
        return Outcome("done", Trace(), erasure.summary)
    seconds = wait(erasure)
    later = Later(seconds, "pending", longest=seconds, last=erasure.begun_at + LONGEST + 86_400)
    return Outcome("pending", Trace(), later=later)
