"""Take results until none has come for a while: consume.py seen.db [seconds]. Large ones are fetched, repeats are dropped."""

import hashlib
import json
import os
import sqlite3
import sys
from typing import Any

import boto3

REGION = os.environ["AWS_REGION"]
queues = boto3.client("sqs", endpoint_url=os.environ["YMQ_ENDPOINT"], region_name=REGION)
storage = boto3.client("s3", endpoint_url=os.environ["STORAGE_ENDPOINT"], region_name=REGION)


def whole(event: dict[str, Any]) -> dict[str, Any]:
    """The event itself, from the bucket where it was too large for a queue."""
    if "dataref" not in event:
        return event
    stored = event["data"]
    content = storage.get_object(Bucket=stored["bucket"], Key=stored["key"])["Body"].read()
    if hashlib.sha256(content).hexdigest() != stored["sha256"]:
        raise ValueError(f"{event['dataref']} is not what its message says")
    found: dict[str, Any] = json.loads(content)
    return found


def use(event: dict[str, Any]) -> None:
    """Your part: here the result is only printed."""
    data = event["data"]
    print(event["type"], data.get("outcome") or data.get("status"), f"{len(json.dumps(data))} characters")


seen = sqlite3.connect(sys.argv[1])
seen.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY)")
url, wait = os.environ["RESULTS_QUEUE_URL"], int(sys.argv[2]) if len(sys.argv) > 2 else 20
while messages := queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait).get("Messages"):
    for message in messages:
        event = json.loads(message["Body"])
        with seen:  # what you do with the result and its id are kept together, or not at all
            if seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", [event["id"]]).rowcount:
                use(whole(event))
        queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])  # only now: before, it comes again
seen.close()
