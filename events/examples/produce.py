"""Have a stored response deleted: produce.py resp_1. All that a producer needs is a queue's URL and a key that may write to it."""

import json
import os
import sys
import uuid

import boto3

queues = boto3.client("sqs", endpoint_url=os.environ["YMQ_ENDPOINT"], region_name=os.environ["AWS_REGION"])
data = {"response_id": sys.argv[1], "reason": "retention"}
event = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "/shop", "type": "shop.retention.ended", "data": data}
# boto3 sends again what was not confirmed. That is harmless: the function knows the message by its key.
sent = queues.send_message(QueueUrl=os.environ["DELETE_RESPONSE_QUEUE_URL"], MessageBody=json.dumps(event))
print(sent["MessageId"])
