"""A lean server in place of AI Studio, the Document API, Message Queue and Object Storage, which answers after a delay.

The local AI Studio and the local cloud would be the bottleneck here: they keep state, and check what they get. This
server keeps nothing: no record exists, every write is accepted, every response is deleted. An index has a few pages of
records that are due. Under `/quick` it answers at once; under `/quota` it takes so many calls at a time, and refuses more.

`python -m tests.benchmarks.stand_in API TABLES QUEUES QUOTA`: the delays in milliseconds. It prints its ports: HTTP's,
and that of the Realtime API (`tests.benchmarks.turns`).
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.benchmarks import turns

CONTROL = "/counted"
"""Answers how often each operation was asked for, and begins to count anew."""

TO = "to "
"""Begins what counts the messages to each queue."""

PAGES, PAGE = 3, 100
"""What is due in each part of the agenda's index."""

_END = b"\r\n\r\n"
_ANSWERED = {"output": [], "status": "completed", "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}


class Service:
    """What all connections share: delays in seconds, counts, and how many calls may be under way."""

    def __init__(self, delays: Mapping[str, float], quota: int) -> None:
        self.delays = delays
        self.free = quota
        self.counted: Counter[str] = Counter()


class StandIn(asyncio.Protocol):
    """One connection: HTTP/1.1 with keep-alive, one request at a time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._got = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._got += data
        while (end := self._got.find(_END)) >= 0:
            first, *lines = self._got[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            length, begin = int(headers.get("content-length", "0")), end + len(_END)
            if headers.get("expect") and len(self._got) == begin:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if len(self._got) < begin + length:
                return
            body = bytes(self._got[begin : begin + length])
            del self._got[: begin + length]
            method, path, *_ = first.split()
            self._answer(method, path, headers.get("x-amz-target", ""), body)

    def _answer(self, method: str, path: str, target: str, body: bytes) -> None:
        service, (_, place, *_) = self._service, path.split("/")
        if path == CONTROL:
            told = dict(service.counted)
            service.counted.clear()
            self._write(told)
            return
        named, _, operation = target.partition(".")
        kind = {"": "api", "AmazonSQS": "queues"}.get(named, "tables")
        counts = place == "quota" and kind == "api"
        if counts and not service.free:
            service.counted["refused"] += 1
            self._write({"error": {"message": "too many", "type": "rate_limit", "code": None, "param": None}}, 429)
            return
        service.free -= counts
        service.counted[operation or method] += 1
        asked = json.loads(body) if target else {}
        service.counted[TO + asked.get("QueueUrl", "").rpartition("/")[2]] += len(asked.get("Entries", ()))
        answer = _answered(operation, method, path, asked)
        delay = 0 if place == "quick" else service.delays[kind]
        asyncio.get_running_loop().call_later(delay, self._end, answer, counts)

    def _end(self, answer: Any, counts: bool) -> None:
        self._service.free += counts
        self._write(answer)

    def _write(self, answer: Any, status: int = 200) -> None:
        body = b"" if answer is None else json.dumps(answer).encode()
        head = (
            f'HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nETag: "1"\r\nContent-Length: {len(body)}\r\n\r\n'
        )
        self._transport.write(head.encode() + body)


def _answered(operation: str, method: str, path: str, asked: Any) -> Any:
    name = path.rpartition("/")[2]
    match operation or method:
        case "BatchGetItem":
            return {"Responses": {table: [] for table in asked["RequestItems"]}, "UnprocessedKeys": {}}
        case "SendMessageBatch":
            sent = [{"Id": each["Id"], "MessageId": each["Id"]} for each in asked["Entries"]]
            return {"Successful": sent, "Failed": []}
        case "GetQueueAttributes":
            return {"Attributes": dict.fromkeys(asked["AttributeNames"], "0")}
        case "Query":
            return _due(asked)
        case "PUT":
            return None
        case "DELETE":
            return {"id": name, "object": "response.deleted", "deleted": True}
        case "POST":
            return {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", **_ANSWERED}
    return {}


def _due(asked: Any) -> Any:
    """A page of what is due, where an index is asked for it."""
    shard = asked["ExpressionAttributeValues"][":key"]["S"]
    page = (
        int(asked["ExclusiveStartKey"]["key"]["S"].rpartition("#")[2]) // PAGE + 1
        if "ExclusiveStartKey" in asked
        else 0
    )
    items = [
        {
            "key": {"S": f"response#{shard}#{number}"},
            "due_shard": {"S": shard},
            "due_at": {"S": "2020-01-01T00:00:00.000Z"},
        }
        for number in range(page * PAGE, (page + 1) * PAGE)
    ]
    last = {"LastEvaluatedKey": items[-1]} if page + 1 < PAGES else {}
    return {"Items": [{**item, "due_for": {"S": "delete"}, "response_id": {"S": "resp_1"}} for item in items], **last}


async def serve(service: Service) -> None:
    """Serve until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: StandIn(service), "127.0.0.1", 0, backlog=256)
    async with turns.served() as port:
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]} {port}\n")
        sys.stdout.flush()
        await server.serve_forever()


if __name__ == "__main__":
    api, tables, queues, quota = map(int, sys.argv[1:])
    seconds = {"api": api / 1000, "tables": tables / 1000, "queues": queues / 1000}
    asyncio.run(serve(Service(seconds, quota)))
