"""What a queue and table server lacks when it is new: buckets, and queues with their policies."""

import json
from typing import TYPE_CHECKING

from infra.local.catalog import LocalFunction

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


def locked_bucket(s3: "S3Client", name: str) -> None:
    """Make a bucket whose objects can't be changed or deleted for a day, as a deployment's is for longer."""
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    s3.put_object_lock_configuration(
        Bucket=name,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}},
        },
    )


def queue_of(function: LocalFunction, sqs: "SQSClient", dead_letters: str) -> str:
    """Make a function's queue, which gives up to the dead-letter queue, and return its URL."""
    arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": function.receives})
    attributes = {"RedrivePolicy": policy, "VisibilityTimeout": str(function.batching.visibility)}
    created = sqs.create_queue(QueueName=function.queue, Attributes=attributes)  # type: ignore[arg-type]  # any string
    return created["QueueUrl"]
