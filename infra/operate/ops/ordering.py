"""Orders that people give: noted on the record, and in the history that is sealed, before they are carried out."""

import json
from collections.abc import Mapping
from typing import Any

from documents import TableUnavailable, Written
from infra.operate.ops.ending import unreachable, wanting
from infra.operate.ops.environments import Reach
from infra.operate.ops.messages import Outgoing, outgoing
from ledger import RecordKey, Write, sealable
from worker.clock import SystemClock
from worker.receive.envelope import Invalid
from worker.send.queue import Queue

MOST_SKEW = 300
"""Seconds by which this machine's clock may differ from the ledger's, as for functions."""


def queue_there(reach: Reach, function: str) -> None:
    """Make sure that a function's queue is there, before anything is noted or sent. Raises Ended and ClientError."""
    reach.sqs.get_queue_attributes(QueueUrl=reach.queue(function), AttributeNames=["QueueArn"])


def timely(reach: Reach) -> None:
    """Refuse to order anything by a clock that is wrong: history is sealed with its day, and a day that is sealed is over.

    Raises Ended.
    """
    if reach.skew is not None and abs(reach.skew) > MOST_SKEW:
        raise wanting(
            f"this machine's clock is {reach.skew:+,.0f} s off the ledger's: set it, then give the order again"
        )


def note(reach: Reach, key: RecordKey, order: Mapping[str, Any], now: float) -> None:
    """Keep who ordered what about a record. Raises TableUnavailable and Ended: then the order is not to be given."""
    timely(reach)
    reach.ledger.get(key)  # what can't be read must not be written; and its error says what is wrong
    told = {**order, "at": round(now, 3)}
    beside = (sealable.order(key, told, now),)
    if reach.ledger.write(Write(key, sets={}, adds={"orders": {json.dumps(told)}}, beside=beside)) is not Written.YES:
        raise TableUnavailable("the order could not be noted, and was not given")


def checked(reach: Reach, function: str, message: Mapping[str, Any]) -> Outgoing:
    """The message in an envelope, as its function would take it. Raises Ended where it would not."""
    given = {name: value for name, value in message.items() if value}
    try:
        return outgoing(reach, reach.function(function), json.dumps(given, ensure_ascii=False))
    except Invalid as error:
        raise wanting(f"{function} would not take it: {error}") from None


def give(reach: Reach, function: str, order: Outgoing) -> None:
    """Send it to its function's queue. Raises Ended where the queue does not confirm it."""
    if not all(Queue(reach.sqs, SystemClock()).send(reach.queue(function), [order.message])):
        raise unreachable("the order could not be sent: the queue did not take it")
