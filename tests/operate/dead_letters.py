"""Dead letters as the functions write them, and as the queue itself moves them."""

import time
from collections.abc import Iterable

from infra.local.environment import Environment
from ledger import Key
from worker.clock import SystemClock
from worker.message_attributes import Signer
from worker.receive.trigger_event import Delivery
from worker.send.dead_letter import dead_letter
from worker.send.queue import Queue
from worker.send.queue_message import Carrier, QueueMessage

DELETE, CREATE = "delete_response", "realtime_response_create"


def deletions(environment: Environment, names: Iterable[str], reason: str = "rejected", age: float = 60) -> None:
    """Put dead letters of deletions there, first seen `age` seconds ago."""
    carrier = Carrier(Signer(environment.settings["HASH_KEY"], DELETE))
    seen = time.time() - age
    messages = [
        dead_letter(
            Delivery(f"m-{name}", f'{{"response_id": "{name}"}}', int(seen * 1000), seen, seen, origin=f"m-{name}"),
            Key(name),
            attempt=1,
            redrive=0,
            reason=reason,
            function=DELETE,
            detail="DELETE: HTTP 400",
            carrier=carrier,
        )
        for name in names
    ]
    assert all(Queue(environment.sqs, SystemClock()).send(environment.dead_letters, messages))


def moved(environment: Environment, body: str) -> str:
    """Put a message there as the queue's own policy moves it; its id."""
    return environment.sqs.send_message(QueueUrl=environment.dead_letters, MessageBody=body)["MessageId"]


def sent(environment: Environment, message: QueueMessage) -> None:
    """Put any message there."""
    assert Queue(environment.sqs, SystemClock()).send(environment.dead_letters, [message]) == [True]
