"""Queues and tables that tests borrow: made once, lent to one test at a time, and empty when they are lent."""

from typing import Any

import httpx

from documents import tables


class Stock:
    """Queues and tables of one server. What was lent stays lent until `take_back`."""

    def __init__(self, sqs: Any, dynamodb: Any, inspector: httpx.Client) -> None:
        self._sqs, self._dynamodb, self._inspector = sqs, dynamodb, inspector
        self._queues, self._tables = list[str](), list[str]()
        self._lent_queues, self._lent_tables = list[str](), list[str]()

    def queue(self) -> str:
        """The URL of an empty queue."""
        if not self._queues:
            name = f"stock-{len(self._lent_queues)}"
            self._queues.append(self._sqs.create_queue(QueueName=name)["QueueUrl"])
        self._lent_queues.append(self._queues.pop())
        return self._lent_queues[-1]

    def table(self) -> str:
        """The name of an empty table as `documents/tables.json` defines it."""
        if not self._tables:
            (name,) = tables.create(self._dynamodb, f"stock-{len(self._lent_tables)}.")
            # The clocks of tests are their own: the server would remove by the machine's what has not expired by theirs.
            kept = {"Enabled": False, "AttributeName": "expires_at"}
            self._dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=kept)
            self._tables.append(name)
        self._lent_tables.append(self._tables.pop())
        return self._lent_tables[-1]

    def take_back(self) -> None:
        """Empty all that was lent, so that it can be lent again."""
        if self._lent_queues:
            filled = self.messages()
            for url in self._lent_queues:
                if filled.get(url):
                    self._sqs.purge_queue(QueueUrl=url)
        for name in self._lent_tables:
            self._empty(name)
        self._queues += self._lent_queues
        self._tables += self._lent_tables
        self._lent_queues, self._lent_tables = [], []

    def messages(self, **only: str) -> dict[str, list[dict[str, Any]]]:
        """The messages of each queue, by its URL; of one queue, with `QueueUrl`. No receive is counted."""
        found = self._inspector.get("/_ministack/sqs/messages", params=only).raise_for_status().json()["messages"]
        return {url: each for regions in found.values() for queues in regions.values() for url, each in queues.items()}

    def _empty(self, table: str) -> None:
        keys = {"TableName": table, "ProjectionExpression": "#key", "ExpressionAttributeNames": {"#key": "key"}}
        for page in self._dynamodb.get_paginator("scan").paginate(**keys):
            for start in range(0, len(page["Items"]), 25):
                asked = [{"DeleteRequest": {"Key": item}} for item in page["Items"][start : start + 25]]
                self._dynamodb.batch_write_item(RequestItems={table: asked})
