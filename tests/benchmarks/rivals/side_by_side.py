"""A rival that hurries: OpenAI's asynchronous SDK, with a record and a result for each message as the product has them.

A conditional put before the call, an update after it, and the results sent by tens: side_by_side.py MESSAGES AT_ONCE.
"""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[3]))

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from openai import AsyncOpenAI

from tests.benchmarks.programs.meter import tell

logger = Logger(service="delete_response")


def aws(service: Any, endpoint: str, at_once: int) -> Any:
    """Make a client of boto3 for so many threads."""
    config = Config(max_pool_connections=at_once)
    made: Any = boto3.client(service, endpoint_url=os.environ[endpoint], region_name="ru-central1", config=config)
    return made


class Deletions:
    """Deletes so many responses at a time."""

    def __init__(self, at_once: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(ThreadPoolExecutor(at_once))
        self.client = AsyncOpenAI(base_url=os.environ["AISTUDIO_BASE_URL"], api_key="t1.token", project="b1g")
        self.tables = aws("dynamodb", "YDB_DOCAPI_ENDPOINT", at_once)
        self.queues = aws("sqs", "YMQ_ENDPOINT", at_once)
        self.free = asyncio.Semaphore(at_once)

    async def delete(self, number: int) -> None:
        """Delete one response, once."""
        key = {"S": f"resp_{number}"}
        async with self.free:
            put = {"TableName": "ledger", "Item": {"key": key, "state": {"S": "begun"}}}
            await asyncio.to_thread(
                self.tables.put_item,
                **put,
                ConditionExpression="attribute_not_exists(#k)",
                ExpressionAttributeNames={"#k": "key"},
            )
            await self.client.responses.delete(f"resp_{number}")
            await asyncio.to_thread(
                self.tables.update_item,
                TableName="ledger",
                Key={"key": key},
                UpdateExpression="SET #s = :s",
                ExpressionAttributeNames={"#s": "state"},
                ExpressionAttributeValues={":s": {"S": "deleted"}},
            )
        logger.info("deleted", response_id=f"resp_{number}")

    async def send(self, numbers: range) -> None:
        """Send the results of ten."""
        entries = [{"Id": str(number), "MessageBody": f"resp_{number} deleted"} for number in numbers]
        await asyncio.to_thread(
            self.queues.send_message_batch, QueueUrl=os.environ["RESULTS_QUEUE_URL"], Entries=entries
        )

    async def batch(self, numbers: range) -> None:
        """Delete a batch, then send its results."""
        await asyncio.gather(*(self.delete(number) for number in numbers))
        await asyncio.gather(*(self.send(numbers[at : at + 10]) for at in range(0, len(numbers), 10)))

    def work(self, messages: int) -> None:
        """Delete so many."""
        self.loop.run_until_complete(self.batch(range(messages)))


def main() -> None:
    """Delete so many responses at once."""
    count, at_once = map(int, sys.argv[1:])
    tell(Deletions(at_once).work, count)


main()
