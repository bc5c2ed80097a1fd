"""The handler as people write it: OpenAI's SDK, boto3, Powertools' batch and idempotency, pydantic, one by one."""

import os
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[3]))

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from openai import OpenAI
from pydantic import BaseModel

from tests.benchmarks.programs.meter import tell

logger = Logger(service="delete_response")
client = OpenAI(base_url=os.environ["AISTUDIO_BASE_URL"], api_key="t1.token", project="b1g")
tables = boto3.client("dynamodb", endpoint_url=os.environ["YDB_DOCAPI_ENDPOINT"], region_name="ru-central1")
queues = boto3.client("sqs", endpoint_url=os.environ["YMQ_ENDPOINT"], region_name="ru-central1")
processor = BatchProcessor(event_type=EventType.SQS)
layer = DynamoDBPersistenceLayer(table_name="ledger", boto3_client=tables)
config = IdempotencyConfig(event_key_jmespath="response_id")


class DeleteResponse(BaseModel):
    """The message."""

    response_id: str


@idempotent_function(data_keyword_argument="message", persistence_store=layer, config=config)  # type: ignore[untyped-decorator]  # Powertools leaves it untyped
def delete(message: dict[str, Any]) -> dict[str, Any]:
    """Delete one response, once."""
    client.responses.delete(message["response_id"])
    return {"deleted": message["response_id"]}


def handle_record(record: SQSRecord) -> None:
    """Delete what one message asks for, and say so."""
    message = DeleteResponse.model_validate_json(record.body)
    result = delete(message=message.model_dump())
    queues.send_message(QueueUrl=os.environ["RESULTS_QUEUE_URL"], MessageBody=str(result))
    logger.info("deleted", response_id=message.response_id)


class Context:
    """What the platform hands to a function."""

    aws_request_id = "1"

    def get_remaining_time_in_millis(self) -> int:
        """The longest time that a function may take."""
        return 600_000


def handler(event: dict[str, Any], context: Any) -> Any:
    """Handle a batch."""
    config.register_lambda_context(context)
    return process_partial_response(event, handle_record, processor, context)


def main() -> None:
    """Handle so many messages, in batches: handler.py MESSAGES BATCH."""
    count, batch = map(int, sys.argv[1:])
    numbers = iter(range(10**9))

    def record() -> dict[str, Any]:
        number = next(numbers)
        return {
            "messageId": f"message-{number}",
            "eventSource": "aws:sqs",
            "body": f'{{"response_id": "resp_{number}"}}',
        }

    def work(messages: int) -> None:
        for _ in range(0, messages, batch):
            handler({"Records": [record() for _ in range(min(batch, messages))]}, Context())

    tell(work, count)


main()
