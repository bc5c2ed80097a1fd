"""Probes of the queue trigger: which answers of a function make it bring a message back, how often, and after how long.

They need the function that `make probe` puts up. What is known is read off its queues: a message that the trigger takes
for done is deleted, one that comes back too often is moved to the second queue.
"""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from infra.deploy.terraform import Root
from infra.operate.ops.dead_letters.looking import depth
from infra.operate.ops.environments import Reach

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "nothing": {"return": None},
    "batchItemFailures": {"return": {"batchItemFailures": [{"itemIdentifier": "all"}]}},
    "statusCode 500": {"return": {"statusCode": 500}},
    "an error that is raised": {"raise": True},
}
LOOKS = 2
WAIT = 20
"""Seconds of a long poll: the most that there is."""
TRIGGER_BEGINS = 300.0
"""Seconds after which a new trigger reads its queue at the latest."""


def _honoured(reach: Reach) -> Any:
    """Ask it of a deployment, where the function for it is there."""
    if not reach.deployed:
        return "not asked: only a deployment's trigger can tell"
    root = Root("probe", reach.name)
    root.init()
    if not (queues := root.outputs().get("queues")):
        return f"not asked: {reach.make('probe')} puts up the function that it needs"
    return ask(reach.sqs, queues["asked"], queues["returned"])


def ask(
    sqs: "SQSClient", asked: str, returned: str, now: Callable[[], float] = time.monotonic
) -> dict[str, dict[str, Any]]:
    """Send a message for each answer to the queue `asked`, and tell what became of each.

    Those of them that came back too often are taken from the queue `returned`.
    """
    told: Any = sqs.get_queue_attributes(QueueUrl=asked, AttributeNames=["All"])["Attributes"]
    hidden, most = int(told["VisibilityTimeout"]), int(json.loads(told["RedrivePolicy"])["maxReceiveCount"])
    run, begun = str(uuid.uuid4()), now()
    for name, does in ANSWERS.items():
        sqs.send_message(QueueUrl=asked, MessageBody=json.dumps({"run": run, "name": name, **does}))
    moved: dict[str, dict[str, Any]] = {}
    empty = 0  # looks in a row: the service's counts are approximate
    while empty < LOOKS and now() - begun < TRIGGER_BEGINS + (most + 1) * hidden:
        for name in _taken(sqs, returned, run):
            seconds = round(now() - begun)
            moved[name] = {"message": "came back", "receives": most, "seconds": seconds, "hidden_for": hidden}
        empty = 0 if any(depth(sqs, asked).values()) else empty + 1
    rest = {"message": "deleted" if empty == LOOKS else "not known: its queue is not empty"}
    return {name: moved.get(name, rest) for name in ANSWERS}


def _taken(sqs: "SQSClient", url: str, run: str) -> list[str]:
    """Take the messages that came back, and return which answers they are about. Those of earlier runs are dropped."""
    names = []
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        body = json.loads(message["Body"])
        names += [body["name"]] if body["run"] == run else []
    return names


TRIGGER: Mapping[str, Callable[[Reach], Any]] = {"what of a function's answers the queue trigger honours": _honoured}
