"""What an operator does once the faults are over: send the dead letters of deletions back to their queue."""

import time
from typing import TYPE_CHECKING

from infra.local.cloud.trigger_event import trigger_event
from infra.local.environment import Environment
from tests.e2e.soak.load import DELETE
from worker.message_attributes import Signer
from worker.receive.trigger_event import deliveries
from worker.send.queue_message import Carrier
from worker.send.retry_message import redriven

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageTypeDef

HIDDEN = 600
"""Seconds for which a dead letter that was looked at stays out of the way: longer than a soak goes on."""


def redrive_deletions(environment: Environment) -> int:
    """Redrive all but those whose messages were broken; how many it were."""
    count = 0
    while dead_letters := _receive(environment):
        for dead_letter in dead_letters:
            said = {name: value.get("StringValue", "") for name, value in dead_letter["MessageAttributes"].items()}
            if said.get("function") == DELETE and said.get("reason") != "invalid_message":
                _send_back(environment, dead_letter)
                count += 1
    return count


def _receive(environment: Environment) -> "list[MessageTypeDef]":
    found = environment.sqs.receive_message(
        QueueUrl=environment.dead_letters,
        MaxNumberOfMessages=10,
        VisibilityTimeout=HIDDEN,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return found.get("Messages", [])


def _send_back(environment: Environment, dead_letter: "MessageTypeDef") -> None:
    carrier, now = Carrier(Signer(environment.settings["HASH_KEY"], DELETE)), time.time()
    (delivery,) = deliveries(trigger_event([dead_letter], DELETE), now, carrier.signer)
    message = redriven(delivery, force=False, now=now, carrier=carrier)
    environment.sqs.send_message(
        QueueUrl=environment.queues[DELETE],
        MessageBody=message.body,
        MessageAttributes={
            name: {"DataType": kind, "StringValue": text} for name, (kind, text) in message.attributes.items()
        },
    )
    environment.sqs.delete_message(QueueUrl=environment.dead_letters, ReceiptHandle=dead_letter["ReceiptHandle"])
