"""Place a legal hold on a response or a person, or release it. What a case holds is not deleted."""

from typing import Any

from aistudio import ResponseId, Trace
from retention import text_of
from retention.hold_orders import LONGEST_INVOCATION, Action, Order, TooManyCases, carry_out, make_due, standing
from worker import Desk, Invalid, Later, Message, Opaque, Outcome, ledger_only, queue_function

RESULT = "yandex.aistudio.hold"


class LegalHold(Message):
    """Place or release the hold of this case. The ledger keeps each order, who gave it, and when."""

    action: Action
    case: Opaque
    response_id: ResponseId | None = None
    subject: Opaque | None = None
    ordered_by: Opaque | None = None


@queue_function(LegalHold, ledger_only, RESULT, idempotent=True, desk=True)
def handler(message: LegalHold, _client: None, _timeout: float, desk: Desk) -> Outcome:
    """Write the order, and come back: to say that the hold is effective, or to find what a release makes due."""
    target = desk.key("response", message.response_id) or desk.key("subject", message.subject)
    if target is None or (message.response_id and message.subject):
        raise Invalid("body: name either response_id or subject")
    order = Order(message.action, message.case, target, desk.origin, desk.sent_at, message.ordered_by)
    now, wait = desk.clock.now(), desk.settings.hold_window + LONGEST_INVOCATION + desk.settings.lease_margin
    try:
        since = carry_out(order, desk.store, desk.keys, now)
    except TooManyCases:
        raise Invalid("body.case: 32 other cases hold it already") from None
    said: dict[str, Any] = {"case": message.case}
    if since is None:
        return Outcome("done", Trace(), said | {"outcome": "superseded"})
    ends, over = since + (wait if message.action is Action.PLACE else desk.settings.erase_settle), True
    if message.action is Action.RELEASE:
        said["due"], over = make_due(target, desk.store, now, desk.deadline.left_for_calls)
    if now < ends or not over:
        said |= {"outcome": f"{message.action.value}d", "until": text_of(ends)}
        return Outcome("ordered", Trace(), said, later=Later(ends - now if over else 1, "hold", last=ends + 86_400))
    end = standing(order, desk.store.get(target)) if message.action is Action.PLACE else "released"
    return Outcome("done", Trace(), said | {"outcome": end})
