"""What an operator does once the faults are over: send the dead letters of deletions back to their queue."""

from typing import TYPE_CHECKING

from infra.local.environment import Environment
from tests.e2e.soak.load import DELETE

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageAttributeValueTypeDef, MessageTypeDef

LEFT_BEHIND = frozenset({"reason", "function", "detail", "not_before", "force"})
HIDDEN = 600
"""Seconds for which a letter that was looked at stays out of the way: longer than a soak goes on."""


def redrive_deletions(environment: Environment) -> int:
    """Redrive all but those whose messages were broken; how many it were."""
    redriven = 0
    while letters := _receive(environment):
        for letter in letters:
            said = {name: value.get("StringValue", "") for name, value in letter["MessageAttributes"].items()}
            if said.get("function") == DELETE and said.get("reason") != "invalid_message":
                _send_back(environment, letter, int(said.get("redrive", "0")) + 1)
                redriven += 1
    return redriven


def _receive(environment: Environment) -> "list[MessageTypeDef]":
    found = environment.sqs.receive_message(
        QueueUrl=environment.dead_letters,
        MaxNumberOfMessages=10,
        VisibilityTimeout=HIDDEN,
        MessageAttributeNames=["All"],
    )
    return found.get("Messages", [])


def _send_back(environment: Environment, letter: "MessageTypeDef", redrive: int) -> None:
    attributes: dict[str, MessageAttributeValueTypeDef] = {
        name: {"DataType": value["DataType"], "StringValue": value.get("StringValue", "")}
        for name, value in letter["MessageAttributes"].items()
        if name not in LEFT_BEHIND
    }
    for name, number in {"redrive": redrive, "seq": 0, "attempt": 0}.items():
        attributes[name] = {"DataType": "Number", "StringValue": str(number)}
    queue = environment.queues[DELETE]
    environment.sqs.send_message(QueueUrl=queue, MessageBody=letter["Body"], MessageAttributes=attributes)
    environment.sqs.delete_message(QueueUrl=environment.dead_letters, ReceiptHandle=letter["ReceiptHandle"])
