"""The log line of a delivery: how it ended, without content."""

import re
from collections.abc import Callable

from aws_lambda_powertools import Logger

from aistudio.responses.response import is_well
from worker.outcome import End, Settlement
from worker.receive.trigger_event import Delivery
from worker.settle.context import Item
from worker.settle.usage import token_counts

_MODEL = re.compile(r"[A-Za-z0-9:/._@-]{1,256}")
"""What the name of a model looks like; the service may echo anything there, and no content is logged."""
_STATUS = re.compile(r"[a-z_]{1,32}")
"""What a response's status looks like; the service may echo anything there too."""


def log_end(
    delivery: Delivery, item: Item, settlement: Settlement, seconds: float | None, logger: Logger, *, idempotent: bool
) -> None:
    """Log how a delivery ended, without content; `seconds` is how long its call took."""
    trace = settlement.trace
    fields = {
        "key": item.record_key,
        "origin": delivery.origin or None,
        "end": settlement.end.value,
        "outcome": settlement.outcome,
        "detail": settlement.detail or None,
        "response_status": _told_status(settlement),
        "model": settlement.model if _MODEL.fullmatch(settlement.model or "") else None,
        "redrive": delivery.redrive,
        "copy": delivery.copy,
        "attempt": delivery.attempt,
        "received": delivery.received,
        "duration_ms": None if seconds is None else round(seconds * 1000),
        "status": trace.status if trace else None,
        "client_request_id": trace.client_request_id if trace else None,
        "request_id": trace.request_id if trace else None,
        "server_trace_id": trace.server_trace_id if trace else None,
        "usage": token_counts(settlement.usage) if settlement.usage and _bills(item, idempotent=idempotent) else None,
    }
    told = {name: value for name, value in fields.items() if value is not None}
    _level(settlement, logger, idempotent=idempotent)(
        "message " + ("unsettled" if settlement.end is End.UNSETTLED else "settled"), extra=told
    )


def _bills(item: Item, *, idempotent: bool) -> bool:
    """Return whether a line of this item counts tokens, so that no bill counts twice.

    A call that may be repeated reads what another call was billed. It counts only where that call left it to a poll.
    """
    return not idempotent or item.cause is not None


def _told_status(settlement: Settlement) -> str | None:
    """Return the response's status, `unreadable` where the service wrote no status there."""
    if settlement.status is None:
        return None
    return settlement.status if _STATUS.fullmatch(settlement.status) else "unreadable"


def _level(settlement: Settlement, logger: Logger, *, idempotent: bool) -> Callable[..., None]:
    if settlement.end is End.UNSETTLED or settlement.outcome in ("unauthorized", "forbidden"):
        return logger.error
    unwell = settlement.status is not None and not is_well(settlement.status, made=not idempotent)
    return logger.warning if settlement.end is End.DEAD_LETTERED or unwell else logger.info
